"""The transcript object of the API: every field with its nulls, and undocumented fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assemblyai_sandbox.records import COMPLETED, ERROR, PROCESSING, QUEUED, Record
from assemblyai_sandbox.results import omitted_fields, results
from assemblyai_sandbox.settings import Settings

DELETED_URL = "http://deleted_by_user"
DELETED_TEXT = "Deleted by user."

# The answer's values of request parameters that were not given.
_DEFAULTS: Mapping[str, Any] = {
    "language_code": None,
    "language_codes": None,
    "language_detection": False,
    "language_confidence_threshold": None,
    "speech_model": None,
    "speech_models": None,
    "punctuate": True,
    "format_text": True,
    "multichannel": None,
    "webhook_url": None,
    "webhook_auth_header_name": None,
    "audio_start_from": None,
    "audio_end_at": None,
    "filter_profanity": False,
    "redact_pii": False,
    "redact_pii_audio": False,
    "redact_pii_audio_quality": None,
    "redact_pii_policies": None,
    "speaker_labels": False,
    "speakers_expected": None,
    "content_safety": False,
    "iab_categories": False,
    "auto_highlights": False,
    "auto_chapters": False,
    "summarization": False,
    "summary_model": None,
    "summary_type": None,
    "custom_spelling": None,
    "custom_topics": False,
    "topics": [],
    "disfluencies": False,
    "sentiment_analysis": False,
    "entity_detection": False,
    "speech_threshold": None,
    "keyterms_prompt": [],
    "temperature": None,
    "remove_audio_tags": None,
}
_NO_RESULTS: Mapping[str, Any] = {
    "text": None,
    "words": None,
    "utterances": None,
    "confidence": None,
    "audio_duration": None,
    "sentiment_analysis_results": None,
    "chapters": None,
    "entities": None,
    "summary": None,
    "auto_highlights_result": None,
    "content_safety_labels": {},
    "iab_categories_result": {},
    "language_confidence": None,
}
# Fields of real answers that the OpenAPI file does not have.
_UNDOCUMENTED: Mapping[str, Any] = {
    "dual_channel": None,
    "word_boost": [],
    "boost_param": None,
    "speaker_options": None,
    "is_deleted": None,
    "custom_topics_results": None,
    "cluster_id": None,
    "language_detection_results": None,
    "speed_boost": False,
}


def transcript_object(record: Record, settings: Settings, *, just_submitted: bool = False) -> dict[str, Any]:
    """The answer to GET, POST and DELETE; ``just_submitted`` hides that a job has already ended."""
    status = _first_status(record, settings) if just_submitted else record.status
    answer = {
        "id": record.id,
        "status": status,
        "language_model": "assemblyai_default",
        "acoustic_model": "assemblyai_default",
        **_DEFAULTS,
        **_UNDOCUMENTED,
        **record.request,
        **_NO_RESULTS,
        "project_id": record.project_number,
        "token_id": record.project_number,
        "throttled": record.throttled and status == QUEUED,
        "webhook_auth": "webhook_auth_header_value" in record.request,
        "webhook_status_code": record.webhook_status_code,
        "language_code": record.request.get("language_code")
        or (None if record.request.get("language_detection") else "en_us"),
        "language_confidence_threshold": record.request.get("language_confidence_threshold"),
    }
    answer.pop("webhook_auth_header_value", None)
    if record.outcome is not None and status == COMPLETED:
        answer |= results(record, record.outcome, settings)
        for name in omitted_fields(record, settings):
            del answer[name]
    elif record.outcome is not None and status == ERROR:
        answer |= {"error": record.outcome.error, **record.outcome.transcript}
    return _scrubbed(answer) if record.deleted else answer


def _first_status(record: Record, settings: Settings) -> str:
    if settings.queued_on_submit or record.throttled:
        return QUEUED
    return PROCESSING


def _scrubbed(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer after DELETE: the id, the duration, the status, and a text that says so."""
    kept = ("id", "status", "language_model", "acoustic_model", "audio_duration", "project_id", "token_id")
    scrubbed: dict[str, Any] = dict.fromkeys(answer)
    scrubbed |= {name: answer[name] for name in kept}
    scrubbed |= {
        "text": DELETED_TEXT,
        "audio_url": DELETED_URL,
        "webhook_url": DELETED_URL,
        "webhook_auth": False,
        "auto_highlights": False,
        "redact_pii": False,
        "summarization": False,
        "is_deleted": True,
        "keyterms_prompt": [],
        "topics": [],
    }
    for name in ("error", "speech_model_used", "metadata"):
        scrubbed.pop(name, None)
    return scrubbed
