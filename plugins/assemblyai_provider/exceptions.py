"""Everything that can go wrong; each class says whether trying again helps.

AssemblyAIError (AirflowException)
├── TransportError             no usable answer: a retry helps
│   ├── NotConnectedError      the same, and nothing was sent
│   └── RateLimitedError       the same, after `retry_after` seconds, and nothing was accepted
├── AuthenticationError        (AirflowFailException) stop everything: the key is wrong
├── AccountError               (AirflowFailException) stop everything: the account needs money
├── ConfigurationError         (AirflowFailException) stop everything: the connection's settings are wrong
├── RequestRefusedError        permanent for this request
│   └── UploadRefusedError     permanent for this recording
├── TranscriptNotFoundError    permanent, unless the job was submitted seconds ago
├── SubmissionUnknownError     a retry helps, by looking the submission up first
├── DuplicateRecordingError    nothing to do: the same bytes are transcribed already
├── SubmissionFailedError      (AirflowFailException) some recordings can never be submitted
└── TranscriptFailedError      (AirflowFailException) some jobs ended in an error

TriggerEventError (RuntimeError) is a bug or a version skew, and no Airflow exception, so that `soft_fail`
cannot hide it. No message holds an API key, an HTTP header or the query of a URL.
"""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from assemblyai_provider.models import strip_url_queries


class AssemblyAIError(AirflowException):
    """Base of all errors that come from talking to AssemblyAI."""


class TransportError(AssemblyAIError):
    """Network fault, 5xx or an answer that cannot be read. A retry helps."""


class NotConnectedError(TransportError):
    """No connection could be made, so the request was certainly not sent. A retry helps."""


class RateLimitedError(TransportError):
    """The account's request rate is used up. A retry helps, after `retry_after` seconds if that is known."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AuthenticationError(AssemblyAIError, AirflowFailException):
    """401. No retry helps, and nothing else will work either until the connection is corrected."""


class AccountError(AssemblyAIError, AirflowFailException):
    """The account's balance is negative. No retry helps until it is topped up."""


class ConfigurationError(AssemblyAIError, AirflowFailException):
    """A setting that all requests share is missing or refused. No retry helps until it is changed."""


class RequestRefusedError(AssemblyAIError):
    """AssemblyAI refused the request for what it contains. The same request will be refused again."""


class UploadRefusedError(RequestRefusedError):
    """The recording is empty, too large or unreadable. The same file will be refused again."""


class TranscriptNotFoundError(AssemblyAIError):
    """No such transcript in this region and project. Within seconds of a submission it may still appear."""


class SubmissionUnknownError(AssemblyAIError):
    """A submission was sent and nobody can tell yet whether it was accepted. A retry looks it up first."""


class DuplicateRecordingError(AssemblyAIError):
    """Another recording with the same bytes has a transcript already. Not to be paid for again."""

    def __init__(self, original_key: str) -> None:
        super().__init__(f"the same audio as {strip_url_queries(original_key)}")
        self.original_key = original_key


class SubmissionFailedError(AssemblyAIError, AirflowFailException):
    """Recordings that AssemblyAI will never accept as they are. A retry finds the same refusal."""


class TranscriptFailedError(AssemblyAIError, AirflowFailException):
    """Jobs that ran and ended in an error. Waiting again would find the same answer."""


class TriggerEventError(RuntimeError):
    """Triggerer and worker disagree about the shape of an event. A retry does not help, a restart may."""
