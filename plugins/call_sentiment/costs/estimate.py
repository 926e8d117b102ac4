"""Minutes and cost of what would be sent, by the headers of the recordings."""

from __future__ import annotations

import json
import logging
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain

from assemblyai_provider.models import is_web_url, strip_url_queries, without_webhook
from call_sentiment.costs.budget import RequestFor
from call_sentiment.costs.durations import measure_all
from call_sentiment.costs.prices import VARIABLE, HourPrice, Price, expect_price
from call_sentiment.discovery.preview import Preview, ToSend

log = logging.getLogger(__name__)

_NAMED = 10
_PROGRESS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Audio that would be sent, and what it would cost at most: of several models the dearest counts.

    :param minutes: of the recordings whose length is known.
    :param costs: of these, by currency, where the price is known.
    :param unpriced: how many of these have no price, by the reason.
    :param unmeasured: addresses of the recordings whose length is not known before they are sent.
    """

    preview: Preview
    minutes: float
    costs: Mapping[str, Decimal]
    unpriced: Mapping[str, int]
    unmeasured: Sequence[str]

    def lines(self) -> list[str]:
        """The estimate for people, a line each."""
        p = self.preview
        new, waiting = len(p.new), len(p.open)
        return [
            f"{p.listed:,} recordings are listed; {p.known:,} are known and not sent again",
            f"{new + waiting:,} calls would be sent: {new:,} new ones, {waiting:,} open from before",
            f"{self.minutes:,.1f} minutes of audio, by the headers of their recordings",
            *self._cost_lines(),
            *_name_some(
                self.unmeasured, f"of unknown length, which are not in this estimate ({self._kinds()})"
            ),
            *_name_some([f"{address} ({why})" for address, why in p.refused], "refused"),
            *(
                [f"{p.unsettled:,} recordings changed just now and are left for a later run"]
                if p.unsettled
                else []
            ),
            *p.remarks,
        ]

    def _cost_lines(self) -> Iterator[str]:
        for currency, cost in self.costs.items():
            yield f"At most {cost:,.2f} {currency}: each begun second, the dearest of the models, all add-ons"
        for reason, count in self.unpriced.items():
            yield f"The cost of {count:,} calls is not known: {reason}. Set the Airflow variable {VARIABLE}"

    def _kinds(self) -> str:
        kinds = Counter(
            "web address" if is_web_url(name) else posixpath.splitext(name)[1].lower() or "no suffix"
            for name in self.unmeasured
        )
        return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())


def _name_some(names: Sequence[str], what: str) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return [f"{len(names):,} recordings {what}: {shown}"]


def estimate(preview: Preview, prices: Sequence[Price], request_for: RequestFor) -> Estimate:
    """Measure the recordings that would be sent, and add up what they cost."""
    day = datetime.now(UTC).date()
    price_of: dict[str, HourPrice] = {}
    seconds_in_all, unpriced = 0.0, Counter[str]()
    costs: dict[str, Decimal] = {}
    unmeasured: list[str] = []
    to_send = [*preview.new, *preview.open]
    for number, (sent, seconds) in enumerate(_lengths(to_send), start=1):
        if number % _PROGRESS == 0:
            log.info("%s of %s recordings read", f"{number:,}", f"{len(to_send):,}")
        if seconds is None:
            unmeasured.append(strip_url_queries(sent.recording))
            continue
        seconds_in_all += seconds
        key = json.dumps(sent.options, sort_keys=True)
        if key not in price_of:
            price_of[key] = expect_price(prices, without_webhook(request_for(sent.options)), day)
        price = price_of[key]
        cost = price.cost(seconds)
        if cost is None or price.currency is None:
            unpriced[price.reason or ""] += 1
        else:
            costs[price.currency] = costs.get(price.currency, Decimal(0)) + cost
    return Estimate(
        preview=preview, minutes=seconds_in_all / 60, costs=costs, unpriced=unpriced, unmeasured=unmeasured
    )


def _lengths(to_send: Sequence[ToSend]) -> Iterator[tuple[ToSend, float | None]]:
    known = [sent for sent in to_send if sent.measured_s is not None]
    unknown = [sent for sent in to_send if sent.measured_s is None]
    measured = zip(unknown, measure_all(sent.recording for sent in unknown), strict=True)
    return chain(((sent, sent.measured_s) for sent in known), measured)
