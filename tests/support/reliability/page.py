"""Writes and reads the table in `docs/reliability.md`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack.paths import REPOSITORY
from tests.support.reliability.catalogue import CATALOGUE

PAGE = REPOSITORY / "docs" / "reliability.md"
BEGIN = "<!-- written by `make faults` -->"
END = "<!-- end of the table -->"


@dataclass(slots=True)
class FaultCount:
    """How often a fault was tried, on how many calls, and how many were lost or paid twice."""

    times: int = 0
    calls: int = 0
    lost: int = 0
    paid_twice: int = 0


def write_table(page: Path, counts: Mapping[str, FaultCount]) -> None:
    """Replace the table between its two marks."""
    text = page.read_text()
    head, tail = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    page.write_text(f"{head}\n\n{format_table(counts)}\n\n{tail}")


def format_table(counts: Mapping[str, FaultCount]) -> str:
    lines = ["| Fault | Tried | Calls | Lost | Paid twice |", "| --- | ---: | ---: | ---: | ---: |"]
    for group, faults in CATALOGUE.items():
        lines.append(f"| **{group}** | | | | |")
        for name, title in faults.items():
            row = counts[name]
            lines.append(f"| {title} | {row.times:,} | {row.calls:,} | {row.lost} | {row.paid_twice} |")
    total = [
        sum(getattr(count, name) for count in counts.values())
        for name in ("times", "calls", "lost", "paid_twice")
    ]
    lines.append(f"| **All** | {total[0]:,} | {total[1]:,} | {total[2]} | {total[3]} |")
    return "\n".join(lines)


def read_table(page: Path) -> dict[str, tuple[int, int]]:
    """The faults of the page's table: how many calls each lost, and how many were paid twice."""
    text = page.read_text()
    rows = re.findall(
        r"^\| ([^*|]+) \| [\d,]+ \| [\d,]+ \| (\d+) \| (\d+) \|$",
        text[text.index(BEGIN) : text.index(END)],
        re.MULTILINE,
    )
    return {title: (int(lost), int(twice)) for title, lost, twice in rows}
