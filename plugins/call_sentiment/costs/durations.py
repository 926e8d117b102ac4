"""Lengths of recordings by their headers, before they are sent."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor

from assemblyai_provider.models import is_web_url
from call_sentiment.discovery.locations import open_file
from call_sentiment.exceptions import LocationError

_THREADS = 16
"""Headers read at the same time: an object store takes most of the time to answer."""

_CHUNK = 64


def measure(recording: str) -> float | None:
    """Seconds of audio by the header of a file, or by ffmpeg's estimate where it has none.

    None: the file is at a web address, which AssemblyAI alone opens, cannot be read, or does not say.
    """
    # Late: its libraries take a while to load, and most runs measure nothing.
    import av

    if is_web_url(recording):
        return None
    try:
        # A playlist could make ffmpeg read other files. With a file object and no protocol it cannot.
        with (
            open_file(recording) as file,
            av.open(file, "r", options={"protocol_whitelist": "none"}) as container,
        ):
            streams = container.streams.audio
            if not streams:
                return None
            if streams[0].duration and streams[0].time_base:
                return float(streams[0].duration * streams[0].time_base)
            return float(container.duration / av.time_base) if container.duration else None
    except (av.FFmpegError, EOFError, OSError, LocationError, ValueError):
        return None


def measure_all(recordings: Iterable[str]) -> Generator[float | None, None, None]:
    """`measure` for each of these, in their order, several at a time; stop early to leave out the rest."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="measure") as executor:
        chunk: list[str] = []
        for recording in recordings:
            chunk.append(recording)
            if len(chunk) == _CHUNK:
                yield from executor.map(measure, chunk)
                chunk = []
        yield from executor.map(measure, chunk)
