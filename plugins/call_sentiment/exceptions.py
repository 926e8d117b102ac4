"""Everything that can go wrong with calls; each class says whether a retry helps.

CallSentimentError
├── LocationError      (ValueError) no retry helps until the location is corrected
├── SidecarError       (ValueError) no retry helps until the sidecar or manifest line is corrected
├── ChannelsError      (ValueError) no retry helps until the `channels` of a sidecar are corrected
├── PricesError        (ValueError) no retry helps until the configured prices are corrected
├── LedgerError        (RuntimeError) a retry helps, by reading the ledger anew
├── UnstorableError    no retry helps: the database refuses the content
└── SchemaTooNewError  (RuntimeError) no retry helps until the code is updated

No message quotes what was said in a call, or holds the query of a URL.
"""

from __future__ import annotations


class CallSentimentError(Exception):
    """Base of all errors of this package. Those of psycopg2 are raised as they are."""


class LocationError(CallSentimentError, ValueError):
    """A recordings location cannot be listed. The message says what to correct."""


class SidecarError(CallSentimentError, ValueError):
    """A sidecar or manifest line cannot be used. The message says what to change in it."""


class ChannelsError(CallSentimentError, ValueError):
    """A `channels` cannot be used. The message says what to write instead."""


class PricesError(CallSentimentError, ValueError):
    """The configured prices cannot be read. The message says what to write."""


class LedgerError(CallSentimentError, RuntimeError):
    """The transcript is not in the state that the caller expects, so nothing must be posted."""


class UnstorableError(CallSentimentError):
    """PostgreSQL refuses the content of an answer."""


class SchemaTooNewError(CallSentimentError, RuntimeError):
    """The database was migrated by newer code than this. It must not go back."""
