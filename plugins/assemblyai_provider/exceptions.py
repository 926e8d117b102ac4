"""All errors of the provider; each class says whether a retry helps.

AssemblyAIError (AirflowException)
├── TransportError             no usable answer: a retry helps
│   ├── NotConnectedError      the same; nothing was sent
│   └── RateLimitedError       the same, after `retry_after` seconds; nothing was accepted
├── AuthenticationError        (AirflowFailException) stop everything: the key is wrong
├── AccountError               (AirflowFailException) stop everything: the account needs money
├── ConfigurationError         (AirflowFailException) stop everything: the connection's settings are wrong
├── RequestRefusedError        permanent for this request
│   └── UploadRefusedError     permanent for this recording
├── TranscriptNotFoundError    permanent, unless the job was submitted seconds ago
├── SubmissionUnknownError     a retry helps: it searches for the submission first
├── DuplicateRecordingError    nothing to do: the same bytes are transcribed already
├── SubmissionFailedError      (AirflowFailException) some recordings can never be submitted
├── TranscriptFailedError      (AirflowFailException) some jobs ended in an error
├── TranscriptNotDeletedError  (AirflowFailException) some transcripts cannot be deleted
└── WaitTimeoutError           a retry helps: it waits for the same jobs again

TriggerEventError (RuntimeError) is a bug or a version skew. It is not an Airflow exception, so that
`soft_fail` cannot hide it. No message holds an API key, an HTTP header or the query of a URL.
"""

from __future__ import annotations

from assemblyai_provider.compat import AirflowException, AirflowFailException
from assemblyai_provider.models import strip_url_queries


class AssemblyAIError(AirflowException):
    """Base of all errors of requests to AssemblyAI."""


class TransportError(AssemblyAIError):
    """Network fault, 5xx or an answer that cannot be read. A retry helps."""


class NotConnectedError(TransportError):
    """No connection could be made, so nothing was sent. A retry helps."""


class RateLimitedError(TransportError):
    """The request rate is exceeded. A retry helps, after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AuthenticationError(AssemblyAIError, AirflowFailException):
    """The API key is refused. No request succeeds until it is corrected."""


class AccountError(AssemblyAIError, AirflowFailException):
    """The account's balance is negative. No retry helps until it is topped up."""


class ConfigurationError(AssemblyAIError, AirflowFailException):
    """A setting of all requests is wrong. No retry helps until it is corrected."""


class RequestRefusedError(AssemblyAIError):
    """AssemblyAI refused what the request contains. A retry does not help."""


class UploadRefusedError(RequestRefusedError):
    """The recording is empty, too large or unreadable. A retry does not help."""


class TranscriptNotFoundError(AssemblyAIError):
    """No such transcript here. It may appear seconds after its submission."""


class SubmissionUnknownError(AssemblyAIError):
    """It is unknown whether a submission was accepted. A retry searches for it first."""


class DuplicateRecordingError(AssemblyAIError):
    """A recording with the same bytes was submitted already."""

    def __init__(self, original_key: str) -> None:
        super().__init__(f"the same audio as {strip_url_queries(original_key)}")
        self.original_key = original_key


class SubmissionFailedError(AssemblyAIError, AirflowFailException):
    """AssemblyAI will never accept some recordings. A retry does not help."""


class TranscriptFailedError(AssemblyAIError, AirflowFailException):
    """Some jobs ended in an error. A retry of the wait finds the same errors."""


class TranscriptNotDeletedError(AssemblyAIError, AirflowFailException):
    """Some transcripts are in progress or unknown. A retry does not help."""


class WaitTimeoutError(AssemblyAIError):
    """Some jobs have not ended in time; they go on. A retry waits for them again."""


class TriggerEventError(RuntimeError):
    """Triggerer and worker expect different events. A restart may help."""
