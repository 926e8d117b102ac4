"""Budgets: the expected cost of what is submitted is set aside before, and what has no room waits."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from assemblyai_provider.models import without_webhook
from call_sentiment.costs.durations import measure_all
from call_sentiment.costs.prices import VARIABLE, HourPrice, expect_price, find_prices
from call_sentiment.costs.rooms import NEXT, WAITS, Room, find_rooms
from call_sentiment.database import run_sql, run_sql_tuples
from call_sentiment.jsontext import dump_json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

_RELEASED = f"{WAITS}its run ended before it was submitted; the next run takes it if there is room"
_UNMEASURED = f"{WAITS}its length is not read yet; a later run reads it"
_NO_LENGTH = (
    f"{WAITS}its length is not known before it is sent (a web address, or a header that does not say); the"
    " param assumed_minutes takes it in"
)
_NOTED_AT_ONCE = 1000


class Intent(NamedTuple):
    """A transcript that is to be submitted, with what is known of its recording's length."""

    transcript_id: int
    call_id: str
    recording: str
    options: Mapping[str, Any]
    measured_s: float | None
    recording_version: str | None
    is_measured: bool
    is_reserved: bool


RequestFor = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Gives the request that is sent for a call's transcript options, like `AssemblyAIHook.default_options`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What runs may spend, in the currency of the prices.

    :param limits: amounts by `budget_per_run`, `budget_per_day` and `budget_per_month`, at least one.
    :param assumed_s: length of a recording that is not known before it is sent; None: it is held back.
    """

    limits: Mapping[str, Decimal]
    request_for: RequestFor
    assumed_s: float | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any], request_for: RequestFor) -> Budget | None:
        """The budget that the params of a run set; None where they set none."""
        limits = {name: Decimal(str(params[name])) for name in NEXT if params.get(name) is not None}
        minutes = params.get("assumed_minutes")
        assumed_s = None if minutes is None else float(minutes) * 60
        return cls(limits=limits, request_for=request_for, assumed_s=assumed_s) if limits else None


class Reserver:
    """Sets the expected costs of a run's transcripts aside."""

    def __init__(self, connection: Connection, budget: Budget, run: str | None) -> None:
        self._connection, self._budget, self._run = connection, budget, run
        self._prices = find_prices(connection)
        self._price_of: dict[str, HourPrice] = {}

    def measure(self, intents: Sequence[Intent]) -> None:
        """Read the lengths of recordings that are not known yet, of the first ones as far as there is room.

        Jobs that runs without a budget have submitted get their expected costs set aside.
        """
        unreserved = [
            Intent._make(row) for row in run_sql_tuples(self._connection, "costs/find_unreserved", {})
        ]
        lengths = self._read_lengths(unreserved, None)
        self._reserve([intent._replace(measured_s=lengths.get(intent.call_id)) for intent in unreserved])
        rooms = find_rooms(self._connection, self._budget.limits, self._run)
        self._read_lengths(intents, rooms)

    def release(self, active_runs: Sequence[str]) -> None:
        """Free what was set aside for runs that have ended without submitting it.

        The caller holds the lock of discovery, under which it has found the `active_runs` besides this one.
        """
        released = {"run": self._run, "active_runs": list(active_runs), "reason": _RELEASED}
        run_sql(self._connection, "costs/release_reservations", released)

    def reserve(self, intents: Sequence[Intent]) -> list[int]:
        """Set aside the costs of intents that have room, in their order, and hold the others.

        Returns the numbers of the former. The caller holds the lock of discovery, so that no two runs take
        the same room.
        """
        rooms = find_rooms(self._connection, self._budget.limits, self._run)
        chosen, held = [], []
        for intent in intents:
            reason = None if intent.is_reserved else self._refuse(intent, rooms)
            if reason is None:
                chosen.append(intent)
            else:
                held.append({"transcript_id": intent.transcript_id, "reason": reason})
        self._reserve([intent for intent in chosen if not intent.is_reserved])
        run_sql(self._connection, "costs/hold_intents", {"held": dump_json(held)})
        for room in rooms:
            log.info("%s", room)
        return [intent.transcript_id for intent in chosen]

    def _refuse(self, intent: Intent, rooms: Sequence[Room]) -> str | None:
        """Why an intent has to wait; where it has not, its cost is spent in all rooms."""
        price, cost = self._expect(intent)
        if price.currency is None:
            return f"{WAITS}{price.reason}; give it in the Airflow variable {VARIABLE}"
        least = price.cost(1) if cost is None else cost
        for room in rooms:
            if least is not None and (reason := room.refuse(least, price.currency)) is not None:
                return reason
        if cost is None or not intent.is_measured:
            return _NO_LENGTH if intent.is_measured else _UNMEASURED
        for room in rooms:
            room.spend(cost, price.currency)
        return None

    def _expect(self, intent: Intent) -> tuple[HourPrice, Decimal | None]:
        seconds = self._budget.assumed_s if intent.measured_s is None else intent.measured_s
        key = json.dumps(intent.options, sort_keys=True)
        if key not in self._price_of:
            request = without_webhook(self._budget.request_for(intent.options))
            self._price_of[key] = expect_price(self._prices, request, datetime.now(UTC).date())
        price = self._price_of[key]
        return price, price.cost(seconds)

    def _read_lengths(
        self, intents: Sequence[Intent], rooms: Sequence[Room] | None
    ) -> dict[str, float | None]:
        """Read and note lengths until the rooms are full (None: of all); all known ones, by call id."""
        lengths = {intent.call_id: intent.measured_s for intent in intents if intent.is_measured}
        unknown = [intent for intent in intents if not intent.is_measured]
        noted: list[dict[str, Any]] = []
        with closing(measure_all(intent.recording for intent in unknown)) as measured:
            for intent in unknown:
                if rooms is not None and self._is_full(rooms, intent):
                    break
                lengths[intent.call_id] = seconds = next(measured)
                version = intent.recording_version
                noted.append({"call_id": intent.call_id, "version": version, "measured_s": seconds})
                if rooms is not None:
                    self._refuse(intent._replace(measured_s=seconds, is_measured=True), rooms)
                if len(noted) == _NOTED_AT_ONCE:
                    run_sql(self._connection, "costs/note_lengths", {"lengths": dump_json(noted)})
                    noted.clear()
        run_sql(self._connection, "costs/note_lengths", {"lengths": dump_json(noted)})
        return lengths

    def _is_full(self, rooms: Sequence[Room], intent: Intent) -> bool:
        """Whether not even a second of this recording has room."""
        price, _ = self._expect(intent)
        second = price.cost(1)
        if second is None or price.currency is None:
            return True
        return any(room.refuse(second, price.currency) is not None for room in rooms)

    def _reserve(self, intents: Sequence[Intent]) -> None:
        rows = []
        for intent in intents:
            price, cost = self._expect(intent)
            if cost is not None:
                rows.append(
                    {"transcript_id": intent.transcript_id, "cost": str(cost), "currency": price.currency}
                )
        run_sql(self._connection, "costs/reserve", {"reservations": dump_json(rows)})
