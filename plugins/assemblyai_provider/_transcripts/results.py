"""The results of a transcript by name, as attributes of `models.Transcript`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assemblyai_provider._transcripts import reading as read
from assemblyai_provider.results import Chapter, ContentFlag, Entity, KeyPhrase, Passage, Sentiment, Word

DELETED_AUDIO_URL = "http://deleted_by_user"


class TranscriptResults:
    """Results of a transcript. Each is None where the job has none: it is in progress, failed or deleted, the
    option that asks for the result was off, or AssemblyAI does not have it for the language. An empty tuple
    means that AssemblyAI looked and found nothing.
    """

    __slots__ = ()

    raw: Mapping[str, Any]

    @property
    def deleted(self) -> bool:
        """Whether the transcript was deleted; its status stays `completed`."""
        return self.raw.get("audio_url") == DELETED_AUDIO_URL or self.raw.get("is_deleted") is True

    @property
    def text(self) -> str | None:
        """The whole transcript; redacted with `redact_pii`."""
        return read.read_text(self._result("text"))

    @property
    def words(self) -> tuple[Word, ...] | None:
        """Every word with its times."""
        return read.read_words(self._result("words"))

    @property
    def utterances(self) -> tuple[Passage, ...] | None:
        """What each speaker said without a break (`speaker_labels` or `multichannel`)."""
        return read.read_passages(self._result("utterances"))

    @property
    def sentiments(self) -> tuple[Sentiment, ...] | None:
        """Every sentence with its sentiment (`sentiment_analysis`; English only)."""
        return read.read_sentiments(self._result("sentiment_analysis_results"))

    @property
    def content_flags(self) -> tuple[ContentFlag, ...] | None:
        """Sensitive topics by section (`content_safety`)."""
        return read.read_content_flags(self._result("content_safety_labels"))

    @property
    def entities(self) -> tuple[Entity, ...] | None:
        """Names, numbers, dates and the like (`entity_detection`)."""
        return read.read_entities(self._result("entities"))

    @property
    def topics(self) -> Mapping[str, float] | None:
        """Relevance from 0 to 1 of each IAB topic for the whole call (`iab_categories`)."""
        return read.read_topics(self._result("iab_categories_result"))

    @property
    def key_phrases(self) -> tuple[KeyPhrase, ...] | None:
        """Important phrases (`auto_highlights`)."""
        return read.read_key_phrases(self._result("auto_highlights_result"))

    @property
    def summary(self) -> str | None:
        """The summary (`summarization`)."""
        return read.read_text(self._result("summary"))

    @property
    def chapters(self) -> tuple[Chapter, ...] | None:
        """Chapters with a summary each (`auto_chapters`)."""
        return read.read_chapters(self._result("chapters"))

    @property
    def speaker_names(self) -> Mapping[str, str] | None:
        """Name or role by speaker label (`speech_understanding` with `speaker_identification`)."""
        return read.read_speaker_names(self._result("speech_understanding"))

    @property
    def language_code(self) -> str | None:
        """The language: as requested, or as detected with `language_detection`."""
        return read.read_text(self._result("language_code"))

    @property
    def language_confidence(self) -> float | None:
        """How sure the detected language is, from 0 to 1."""
        return read.read_number(self._result("language_confidence"))

    @property
    def audio_duration_s(self) -> float | None:
        """Length of the recording in seconds."""
        return read.read_number(self.raw.get("audio_duration"))

    @property
    def confidence(self) -> float | None:
        """Mean confidence of the words, from 0 to 1."""
        return read.read_number(self._result("confidence"))

    @property
    def speech_model_used(self) -> str | None:
        """The speech model that made the transcript."""
        return read.read_text(self._result("speech_model_used"))

    def _result(self, name: str) -> Any:
        # The text of a deleted transcript says "Deleted by user.", which nobody said in the call.
        return None if self.deleted else self.raw.get(name)
