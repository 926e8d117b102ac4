"""The committed page lists the faults of the suite, and nothing lost or paid twice."""

from __future__ import annotations

from pathlib import Path

from tests.support.reliability.catalogue import TITLES
from tests.support.reliability.page import BEGIN, END, PAGE, FaultCount, read_table, write_table


def test_the_page_lists_the_faults_of_the_suite() -> None:
    assert set(read_table(PAGE)) == set(TITLES.values())


def test_the_page_lists_nothing_lost_or_paid_twice() -> None:
    assert set(read_table(PAGE).values()) == {(0, 0)}


def test_a_table_reads_as_it_was_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{BEGIN}\n{END}\nAfter.\n")
    write_table(page, {name: FaultCount(times=1200, calls=7200, lost=1, paid_twice=2) for name in TITLES})
    assert read_table(page) == dict.fromkeys(TITLES.values(), (1, 2))
    assert page.read_text().startswith("Before.\n")
    assert page.read_text().endswith("After.\n")
