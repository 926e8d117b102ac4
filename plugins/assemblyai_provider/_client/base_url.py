"""The base URL of the API, from host, port and scheme of a connection."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

DEFAULT_BASE_URL = "https://api.assemblyai.com"

_SCHEMES = ("https", "http")
_HOST_NAME = re.compile(r"\[[0-9a-f:.]+\]|[\w-]{1,63}(\.[\w-]{1,63})*\.?")
_ADVICE = f"Write a base URL such as {DEFAULT_BASE_URL} or https://api.eu.assemblyai.com."


def read_base_url(host: str | None, port: int | None, scheme: str | None) -> str:
    """The base URL without a final slash; the US region if there is no host.

    The host may be a whole URL. A path, such as a gateway's, is kept, without the `/v2` that requests add.
    Raises ValueError with the field, the value and what to do; user info and query are never quoted.
    """
    text, scheme = (host or "").strip(), (scheme or "").strip().lower()
    if scheme and scheme not in _SCHEMES:
        raise ValueError(f"schema: {scheme[:50]!r} is not http or https. Correct it or leave it empty.")
    if not text:
        if port or scheme == "http":
            raise ValueError(f"host: is empty, but there is a port or schema. {_ADVICE}")
        return DEFAULT_BASE_URL
    parts = _split(text, scheme)
    if scheme and parts.scheme != scheme:
        raise ValueError(
            f"schema: {scheme!r} contradicts the host, which says {parts.scheme}. Leave it empty."
        )
    return f"{parts.scheme}://{_netloc(parts, port)}{_path(parts)}"


def is_web_address(text: str) -> bool:
    """Whether a text is an http(s) URL with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:
        return False


def _split(text: str, scheme: str) -> SplitResult:
    if "@" in text or "?" in text or "#" in text:
        raise ValueError(f"host: holds user info or a query. {_ADVICE} The API key is the password.")
    try:
        parts = urlsplit(text if "://" in text else f"{scheme or 'https'}://{text}")
        is_valid = parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or parts.scheme not in _SCHEMES or not text.isprintable() or not _has_host_name(parts):
        raise ValueError(f"host: {text[:100]!r} is not an http(s) address. {_ADVICE}")
    return parts


def _has_host_name(parts: SplitResult) -> bool:
    name = _host_name(parts)
    return bool(_HOST_NAME.fullmatch(name)) and name not in _SCHEMES  # "https:/api.assemblyai.com"


def _host_name(parts: SplitResult) -> str:
    name = parts.hostname or ""
    return f"[{name}]" if ":" in name else name


def _netloc(parts: SplitResult, port: int | None) -> str:
    if port and not 0 < port < 65536:
        raise ValueError(f"port: {port} is not a port. Write one from 1 to 65535, or leave it empty.")
    if port and parts.port and port != parts.port:
        raise ValueError(f"port: {port} contradicts the host, which says {parts.port}. Leave it empty.")
    port = port or parts.port
    return _host_name(parts) + (f":{port}" if port else "")


def _path(parts: SplitResult) -> str:
    path = parts.path.rstrip("/").removesuffix("/v2").rstrip("/")
    if "/v2" in path or " " in path:
        raise ValueError(f"host: {parts.geturl()[:100]!r} is the address of a request. {_ADVICE}")
    return path
