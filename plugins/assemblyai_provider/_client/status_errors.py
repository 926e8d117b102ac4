"""Maps HTTP status codes and error texts to our errors, for both clients.

Where AssemblyAI's pages disagree, both versions are accepted: an exceeded rate is 429 or 403, an unknown
transcript 404 or 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assemblyai_provider._client.lazy_json import read_json
from assemblyai_provider._client.rate_limiter import WINDOW_S
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
from assemblyai_provider.models import strip_url_queries

if TYPE_CHECKING:
    from assemblyai_provider._client.core import Answer, Request

TRANSCRIPTS = "/v2/transcript"
UPLOADS = "/v2/upload"


def status_error(request: Request, answer: Answer) -> AssemblyAIError:
    """The error that a status code other than 2xx means."""
    code, text = answer.status_code, _error_text(answer)
    message = f"{request} answered {code}" + (f": {text}" if text else "")
    if code == 401:
        return AuthenticationError(
            f"{message}. Correct the API key (password) of the Airflow connection, and check that its"
            " host is the region the key belongs to."
        )
    if code == 429 or (code == 403 and "cannot access" not in text.lower()):
        return RateLimitedError(message, _retry_after(answer))
    return _request_error(request, code, text.lower(), message) or TransportError(message)


def _request_error(request: Request, code: int, text: str, message: str) -> AssemblyAIError | None:
    """The error of a request that must change; None if a retry may help."""
    if code == 402 or (code == 400 and "account balance" in text):
        return AccountError(f"{message} (AssemblyAI account)")
    if request.path.startswith(f"{TRANSCRIPTS}/") and (code == 404 or "not found" in text):
        return TranscriptNotFoundError(message)
    if code == 400 and "speech_model" in text:
        return ConfigurationError(f"{message}. Correct speech_models in the extra of the Airflow connection.")
    if request.path == UPLOADS:
        return UploadRefusedError(message) if code in {400, 403, 413, 415} else None
    return RequestRefusedError(message) if code in {400, 403, 409, 413, 415, 422} else None


def _error_text(answer: Answer) -> str:
    """AssemblyAI's error text, or empty.

    A proxy's error page is not quoted, since it may hold anything.
    """
    try:
        body = read_json(answer.body)
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, Mapping) else None
    return strip_url_queries(error)[:500] if isinstance(error, str) else ""


def _retry_after(answer: Answer) -> float | None:
    """Seconds of `Retry-After`, at most WINDOW_S; None unless a whole number."""
    header = answer.retry_after or ""
    return min(float(header), WINDOW_S) if header.isdecimal() else None
