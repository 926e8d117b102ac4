"""The speech models that a request may name, and the default, by date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from assemblyai_sandbox.accounts import Account
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.settings import Settings

U2, U3, U35, U37 = "universal-2", "universal-3-pro", "universal-3-5-pro", "assemblyai-stt-3-7"

_SIX = frozenset(["en", "es", "pt", "fr", "de", "it"])
_EIGHTEEN = _SIX | frozenset(["nl", "sv", "da", "no", "fi", "pl", "tr", "ru", "uk", "ja", "hi", "zh"])
# None: all languages of the service.
_LANGUAGES: Mapping[str, frozenset[str] | None] = {U2: None, U3: _SIX, U35: _EIGHTEEN, U37: _EIGHTEEN}


@dataclass(frozen=True, slots=True)
class Period:
    """The rules of a period. ``default`` None: a request must name a model."""

    allowed: tuple[str, ...]
    default: tuple[str, ...] | None
    refuses_singular: bool = True
    upgrades_universal: bool = False
    new_accounts_default: tuple[str, ...] | None = None


# The vendor's changelog of 2 Sep 2026 routes `speech_model` to the newest model. The notes of ai-sdk 3.0.85
# (20 Nov 2026) refuse it again. The later source is followed.
PERIODS: Mapping[str, tuple[date, Period]] = {
    "2026-q1": (date(2026, 1, 1), Period((U3, U2), None)),
    "2026-06": (date(2026, 6, 1), Period((U3, U2), (U3, U2))),
    "2026-07": (date(2026, 7, 1), Period((U35, U3, U2), (U35, U2))),
    "2026-09": (date(2026, 9, 2), Period((U35, U2), (U35,), refuses_singular=False, upgrades_universal=True)),
    "2026-11": (
        date(2026, 11, 17),
        Period((U37, U35, U2), (U35,), upgrades_universal=True, new_accounts_default=(U37,)),
    ),
    "2026-12": (date(2026, 12, 8), Period((U37, U35, U2), (U37,), upgrades_universal=True)),
}
_NEW_ACCOUNTS_FROM = date(2026, 11, 17)


def period_at(settings: Settings, now: float) -> Period:
    if settings.model_policy != "by-date":
        return PERIODS[settings.model_policy][1]
    today = datetime.fromtimestamp(now, UTC).date()
    begun = [period for start, period in PERIODS.values() if start <= today]
    return begun[-1] if begun else PERIODS["2026-q1"][1]


def requested_models(
    request: Mapping[str, Any], account: Account, settings: Settings, now: float
) -> tuple[str, ...]:
    """The models to try, in this order; raises the service's 400 if one is not allowed."""
    period = period_at(settings, now)
    allowed = _allowed(period, settings)
    if request.get("speech_model") is not None and period.refuses_singular:
        raise _refusal(allowed)
    asked = request.get("speech_models")
    if not asked:
        return _default(period, account, allowed)
    if asked == ["universal"] and period.upgrades_universal:
        return _default(period, account, allowed)
    if not set(asked) <= set(allowed):
        raise _refusal(allowed)
    return tuple(asked)


def routed(models: tuple[str, ...], language: str) -> tuple[str, list[str]]:
    """The model for a language, and a warning if it is not the first choice."""
    short = language.split("_")[0]
    for model in models:
        known = _LANGUAGES[model]
        if known is None or short in known:
            lower = model != models[0]
            return model, [f"{models[0]} does not support '{short}'; {model} was used."] if lower else []
    return models[-1], []


def _allowed(period: Period, settings: Settings) -> tuple[str, ...]:
    others = tuple(model for model in period.allowed if model != U3)
    if settings.universal_3_pro == "accepted":
        return (*others, U3)
    return others if settings.universal_3_pro == "refused" else period.allowed


def _default(period: Period, account: Account, allowed: tuple[str, ...]) -> tuple[str, ...]:
    new = account.created_on is not None and account.created_on >= _NEW_ACCOUNTS_FROM
    if new and period.new_accounts_default:
        return period.new_accounts_default
    if period.default is None:
        raise _refusal(allowed)
    return period.default


def _refusal(allowed: tuple[str, ...]) -> ApiError:
    names = ", ".join(f'"{name}"' for name in allowed)
    return ApiError(400, f'"speech_models" must be a non-empty list containing one or more of: {names}')
