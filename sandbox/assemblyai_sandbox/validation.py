"""Checks transcription requests; everything that is not allowed gets a 400."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assemblyai_sandbox import errors
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.understanding.speakers import identification


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BOOLEANS = _names(
    """auto_chapters auto_highlights content_safety custom_topics disfluencies dual_channel entity_detection
    filter_profanity format_text iab_categories language_detection multichannel punctuate redact_pii
    redact_pii_audio redact_pii_return_unredacted redact_static_entities sentiment_analysis speaker_labels
    summarization"""
)
_STRINGS = _names(
    """audio_url domain language_code prompt redact_pii_audio_quality redact_pii_sub remove_audio_tags
    speech_model summary_model summary_type webhook_auth_header_name webhook_auth_header_value webhook_url"""
)
_INTEGERS = _names("audio_end_at audio_start_from content_safety_confidence speakers_expected")
_NUMBERS = _names("language_confidence_threshold speech_threshold temperature")
_LISTS = _names("custom_spelling keyterms_prompt language_codes redact_pii_policies speech_models topics")
_OBJECTS = _names(
    """keyterms_prompt_options language_detection_options redact_pii_audio_options speaker_options
    speech_understanding"""
)
PARAMETERS = _BOOLEANS | _STRINGS | _INTEGERS | _NUMBERS | _LISTS | _OBJECTS

LANGUAGES = _names(
    """af am ar as az ba be bg bn bo br bs ca cs cy da de el en en_au en_uk en_us es et eu fa fi fo fr gl gu
    ha haw he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl
    nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo
    zh"""
)
# Options that the service has for English only.
ENGLISH_ONLY = ("sentiment_analysis",)


def is_english(code: str) -> bool:
    return code.split("_")[0] == "en"


def checked_request(value: object) -> dict[str, Any]:
    """The request without its nulls; raises :class:`ApiError` 400 in the service's words."""
    if not isinstance(value, dict) or not set(value) <= PARAMETERS:
        raise ApiError(400, errors.INVALID_SCHEMA)
    request = {name: given for name, given in value.items() if given is not None}
    for name, given in request.items():
        _check_type(name, given)
    if "audio_url" not in request:
        raise ApiError(400, errors.INVALID_SCHEMA)
    if not request["audio_url"].startswith(("http://", "https://")):
        raise ApiError(400, errors.AUDIO_URL_NOT_HTTP)
    _check_combinations(request)
    _check_ranges(request)
    _check_language(request)
    return request


def _check_type(name: str, given: object) -> None:
    if name in _BOOLEANS and not isinstance(given, bool):
        raise ApiError(400, f"{name} must be a Boolean")
    number = isinstance(given, int | float) and not isinstance(given, bool)
    fits = (
        (name in _BOOLEANS)
        or (name in _STRINGS and isinstance(given, str))
        or (name in _INTEGERS and number and isinstance(given, int))
        or (name in _NUMBERS and number)
        or (name in _LISTS and isinstance(given, list))
        or (name in _OBJECTS and isinstance(given, dict))
    )
    if not fits:
        raise ApiError(400, errors.INVALID_SCHEMA)


def _check_combinations(request: Mapping[str, Any]) -> None:
    punctuate = request.get("punctuate", True)
    for name in ("sentiment_analysis", "speaker_labels"):
        if request.get(name) and not punctuate:
            raise ApiError(400, f"{name} requires punctuate to be enabled")
    if "speakers_expected" in request and "speaker_options" in request:
        raise ApiError(400, "speakers_expected and speaker_options cannot be used together")
    if request.get("redact_pii") and not request.get("format_text", True):
        raise ApiError(400, "redact_pii requires format_text to be enabled")
    if request.get("redact_static_entities") and not request.get("redact_pii"):
        raise ApiError(400, "redact_static_entities requires redact_pii to be enabled")
    if identification(request) is not None and not request.get("speaker_labels"):
        raise ApiError(400, "speaker_identification requires speaker_labels to be enabled")


def _check_ranges(request: Mapping[str, Any]) -> None:
    if not 25 <= request.get("content_safety_confidence", 50) <= 100:
        raise ApiError(400, "content_safety_confidence must be between 25 and 100")
    for name in ("language_confidence_threshold", "speech_threshold", "temperature"):
        if not 0 <= request.get(name, 0) <= 1:
            raise ApiError(400, f"{name} must be between 0 and 1")


def _check_language(request: Mapping[str, Any]) -> None:
    code = request.get("language_code")
    if code is None:
        return
    if code not in LANGUAGES:
        raise ApiError(400, f"language_code '{code}' is not supported")
    features = [name for name in ENGLISH_ONLY if request.get(name)]
    if features and not is_english(code):
        raise ApiError(400, errors.not_available_in_language(features))
