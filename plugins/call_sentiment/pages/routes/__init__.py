"""The routes of the pages, one module a page."""

from __future__ import annotations

from fastapi import APIRouter

from call_sentiment.pages.routes import audio, call, calls, pipeline

ROUTERS: tuple[APIRouter, ...] = (calls.router, call.router, audio.router, pipeline.router)
