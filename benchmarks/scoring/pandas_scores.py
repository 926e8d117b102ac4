"""The figures of docs/scores.md in pandas, as one would compute them outside the database.

Whole columns at a time, without a loop over calls. The scoring benchmark compares the results
and the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

KEYS = ["transcript_id", "scope"]
_COLUMNS = ["transcript_id", "position", "start_ms", "end_ms", "sentiment", "confidence", "speaker"]


def read_sentences(connection: Connection) -> pd.DataFrame:
    """All stored sentences."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(_COLUMNS)} FROM call_sentiment.sentences")
        return pd.DataFrame(cursor.fetchall(), columns=_COLUMNS).astype({"confidence": float})


def scores(sentences: pd.DataFrame) -> pd.DataFrame:
    """The figures: one row per call (`scope` is empty) and per speaker, indexed by `KEYS`."""
    table = _add_windows(_put_into_scopes(_add_values(sentences)))
    groups = table.groupby(KEYS, sort=False)
    found = groups.agg(
        sentence_count=("sign", "size"),
        m=("e", "count"),
        value_sum=("e", "sum"),
        sentiment_score=("e", "mean"),
        positive_count=("positive", "sum"),
        negative_count=("negative", "sum"),
        d=("d", "sum"),
        rated_d=("rated_d", "sum"),
        de=("de", "sum"),
        positive_d=("positive_d", "sum"),
        negative_d=("negative_d", "sum"),
        p_positive=("p_positive", "sum"),
        p_negative=("p_negative", "sum"),
        mean_confidence=("confidence", "mean"),
        low=("low", "sum"),
        talk_time_ms=("talk", "sum"),
        long_silence_ms=("long_silence", "sum"),
        last_mean=("last", "mean"),
    )
    found["net_sentiment"] = (found.positive_count - found.negative_count) / found.sentence_count
    found["sentiment_score_weighted"] = found.de / found.rated_d
    found["positive_time_share"] = found.positive_d / found.d
    found["negative_time_share"] = found.negative_d / found.d
    found["low_confidence_share"] = found.low / found.m
    _shrink(found)
    _add_quarters(found, table)
    _add_trend(found, table)
    _add_worst(found, table)
    return found


def _add_values(sentences: pd.DataFrame) -> pd.DataFrame:
    table = sentences.copy()
    table["sign"] = table.sentiment.map({"POSITIVE": 1, "NEUTRAL": 0, "NEGATIVE": -1})
    table["positive"], table["negative"] = table.sign == 1, table.sign == -1
    table["end_ms"] = table[["start_ms", "end_ms"]].max(axis=1)
    table["confidence"] = table.confidence.where(table.confidence.between(0, 1))
    table["g"] = table.confidence.clip(lower=1 / 3)
    table["e"] = table.sign * (3 * table.g - 1) / 2
    table["d"] = table.end_ms - table.start_ms
    table["rated_d"] = table.d.where(table.e.notna(), 0)
    table["de"] = table.d * table.e
    table["positive_d"] = table.d.where(table.sign == 1, 0)
    table["negative_d"] = table.d.where(table.sign == -1, 0)
    table["p_positive"] = table.g.where(table.sign == 1, (1 - table.g) / 2)
    table["p_negative"] = table.g.where(table.sign == -1, (1 - table.g) / 2)
    table["low"] = table.confidence < 0.6
    calls = table.groupby("transcript_id", sort=False)
    first = calls.start_ms.transform("min")
    span = calls.end_ms.transform("max") - first
    twice_middle = table.start_ms + table.end_ms - 2 * first
    table["quarter"] = np.minimum(3, 2 * twice_middle // span)
    table["u"] = (twice_middle / (2 * span)).where(table.e.notna())
    return table


def _put_into_scopes(table: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([table.assign(scope=""), table.assign(scope=table.speaker)], ignore_index=True)
    return both.sort_values([*KEYS, "start_ms", "end_ms", "position"], ignore_index=True)


def _add_windows(table: pd.DataFrame) -> pd.DataFrame:
    groups = table.groupby(KEYS, sort=False)
    covered = groups.end_ms.cummax().groupby([table.transcript_id, table.scope], sort=False).shift()
    gap = table.start_ms - covered
    table["talk"] = (table.end_ms - np.fmax(table.start_ms, covered)).clip(lower=0)
    table["long_silence"] = gap.where(gap > 3000, 0)
    rated = table[table.e.notna()]
    by_scope = rated.groupby(KEYS, sort=False)
    table["last"] = rated.e.where(by_scope.cumcount(ascending=False) < 5)
    # rolling() puts a window at its last sentence; shift() finds the start of its first.
    window = by_scope.e.rolling(5).mean().reset_index(level=[0, 1], drop=True)
    ends = by_scope.end_ms.rolling(5).max().reset_index(level=[0, 1], drop=True)
    begins = by_scope.start_ms.shift(4)
    table["window"], table["window_end"], table["window_start"] = window.round(12), ends, begins
    return table


def _shrink(found: pd.DataFrame) -> None:
    positive, negative = ((p + 1) / (found.m + 4) for p in (found.p_positive, found.p_negative))
    x = positive - negative
    half_width = 1.959964 * np.sqrt((positive + negative - x * x) / (found.m + 5))
    found["score_shrunk"], found["score_low"] = x, (x - half_width).clip(lower=-1)
    found["score_high"] = (x + half_width).clip(upper=1)
    size = x.abs().round(12)
    mixed = np.minimum(found.positive_count, found.negative_count) >= 0.2 * found.sentence_count
    found["label"] = np.select(
        [found.m == 0, found.m < 5, (size < 0.1) & mixed, size < 0.1, x >= 0.3, x > 0, x <= -0.3],
        ["NONE", "INSUFFICIENT", "MIXED", "NEUTRAL", "VERY_POSITIVE", "POSITIVE", "VERY_NEGATIVE"],
        "NEGATIVE",
    )


def _add_quarters(found: pd.DataFrame, table: pd.DataFrame) -> None:
    means = table.groupby([*KEYS, "quarter"], sort=False).e.mean().unstack()
    for quarter in range(4):
        found[f"q{quarter + 1}_score"] = means[quarter]


def _add_trend(found: pd.DataFrame, table: pd.DataFrame) -> None:
    centred = table[KEYS].copy()
    u, e = (table[name] - table.groupby(KEYS, sort=False)[name].transform("mean") for name in ("u", "e"))
    centred["xx"], centred["yy"], centred["xy"] = u * u, e * e, u * e
    sums = centred.groupby(KEYS, sort=False).sum()
    found["trend_slope"] = (sums.xy / sums.xx).where(found.m >= 6)
    rest = (sums.yy - sums.xy**2 / sums.xx).clip(lower=0)
    found["trend_slope_se"] = np.sqrt(rest / (found.m - 2) / sums.xx).where(found.m >= 6)


def _add_worst(found: pd.DataFrame, table: pd.DataFrame) -> None:
    windows = table[table.window.notna()]
    worst = windows.loc[windows.groupby(KEYS, sort=False).window.idxmin()].set_index(KEYS)
    found["worst_window_score"] = worst.window
    found["worst_window_start_ms"], found["worst_window_end_ms"] = worst.window_start, worst.window_end
