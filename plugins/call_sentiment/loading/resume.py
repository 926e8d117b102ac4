"""Resumes transcripts that were given up: AssemblyAI bills their jobs if they end later."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from assemblyai_provider.exceptions import RequestRefusedError, TranscriptNotFoundError, TransportError
from assemblyai_provider.models import Transcript
from call_sentiment.database import run_sql
from call_sentiment.loading.transcript_store import give_up

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)


def resume_ended(connection: Connection, fetch: Callable[[str], Transcript]) -> int:
    """Look up the jobs that were given up, each once an hour; return how many have ended since.

    Their transcripts get the state `submitted` again, so that they are loaded like any other. A job that
    cannot be looked up now is looked up by a later run. Raises errors of the key, the account or the
    database.

    :param fetch: gives the transcript of an AssemblyAI id, like `AssemblyAIHook.get_transcript`.
    """
    resumed = 0
    for row in run_sql(connection, "loading/find_given_up"):
        params = {"transcript_id": row["transcript_id"]}
        try:
            ended = fetch(row["assemblyai_id"]).status.is_terminal
        except TranscriptNotFoundError:
            ended = False
        except (TransportError, RequestRefusedError) as error:
            log.warning("Jobs that were given up cannot be looked up now: %s. A later run tries again", error)
            break
        if ended and run_sql(connection, "loading/resume_given_up", params):
            resumed += 1
        else:
            give_up(connection, row["transcript_id"])
    if resumed:
        log.info("%d jobs that were given up have ended and are loaded", resumed)
    return resumed
