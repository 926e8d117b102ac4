"""Options of a transcript are checked when a Dag is parsed."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from airflow.sdk import DAG, Param
from pydantic import TypeAdapter

from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator, AssemblyAITranscribeOperator
from assemblyai_provider.option_checks import check_options, read_rendered_options
from assemblyai_provider.options import TranscriptOptions
from assemblyai_sandbox.validation import PARAMETERS

# Names and types of the request in AssemblyAI's OpenAPI file, version 1.3.4.
OPENAPI = {
    "boolean": """auto_chapters auto_highlights content_safety custom_topics disfluencies entity_detection
        filter_profanity format_text iab_categories language_detection multichannel punctuate redact_pii
        redact_pii_audio sentiment_analysis speaker_labels summarization""",
    "integer": "audio_end_at audio_start_from content_safety_confidence speakers_expected",
    "number": "language_confidence_threshold speech_threshold temperature",
    "string": """language_code prompt redact_pii_audio_quality redact_pii_sub remove_audio_tags speech_model
        summary_model summary_type webhook_auth_header_name webhook_auth_header_value webhook_url""",
    "array of string": "keyterms_prompt language_codes redact_pii_policies speech_models topics",
    "array of object": "custom_spelling",
    "object": "language_detection_options redact_pii_audio_options speaker_options speech_understanding",
}


def kind(schema: dict[str, Any]) -> str:
    """The type of an option in the schema of TranscriptOptions, as the OpenAPI file names it."""
    chosen = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    (option,) = chosen
    if "$ref" in option:
        return "object"
    return f"array of {kind(option['items'])}" if option["type"] == "array" else str(option["type"])


def test_names_and_types_are_those_of_the_openapi_file_and_of_newer_pages() -> None:
    ours = {
        name: kind(schema)
        for name, schema in TypeAdapter(TranscriptOptions).json_schema()["properties"].items()
    }
    published = {name: kind for kind, names in OPENAPI.items() for name in names.split()}
    assert len(published) == 45
    assert {name: ours.get(name) for name in published} == published
    newer = "domain dual_channel keyterms_prompt_options redact_pii_return_unredacted redact_static_entities"
    assert ours.keys() - published.keys() == set(newer.split())


def test_the_sandbox_knows_the_same_names() -> None:
    assert set(get_type_hints(TranscriptOptions)) == PARAMETERS - {"audio_url"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"sentiment_analysys": True},
            "'sentiment_analysys': there is no such option. Rename it to 'sentiment_",
        ),
        ({"Speaker_Labels": True}, "Rename it to 'speaker_labels'"),
        ({"redact_pii_polices": []}, "Rename it to 'redact_pii_policies'"),
        ({"xyz": 1}, "'xyz': there is no such option. Remove it, or set allow_unknown_options"),
        (
            {"speaker_options": {"min_speakers": 2}},
            "'speaker_options.min_speakers': .* 'min_speakers_expected'",
        ),
        ({"custom_spelling": [{"from": ["a"], "too": "b"}]}, "'custom_spelling.0.too': .* Rename it to 'to'"),
        (
            {"speech_understanding": {"request": {"speaker_ident": {}}}},
            "Rename it to 'speaker_identification'",
        ),
        ({"audio_url": "https://h"}, "'audio_url' is no option. The recording is"),
        ({"sentiment_analysis": "true"}, "'sentiment_analysis': should be a valid boolean"),
        ({"sentiment_analysis": 1}, "'sentiment_analysis': should be a valid boolean"),
        ({"speakers_expected": 2.0}, "'speakers_expected': should be a valid integer"),
        ({"audio_start_from": True}, "'audio_start_from': should be a valid integer"),
        ({"speech_models": "universal-2"}, "'speech_models'"),
        ({"language_codes": ["en", 5]}, "'language_codes.1': should be a valid string"),
        (
            {"content_safety_confidence": 20},
            "'content_safety_confidence': should be greater than or equal to 25",
        ),
        ({"speech_threshold": 1.5}, "'speech_threshold': should be less than or equal to 1"),
        ({"redact_pii_sub": "hsh"}, "'redact_pii_sub': should be 'hash' or 'entity_name'"),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1}, r"\(and 2 more\)"),
        ([], "is not a mapping of names to values"),
        (5, "is not a mapping of names to values"),
        ("sentiment_analysis", "is not a mapping of names to values"),
    ],
)
@pytest.mark.parametrize("operator", [AssemblyAISubmitTranscriptOperator, AssemblyAITranscribeOperator])
def test_a_mistake_is_refused_when_the_dag_is_parsed(operator: Any, options: Any, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^task 't', transcript_options: .*{reason}"):
        operator(task_id="t", recordings=[], transcript_options=options)


@pytest.mark.parametrize(
    "options",
    [
        None,
        {},
        {"sentiment_analysis": None, "speech_models": ("a", "b"), "temperature": 1, "speech_threshold": 0.5},
        {"sentiment_analysis": "{{ params.on }}", "speaker_options": {"min_speakers_expected": "{{ 1 }}"}},
        {"language_codes": ["en", "{% if a %}de{% endif %}"], "custom_spelling": "{{ a }}"},
        {"redact_pii_policies": ["something_new"], "language_code": "xx", "domain": "medical-v1"},
        {"custom_spelling": [{"from": ["a"], "to": "b"}]},
        {"speech_understanding": {"request": {"speaker_identification": {"speaker_type": "role"}}}},
        "{{ params.options }}",
    ],
)
def test_right_and_templated_options_pass(options: Any) -> None:
    AssemblyAITranscribeOperator(task_id="t", recordings=[], transcript_options=options)


def test_outputs_of_tasks_and_params_pass() -> None:
    with DAG("d", schedule=None, params={"on": Param(True, type="boolean")}) as dag:
        first = AssemblyAISubmitTranscriptOperator(task_id="a", recordings=[])
        for options in (first.output, {"prompt": first.output, "filter_profanity": dag.param("on")}):
            check_options(options, "here")


def test_unknown_options_pass_when_they_are_allowed_and_wrong_types_do_not() -> None:
    options = {"something_new": 1, "redact_pii_sub": "new", "speaker_options": {"new": 1}}
    AssemblyAITranscribeOperator(
        task_id="t", recordings=[], transcript_options=options, allow_unknown_options=True
    )
    with pytest.raises(ConfigurationError, match="filter_profanity"):
        check_options({**options, "filter_profanity": "no"}, "here", allow_unknown=True)


def test_no_value_is_quoted() -> None:
    options: Any = {"webhook_auth_header_value": ["S3CRET"], "prompt": {"S3CRET": 1}, "topics": "S3CRET"}
    with pytest.raises(ConfigurationError) as raised:
        check_options(options, "here")
    assert "S3CRET" not in str(raised.value)


def test_the_hook_refuses_a_mistake_before_the_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="Rename it to 'sentiment_analysis'"):
        AssemblyAIHook("no_connection_is_read").submit("a.mp3", {"sentiment_analyses": True})


@pytest.mark.parametrize(
    ("rendered", "read"),
    [
        ("", {}),
        ("None", {}),
        ('{"content_safety": true}', {"content_safety": True}),
        ("{'content_safety': True}", {"content_safety": True}),
        (
            {"content_safety": "true", "speech_models": '["a"]'},
            {"content_safety": True, "speech_models": ["a"]},
        ),
        ({"content_safety": "", "language_code": "None"}, {"content_safety": None, "language_code": None}),
        (
            {"speaker_options": {"min_speakers_expected": "2"}},
            {"speaker_options": {"min_speakers_expected": 2}},
        ),
        ({"prompt": "5", "speech_threshold": "0.5"}, {"prompt": "5", "speech_threshold": 0.5}),
        ({"language_codes": ("en", "de")}, {"language_codes": ["en", "de"]}),
    ],
)
def test_rendered_text_is_read_as_the_options_type(rendered: Any, read: dict[str, Any]) -> None:
    assert read_rendered_options(rendered, "here") == read


@pytest.mark.parametrize(
    "rendered", ["[1]", "text", {"content_safety": "maybe"}, {"prompt": {1, 2}}, {"x": "1"}]
)
def test_rendered_options_are_checked(rendered: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^here: "):
        read_rendered_options(rendered, "here")
