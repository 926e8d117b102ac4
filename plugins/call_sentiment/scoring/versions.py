"""Compares the scores by two versions of the formulas."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LARGEST_MOVES = 20
"""Transcripts listed in a comparison, those whose score moved most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A transcript whose `sentiment_score` differs between the versions."""

    call_id: str
    transcript_id: int
    old_score: float
    new_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDiff:
    """How the scores by two versions differ, in numbers of transcripts; `str()` is a text to read.

    `compared` have a row by both versions, and figures by at least one. `changed_labels` counts transcripts
    by old and new label; without figures, the status stands for the label.
    """

    old: str
    new: str
    compared: int
    only_old: int
    only_new: int
    without_figures: int
    changed_labels: dict[tuple[str, str], int]
    largest_moves: tuple[Move, ...]

    def __str__(self) -> str:
        not_comparable = self.only_old + self.only_new + self.without_figures
        lines = [
            f"Scores by version {self.new} beside version {self.old}",
            f"Transcripts compared: {self.compared:,}; not comparable: {not_comparable:,} "
            f"(only by {self.old}: {self.only_old:,}, only by {self.new}: {self.only_new:,}, "
            f"without figures by both: {self.without_figures:,})",
            f"Labels changed: {sum(self.changed_labels.values()):,}",
            *(f"  {old} -> {new}: {count:,}" for (old, new), count in self.changed_labels.items()),
            "Largest moves of sentiment_score:" if self.largest_moves else "No sentiment_score moved",
            *(
                f"  {move.call_id} (transcript {move.transcript_id}): {move.old_score:+.3f} -> "
                f"{move.new_score:+.3f}"
                for move in self.largest_moves
            ),
        ]
        return "\n".join(lines)


def compare_versions(connection: Connection, old: str, new: str) -> VersionDiff:
    """Compare the stored scores by two versions of the formulas; score nothing."""
    params: dict[str, Any] = {"old": old, "new": new}
    counts: Counter[str] = Counter()
    changed: dict[tuple[str, str], int] = {}
    for row in run_sql(connection, "scoring/compare_versions", params):
        counts[row["comparison"]] += row["transcripts"]
        if row["comparison"] == "compared" and row["old_label"] != row["new_label"]:
            changed[row["old_label"], row["new_label"]] = row["transcripts"]
    moves = run_sql(connection, "scoring/find_largest_moves", {**params, "limit": LARGEST_MOVES})
    return VersionDiff(
        old=old,
        new=new,
        compared=counts["compared"],
        only_old=counts["only old"],
        only_new=counts["only new"],
        without_figures=counts["no figures"],
        changed_labels=changed,
        largest_moves=tuple(Move(**row) for row in moves),
    )
