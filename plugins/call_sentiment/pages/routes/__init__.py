"""The routes of the pages, one module a page."""

from __future__ import annotations

from fastapi import APIRouter

from call_sentiment.pages.routes import (
    audio,
    calibration,
    call,
    calls,
    pipeline,
    review,
    review_call,
    tile,
    trends,
)

ROUTERS: tuple[APIRouter, ...] = (
    audio.router,
    calibration.router,
    call.router,
    calls.router,
    pipeline.router,
    review.router,
    review_call.router,
    tile.router,
    trends.router,
)
