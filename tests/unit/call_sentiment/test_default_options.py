from __future__ import annotations

import pytest

from call_sentiment.default_options import read_default_options


@pytest.mark.parametrize(
    ("text", "options"), [("", {}), ("{}", {}), ('{"content_safety": true}', {"content_safety": True})]
)
def test_default_options_are_a_json_object(text: str, options: dict[str, object]) -> None:
    assert read_default_options(text) == options


@pytest.mark.parametrize("text", ["content_safety", "[1]", "5", "{'content_safety': True}"])
def test_anything_else_names_the_variable_and_the_cure(text: str) -> None:
    with pytest.raises(ValueError, match=r"TRANSCRIPT_OPTIONS: is not a JSON object\. Write one"):
        read_default_options(text)
