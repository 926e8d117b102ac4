"""What it means when the API refuses: by code and text, the same for both drivers.

Where AssemblyAI's pages disagree both versions are accepted: an exceeded rate is 429 or 403, an unknown
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


def refusal(request: Request, answer: Answer) -> AssemblyAIError:
    """The error that an answer with a bad code stands for; it tells whether a retry helps."""
    code, text = answer.status_code, _error_text(answer)
    message = f"{request} answered {code}" + (f": {text}" if text else "")
    if code == 401:
        return AuthenticationError(
            f"{message}. Correct the API key (password) of the Airflow connection, and see that its"
            " host is the region the key belongs to."
        )
    if code == 429 or (code == 403 and "cannot access" not in text.lower()):
        return RateLimitedError(message, _retry_after(answer))
    return _blame(request, code, text.lower(), message) or TransportError(message)


def _blame(request: Request, code: int, text: str, message: str) -> AssemblyAIError | None:
    """The error that blames the request; None where a retry may help (5xx, a wrong host, a broken upload)."""
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
    """AssemblyAI's own explanation. A page of some proxy is no explanation and may hold anything."""
    try:
        body = read_json(answer.body)
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, Mapping) else None
    return strip_url_queries(error)[:500] if isinstance(error, str) else ""


def _retry_after(answer: Answer) -> float | None:
    """Whole seconds, as AssemblyAI sends it; never longer than the window its limit is counted over."""
    header = answer.retry_after or ""
    return min(float(header), WINDOW_S) if header.isdecimal() else None
