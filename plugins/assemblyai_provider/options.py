"""The options of a transcript: what `POST /v2/transcript` takes besides the recording.

Names, types and limits are those of AssemblyAI's OpenAPI file 1.3.4 and, for what is newer, of
https://www.assemblyai.com/docs/api-reference/transcripts/submit and the vendor's Python client 1.8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config

# Below Python 3.12 pydantic does not read typing's own.
from typing_extensions import TypedDict

Share = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[int, Field(ge=0)]

_closed = with_config(ConfigDict(extra="forbid", strict=True))


@_closed
class LanguageDetectionOptions(TypedDict, total=False):
    """How the language is detected."""

    expected_languages: Sequence[str]
    fallback_language: str
    code_switching: bool
    code_switching_confidence_threshold: Share
    on_low_language_confidence: str
    language_detection_model: str
    localization: Sequence[str]
    swiss_german: bool


@_closed
class SpeakerOptions(TypedDict, total=False):
    """How many speakers to expect, and how they are told apart."""

    min_speakers_expected: Annotated[int, Field(ge=1)]
    max_speakers_expected: Annotated[int, Field(ge=1)]
    use_two_stage_clustering: bool
    short_file_diarization_method: str
    long_file_diarization_method: str


@_closed
class RedactedAudioOptions(TypedDict, total=False):
    """How the recording is redacted."""

    return_redacted_no_speech_audio: bool
    override_audio_redaction_method: Literal["silence"]


@_closed
class KeytermsOptions(TypedDict, total=False):
    """How strongly key terms are preferred."""

    keyterms_match_strength: Literal["high", "standard"]


# `from` is a keyword of Python, so that a class cannot have it.
CustomSpelling = TypedDict("CustomSpelling", {"from": Sequence[str], "to": str})
_closed(CustomSpelling)


@_closed
class SpeechUnderstandingRequest(TypedDict, total=False):
    """What is made of the finished transcript; the members' own fields are not checked."""

    speaker_identification: Mapping[str, Any]
    translation: Mapping[str, Any]
    custom_formatting: Mapping[str, Any]
    summarization: Mapping[str, Any]
    action_items: Mapping[str, Any]


@_closed
class SpeechUnderstanding(TypedDict):
    """The envelope of a `SpeechUnderstandingRequest`."""

    request: SpeechUnderstandingRequest


@_closed
class TranscriptOptions(TypedDict, total=False):
    """All options. None instead of a value removes a default of `AssemblyAIHook.default_options`."""

    # What is recognised, and how
    speech_models: Sequence[str] | None
    speech_model: str | None
    domain: str | None
    prompt: str | None
    temperature: Share | None
    keyterms_prompt: Sequence[str] | None
    keyterms_prompt_options: KeytermsOptions | None
    custom_spelling: Sequence[CustomSpelling] | None
    audio_start_from: Milliseconds | None
    audio_end_at: Milliseconds | None
    speech_threshold: Share | None
    punctuate: bool | None
    format_text: bool | None
    disfluencies: bool | None
    filter_profanity: bool | None
    remove_audio_tags: Literal["all", "speaker"] | None
    # Language
    language_code: str | None
    language_codes: Sequence[str] | None
    language_detection: bool | None
    language_detection_options: LanguageDetectionOptions | None
    language_confidence_threshold: Share | None
    # Speakers
    multichannel: bool | None
    dual_channel: bool | None
    speaker_labels: bool | None
    speakers_expected: Annotated[int, Field(ge=1)] | None
    speaker_options: SpeakerOptions | None
    # What is found in the words
    sentiment_analysis: bool | None
    entity_detection: bool | None
    auto_highlights: bool | None
    iab_categories: bool | None
    content_safety: bool | None
    content_safety_confidence: Annotated[int, Field(ge=25, le=100)] | None
    summarization: bool | None
    summary_model: Literal["informative", "conversational", "catchy"] | None
    summary_type: Literal["bullets", "bullets_verbose", "gist", "headline", "paragraph"] | None
    auto_chapters: bool | None
    speech_understanding: SpeechUnderstanding | None
    custom_topics: bool | None
    topics: Sequence[str] | None
    # What is taken out of them
    redact_pii: bool | None
    redact_pii_policies: Sequence[str] | None
    redact_pii_sub: Literal["hash", "entity_name"] | None
    redact_pii_audio: bool | None
    redact_pii_audio_quality: Literal["mp3", "wav"] | None
    redact_pii_audio_options: RedactedAudioOptions | None
    redact_pii_return_unredacted: bool | None
    redact_static_entities: bool | None
    # Who is told
    webhook_url: str | None
    webhook_auth_header_name: str | None
    webhook_auth_header_value: str | None
