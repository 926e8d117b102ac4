"""The error answers of the API, in the words of its documentation."""

from __future__ import annotations

AUTHENTICATION = "Authentication error, API token missing/invalid"
FOREIGN_UPLOAD = "Cannot access uploaded file"
INVALID_SCHEMA = "Invalid endpoint schema, please refer to documentation for examples."
AUDIO_URL_NOT_HTTP = "Transcript creation error, audio_url should start with http"
NEGATIVE_BALANCE = "Your current account balance is negative. Please top up to continue using the API."
UPLOAD_FAILED = (
    "Upload failed, please try again. If you continue to have issues please reach out to "
    "support@assemblyai.com"
)
NOT_FOUND = "Not found"
LOOKUP_FAILED = "Transcript lookup error, transcript id not found"
RATE_LIMITED = "Too Many Requests"
INTERNAL = "Internal Server Error"

TOO_SHORT = "Audio duration is too short."
TOO_LONG = "Audio duration is too long."
NO_SPOKEN_AUDIO = "language_detection cannot be performed on files with no spoken audio."
SERVER_ERROR_OLD = "Server error, developers have been alerted."
SERVER_ERROR_NEW = (
    "Internal server error. Please retry your request. If the error persists, please contact "
    "support@assemblyai.com for more information."
)


class ApiError(Exception):
    """An answer other than 200: ``{"error": message}`` with this status and these headers."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


def not_available_in_language(features: list[str]) -> str:
    return f"The following models are not available in this language: {', '.join(features)}"


def download_failed(url: str) -> str:
    return (
        f"Download error, unable to download {url}. Please make sure the file exists and is accessible "
        "from the internet."
    )


def not_audio(file_type: str) -> str:
    return f"Transcoding failed. File does not appear to contain audio. File type is {file_type}."


def undecodable(file_format: str) -> str:
    """In the sandbox's own words, because the service may decode the recording."""
    return f"The sandbox cannot decode this recording ({file_format})."


def wrong_body(media_type: str) -> str:
    return f"Transcoding failed. File type {media_type} does not appear to contain audio."


def wrong_status(status: str) -> str:
    return (
        f"This transcript has a status of '{status}'. Transcripts must have a status of 'completed' before "
        "requesting captions."
    )


def low_language_confidence(code: str, confidence: float, threshold: float) -> str:
    return (
        f"detected language '{code}', confidence {confidence:.4f}, is below the requested confidence "
        f"threshold value of '{threshold}'"
    )


def low_speech(share: float, threshold: float) -> str:
    return f"Audio speech threshold {share:.2f} is below the requested speech threshold value {threshold}"
