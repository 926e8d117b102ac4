"""The routes of the pages, one module a page."""

from __future__ import annotations

from fastapi import APIRouter

from call_sentiment.pages.routes import calls, pipeline

ROUTERS: tuple[APIRouter, ...] = (calls.router, pipeline.router)
