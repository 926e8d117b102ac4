"""Speech models: the default ones and the deprecated ones.

Sources, read on 25 Nov 2026: the vendor's assemblyai-stt-3-7 migration guide, and
https://www.assemblyai.com/docs/getting-started/model-versions-and-deprecations
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

log = logging.getLogger(__name__)

# Sent with every request, because AssemblyAI's own default changes (next on 8 Dec 2026), and scores with it.
# The second takes the languages that the first does not know; AssemblyAI no longer falls back by itself.
DEFAULT_SPEECH_MODELS = ("assemblyai-stt-3-7", "universal-2")

# Deprecated model: its successor. Both since 17 Nov 2026 at the latest; they retire at 90 days' notice.
DEPRECATED_SPEECH_MODELS = {
    "universal-3-5-pro": "assemblyai-stt-3-7",
    "universal-3-pro": "assemblyai-stt-3-7",
}

_warned: set[str] = set()
_warned_lock = threading.Lock()


def warn_of_deprecated_models(models: Iterable[object]) -> None:
    """Log a warning, once per process, for each deprecated model."""
    deprecated = [name for name in models if isinstance(name, str) and name in DEPRECATED_SPEECH_MODELS]
    with _warned_lock:
        new = set(deprecated) - _warned
        _warned.update(new)
    for name in sorted(new):
        log.warning(
            "Speech model %s is deprecated by AssemblyAI: name %s in speech_models. Scores may shift.",
            name,
            DEPRECATED_SPEECH_MODELS[name],
        )
