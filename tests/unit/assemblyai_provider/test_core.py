from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from assemblyai_provider._client import core
from assemblyai_provider.exceptions import (
    AccountError,
    AssemblyAIError,
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    RequestRefusedError,
    TranscriptNotFoundError,
    TransportError,
    UploadRefusedError,
)

GET = core.get_transcript("t1")
LIST = core.list_transcripts()
POST = core.post_transcript({})
NOT_FOUND = "Transcript lookup error, transcript id not found"


def answer(code: int, body: object = None, retry_after: str | None = None) -> core.Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return core.Answer(status_code=code, retry_after=retry_after, body=raw)


@pytest.mark.parametrize(
    ("request_", "code", "text", "error"),
    [
        (GET, 401, "Authentication error, API token missing/invalid", AuthenticationError),
        (LIST, 401, "Authentication error, API token missing/invalid.", AuthenticationError),
        (POST, 429, "Too Many Requests", RateLimitedError),
        (POST, 403, "Too Many Requests", RateLimitedError),
        (POST, 403, "Cannot access uploaded file", RequestRefusedError),
        (POST, 400, "Your current account balance is negative. Please top up.", AccountError),
        (POST, 400, "Invalid endpoint schema, please refer to documentation.", RequestRefusedError),
        (POST, 400, '"speech_models" must be a non-empty list', ConfigurationError),
        (GET, 404, "Not found", TranscriptNotFoundError),
        (GET, 400, NOT_FOUND, TranscriptNotFoundError),
        (POST, 404, "Not found", TransportError),
        (core.UPLOAD, 413, "too large", UploadRefusedError),
        (core.UPLOAD, 422, "Upload failed, please try again.", TransportError),
        (POST, 422, "bad", RequestRefusedError),
        (GET, 302, "", TransportError),
        (GET, 500, "Internal Server Error", TransportError),
        (GET, 503, "", TransportError),
    ],
)
def test_each_status_code_becomes_the_error_that_says_if_a_retry_helps(
    request_: core.Request, code: int, text: str, error: type[AssemblyAIError]
) -> None:
    with pytest.raises(AssemblyAIError) as raised:
        core.read_object(request_, answer(code, {"error": text}))
    assert type(raised.value) is error
    assert text in str(raised.value)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("99999", 300.0), (None, None), ("soon", None), ("nan", None)]
)
def test_the_retry_after_header_is_read_and_bounded(header: str | None, seconds: float | None) -> None:
    with pytest.raises(RateLimitedError) as raised:
        core.read_object(GET, answer(429, {}, header))
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("body", [b"<html>secret</html>", b'{"error": 7}', b"[]", b"", b"\xff"])
def test_an_error_without_an_error_text_quotes_nothing(body: bytes) -> None:
    with pytest.raises(TransportError) as raised:
        core.read_object(GET, answer(502, body))
    assert str(raised.value) == "GET /v2/transcript/t1 answered 502"


def test_an_error_text_loses_the_query_of_its_urls() -> None:
    with pytest.raises(RequestRefusedError) as raised:
        core.read_object(POST, answer(400, {"error": "cannot read https://h/a?sig=S3CRET"}))
    assert "S3CRET" not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[1]", b'"x"', b'{"id": 5}', b"{}"),
        b'{"id": "t", "words": [{"text": "cut o',
        b'{"id": "t", "words": [1,]}',
        b'{"id": "t", "text": "\xff"}',
        b'{"id": "t", "words": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_an_unreadable_transcript_with_a_good_code_is_a_transport_error(body: bytes) -> None:
    with pytest.raises(TransportError):
        core.read_transcript(GET, answer(200, body))


def test_a_page_is_read_newest_first_with_times_taken_as_utc() -> None:
    rows = [
        {
            "id": "b",
            "status": "processing",
            "created": "2026-03-11T21:29:59.936851",
            "audio_url": "http://h/b",
        },
        {"id": "a", "status": "error", "created": None, "audio_url": None},
        {"status": "queued"},
        "junk",
    ]
    page = core.read_page(LIST, answer(200, {"page_details": {"prev_url": "x"}, "transcripts": rows}))
    assert [item.id for item in page.items] == ["b", "a"]
    assert page.oldest == datetime(2026, 3, 11, 21, 29, 59, 936851, UTC)
    assert page.older == "a"


@pytest.mark.parametrize("details", [{"prev_url": None}, {}, None])
def test_the_last_page_has_no_older_page(details: object) -> None:
    page = core.read_page(LIST, answer(200, {"page_details": details, "transcripts": [{"id": "a"}]}))
    assert page.older is None


def test_a_list_without_rows_is_an_error_and_not_an_empty_list() -> None:
    with pytest.raises(TransportError):
        core.read_page(LIST, answer(200, {"transcripts": None}))


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    assert core.get_transcript("../upload?x").path == "/v2/transcript/..%2Fupload%3Fx"


def test_settings_never_show_the_key() -> None:
    assert "S3CRET" not in repr(core.ClientSettings(base_url="http://h", api_key="S3CRET"))
