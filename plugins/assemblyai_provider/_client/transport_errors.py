"""Maps the network errors of both HTTP libraries to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import requests
from urllib3.exceptions import NewConnectionError

from assemblyai_provider.exceptions import NotConnectedError, TransportError

if TYPE_CHECKING:
    from assemblyai_provider._client.core import Request


def transport_error(request: Request, error: requests.RequestException | httpx.HTTPError) -> TransportError:
    """NotConnectedError if the request was certainly not sent, else TransportError.

    The message names the error's class only: its text may quote the URL with its query.
    """
    kind = NotConnectedError if _is_unsent(error) else TransportError
    return kind(f"{request}: {type(error).__name__}")


def _is_unsent(error: Exception) -> bool:
    if isinstance(error, (requests.ConnectTimeout, httpx.ConnectTimeout, httpx.ConnectError)):
        return True
    # requests.ConnectionError is also raised for a connection that broke later; only urllib3's cause differs.
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
