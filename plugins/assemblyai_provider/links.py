"""Links from a task in Airflow's UI to AssemblyAI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink

from assemblyai_provider.exceptions import AssemblyAIError

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

# Not documented by AssemblyAI; as its users publish such addresses. It asks for a login.
TRANSCRIPT_PAGE = "https://www.assemblyai.com/playground/transcript/"


class AssemblyAITranscriptLink(BaseOperatorLink):
    """Leads to the task's transcript in AssemblyAI's dashboard, the first one of several.

    There is none for a task without a transcript, and for another host than AssemblyAI's.
    """

    name = "Transcript at AssemblyAI"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        try:
            host = urlsplit(operator.hook.client.settings.base_url).hostname or ""
            ids = operator.linked_ids
        except (AssemblyAIError, ValueError):  # the task has failed with it
            return ""
        return TRANSCRIPT_PAGE + quote(ids[0], safe="") if ids and host.endswith(".assemblyai.com") else ""
