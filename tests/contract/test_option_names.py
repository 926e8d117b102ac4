"""The options that the vendor's own client can send are among those of the provider."""

from __future__ import annotations

from typing import get_type_hints

import assemblyai

from assemblyai_provider.options import TranscriptOptions

# The client still has these, which no page documents and the current speech models refuse.
LEGACY = {"word_boost", "boost_param"}
RESULTS = {"language_detection_results"}


def test_the_vendors_client_knows_no_other_option() -> None:
    named = set(assemblyai.types.RawTranscriptionConfig.model_fields) - LEGACY - RESULTS
    assert len(named) > 30
    assert named <= set(get_type_hints(TranscriptOptions))
