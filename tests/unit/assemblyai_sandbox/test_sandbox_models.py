"""Which speech models are allowed when, and which one runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.sandbox_api import Api


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "asked", "used"),
    [
        ("2026-03-01", {"speech_models": ["universal-3-pro", "universal-2"]}, "universal-3-pro"),
        ("2026-03-01", {}, None),
        ("2026-06-15", {}, "universal-3-pro"),
        ("2026-08-01", {}, "universal-3-5-pro"),
        ("2026-08-01", {"speech_models": ["universal-3-pro"]}, "universal-3-pro"),
        ("2026-08-01", {"speech_model": "universal"}, None),
        ("2026-09-02", {"speech_models": ["universal-3-pro"]}, None),
        ("2026-09-02", {"speech_model": "universal"}, "universal-3-5-pro"),
        ("2026-09-02", {"speech_models": ["universal"]}, "universal-3-5-pro"),
        ("2026-09-02", {"speech_models": []}, "universal-3-5-pro"),
        ("2026-11-16", {"speech_model": "universal"}, "universal-3-5-pro"),
        ("2026-11-22", {"speech_model": "universal"}, None),
        ("2026-12-08", {"speech_model": "best"}, None),
        ("2026-12-08", {"speech_models": ["universal"]}, "assemblyai-stt-3-7"),
        ("2026-11-22", {}, "universal-3-5-pro"),
        ("2026-12-07", {}, "universal-3-5-pro"),
        ("2026-12-08", {}, "assemblyai-stt-3-7"),
        ("2026-12-08", {"speech_models": ["universal-2"]}, "universal-2"),
        ("2026-12-08", {"speech_models": ["nova"]}, None),
    ],
)
def test_the_rules_follow_the_date(
    start: Callable[..., Api], date: str, asked: dict[str, Any], used: str | None
) -> None:
    api = start(start=day(date))

    answer = api.post(**asked)

    if used is None:
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(
            '"speech_models" must be a non-empty list containing one or more of'
        )
    else:
        assert api.get(answer.json()["id"])["speech_model_used"] == used


def test_the_default_moves_when_the_clock_passes_the_day(start: Callable[..., Api]) -> None:
    api = start(start=day("2026-12-07"))
    before = api.result()["speech_model_used"]

    api.server.clock.set(day("2026-12-08"))

    assert (before, api.result()["speech_model_used"]) == ("universal-3-5-pro", "assemblyai-stt-3-7")


def test_a_new_account_has_the_new_default_early(start: Callable[..., Api]) -> None:
    api = start(start=day("2026-11-22"))
    api.server.account(created_on="2026-11-17")

    assert api.result()["speech_model_used"] == "assemblyai-stt-3-7"


@pytest.mark.parametrize(("rule", "status"), [("accepted", 200), ("refused", 400)])
def test_a_setting_accepts_or_refuses_universal_3_pro(
    start: Callable[..., Api], rule: str, status: int
) -> None:
    api = start(universal_3_pro=rule)

    assert api.post(speech_models=["universal-3-pro", "universal-2"]).status_code == status


def test_a_period_may_be_chosen_by_name(start: Callable[..., Api]) -> None:
    assert start(model_policy="2026-q1").post().status_code == 400


def test_the_next_model_takes_a_language_the_first_one_lacks(api: Api) -> None:
    models = ["universal-3-5-pro", "universal-2"]
    plain = api.result(speech_models=models)
    routed = api.result(speech_models=models, language_code="sw")

    assert (plain["speech_model_used"], "metadata" in plain) == ("universal-3-5-pro", False)
    assert routed["speech_model_used"] == "universal-2"
    assert "universal-3-5-pro does not support 'sw'" in routed["metadata"]["warnings"][0]["message"]


def test_the_bill_names_the_model_that_ran(api: Api) -> None:
    api.server.script("*", {"language_code": "sw", "audio_duration": 3600, "sentences": None})
    api.result(speech_models=["universal-3-5-pro", "universal-2"], language_detection=True)

    charge = api.server.charges()[0]
    assert (charge["model"], charge["usd"]) == ("universal-2", 0.15)
