"""The operator that deletes transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from assemblyai_provider._transcripts.ids import read_ids
from assemblyai_provider.exceptions import (
    RequestRefusedError,
    TranscriptNotDeletedError,
    TranscriptNotFoundError,
    TransportError,
)
from assemblyai_provider.hooks import AssemblyAIHook

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_LISTED_FAILURES = 20


class AssemblyAIDeleteTranscriptOperator(BaseOperator):
    """Deletes transcripts and their uploaded files at AssemblyAI, for good.

    A read confirms each. A transcript that is deleted already is a success. One that cannot be deleted does
    not stop the others. After all are tried, the task fails with retry if one may be deleted later, and
    without retry if one never will be (a job in progress, an unknown id).

    :param transcript_ids: one id or a list (templated).
    :param assemblyai_conn_id: the connection (templated).
    :param missing_ok: an unknown id is a success, too. Off by default: an id that belongs to another account
        or region is unknown, and its transcript still exists.
    :return: the ids that are deleted, as a list.
    """

    template_fields: Sequence[str] = ("transcript_ids", "assemblyai_conn_id")
    ui_color = "#f0d5d5"

    def __init__(
        self,
        *,
        transcript_ids: str | list[str],
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        missing_ok: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.transcript_ids = transcript_ids
        self.assemblyai_conn_id = assemblyai_conn_id
        self.missing_ok = missing_ok

    @cached_property
    def hook(self) -> AssemblyAIHook:
        """The hook of the connection."""
        return AssemblyAIHook(self.assemblyai_conn_id)

    def execute(self, context: Context) -> list[str]:
        ids = list(dict.fromkeys(read_ids(self.transcript_ids)))
        errors: dict[str, Exception] = {}
        for transcript_id in ids:
            try:
                self.hook.delete_transcript(transcript_id)
            except TranscriptNotFoundError as error:
                if not self.missing_ok:
                    errors[transcript_id] = error
            except (RequestRefusedError, TransportError) as error:
                errors[transcript_id] = error
        self.log.info("%d of %d transcripts are deleted", len(ids) - len(errors), len(ids))
        if errors:
            named = "; ".join(f"{id_}: {error}" for id_, error in list(errors.items())[:MAX_LISTED_FAILURES])
            message = f"{len(errors)} of {len(ids)} transcripts are not deleted: {named}"
            if any(isinstance(error, TransportError) for error in errors.values()):
                raise TransportError(message)
            raise TranscriptNotDeletedError(message)
        return ids
