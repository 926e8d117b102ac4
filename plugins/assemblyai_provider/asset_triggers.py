"""The trigger that starts Dags when transcripts end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from assemblyai_provider._client import AsyncAssemblyAIClient
from assemblyai_provider._connection.ranges import POLL_INTERVAL, Range
from assemblyai_provider._waiting.account_watch import AccountWatch
from assemblyai_provider.compat import AirflowNotFoundException
from assemblyai_provider.exceptions import AssemblyAIError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.models import TranscriptStatus

log = logging.getLogger(__name__)

MAX_TRANSCRIPTS = 200
"""In one event; its payload is stored with each asset event."""
FAULT_PAUSE_S = 30.0
STATE_KEY = "assemblyai_watch"
_LOOKBACK = Range(0, 30 * 86_400, "seconds")


class AssemblyAITranscriptsEndedTrigger(BaseEventTrigger):
    """Fires whenever transcripts of the account have ended, for an `AssetWatcher`.

    The payload of an event is `{"transcripts": [{"id": "...", "status": "completed"}, ...]}`, with at most
    200 transcripts, the statuses being `completed` and `error`. The account's transcripts are all that the
    API key can see, whoever submitted them; deleted ones are left out.

    From Airflow 3.3 on, the asset remembers what was reported, so a restarted triggerer goes on where the
    last one stopped. Each transcript is reported at least once; a triggerer that is killed may report some
    twice. Before 3.3 a restarted triggerer starts anew, with `lookback`. No fault of network or connection
    ends the watch: it is logged, and the next round tries again.

    :param assemblyai_conn_id: the connection.
    :param poll_interval: polling interval in seconds; None for the connection's own.
    :param lookback: at a start without memory, transcripts created in the last `lookback` seconds that have
        ended count as new, too.
    """

    supports_triggerer_queue = True
    sleep = staticmethod(asyncio.sleep)

    def __init__(
        self,
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        poll_interval: float | None = None,
        lookback: float = 0,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.assemblyai_conn_id = assemblyai_conn_id
        self.poll_interval = POLL_INTERVAL.read(poll_interval, "poll_interval of the trigger")
        self.lookback = _LOOKBACK.read(lookback, "lookback of the trigger") or 0

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "assemblyai_provider.asset_triggers.AssemblyAITranscriptsEndedTrigger",
            {
                "assemblyai_conn_id": self.assemblyai_conn_id,
                "poll_interval": self.poll_interval,
                "lookback": self.lookback,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        remembered = await self._recall()
        watch = AccountWatch.from_json(remembered) if remembered else AccountWatch(self._start())
        while True:
            try:
                # Anew after a fault, so that a corrected connection takes effect.
                async with await AssemblyAIHook(self.assemblyai_conn_id).get_async_client() as client:
                    while True:
                        await _read_lists(watch, client)
                        for payload in _payloads(watch.end_round()):
                            yield TriggerEvent(payload)  # type: ignore[no-untyped-call]
                        # After the events: a triggerer killed in between reports twice, never not at all.
                        if watch.to_json() != remembered:
                            remembered = watch.to_json()
                            await self._remember(remembered)
                        await self.sleep(self.poll_interval or client.settings.poll_interval_s)
            except (AssemblyAIError, AirflowNotFoundException) as error:
                log.warning(
                    "Watching connection %r failed; the next round tries again: %s",
                    self.assemblyai_conn_id,
                    error,
                )
            await self.sleep(FAULT_PAUSE_S)

    def _start(self) -> datetime | None:
        return datetime.now(UTC) - timedelta(seconds=self.lookback) if self.lookback else None

    async def _recall(self) -> dict[str, Any] | None:
        """What an earlier process remembered, if there was one and this version can read it."""
        store = getattr(self, "asset_state_store", None)
        if store is None:
            return None
        try:
            value = await store.aget(STATE_KEY)
            if value is not None:
                AccountWatch.from_json(value)
        except (ValueError, TypeError, KeyError) as error:
            log.warning(_NO_MEMORY, self.assemblyai_conn_id, type(error).__name__)
            return None
        return value  # type: ignore[no-any-return]

    async def _remember(self, value: dict[str, Any]) -> None:
        store = getattr(self, "asset_state_store", None)
        if store is None:
            return
        try:
            await store.aset(STATE_KEY, value)
        except ValueError:
            # Several assets have a watcher with the same arguments; `_recall` has said so.
            return


_NO_MEMORY = (
    "The watch of connection %r has no memory (%s) and starts anew. If several assets have a watcher of this"
    " connection, use one asset in all Dags."
)


async def _read_lists(watch: AccountWatch, client: AsyncAssemblyAIClient) -> None:
    while request := watch.next_page():
        watch.record_page(await client.list_transcripts(status=request.status, before_id=request.before_id))


def _payloads(ended: Mapping[str, TranscriptStatus]) -> Iterator[dict[str, Any]]:
    transcripts = [{"id": id_, "status": status.value} for id_, status in ended.items()]
    for start in range(0, len(transcripts), MAX_TRANSCRIPTS):
        yield {"transcripts": transcripts[start : start + MAX_TRANSCRIPTS]}
