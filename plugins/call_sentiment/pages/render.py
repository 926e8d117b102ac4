"""Turns values into pages: templates, and how numbers, times and labels are written in them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from call_sentiment.pages.plugin import URL_PREFIX, base_path

_TEMPLATES = Path(__file__).parent / "templates"

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
"""What stands where a figure is NULL."""


def render(request: Request, template: str, *, status_code: int = 200, **values: Any) -> Response:
    """The page that a template makes of values. What was said in a call is text, whatever it contains."""
    return _templates().TemplateResponse(request, template, values, status_code=status_code)


def signed(value: float | None, digits: int = 2) -> str:
    """A score with its sign, +0.59 or with a true minus sign; 0.00 has none. A dash for None."""
    if value is None:
        return NOTHING
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else MINUS) + text


def clock(milliseconds: float | None) -> str:
    """A time within a recording: 0:07, 12:40, 1:02:03; a dash for None."""
    if milliseconds is None:
        return NOTHING
    minutes, seconds = divmod(int(milliseconds // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def moment(value: datetime | None) -> str:
    """A point in time to the minute, in UTC: 2026-11-25 13:30; a dash for None."""
    return NOTHING if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """How long ago something was: 40 s, 12 min, 3 h, 5 d; a dash for None."""
    if value is None:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - value).total_seconds()
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def words(label: str | None) -> str:
    """A label as it is read: VERY_NEGATIVE becomes very negative, not_analyzed not analyzed."""
    return NOTHING if label is None else label.replace("_", " ").lower()


def money(amount: Decimal | None, currency: str | None) -> str:
    """An amount with its currency: 12.50 USD, below one 0.0125 USD; a dash for None."""
    if amount is None:
        return NOTHING
    return f"{amount:.{2 if abs(amount) >= 1 else 4}f} {currency}"


def query(**params: Any) -> str:
    """A query string with what is given of `params`: `?queue=billing`, or nothing at all."""
    given = {
        name: value
        for name, value in params.items()
        if value is not None and value is not False and value != ""
    }
    return f"?{urlencode(given)}" if given else ""


def page_url(path: str) -> str:
    """The address of a page, such as `calls`, as a browser on this Airflow asks for it."""
    return f"{base_path()}{URL_PREFIX}/{path}"


FILTERS = {"signed": signed, "clock": clock, "moment": moment, "ago": ago, "words": words}


@cache
def _templates() -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    places = {"base": page_url(""), "airflow": f"{base_path()}/"}
    environment.globals.update(places, query=query, money=money, NOTHING=NOTHING)
    return Jinja2Templates(env=environment)
