"""CONTRIBUTING.md shows the recipe for a figure with one that was added like that."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
PLACES = (
    "plugins/call_sentiment/sql/migrations/0005_versions.sql",
    "plugins/call_sentiment/sql/scoring/score_transcripts.sql",
    "docs/scores.md",
    "tests/support/oracle.py",
)


def test_the_recipe_for_a_figure_shows_what_stands_in_its_four_places() -> None:
    recipe = (REPOSITORY / "CONTRIBUTING.md").read_text()
    texts = {place: (REPOSITORY / place).read_text() for place in PLACES}
    blocks: list[str] = re.findall(r"^```\w*\n(.*?)^```", recipe, re.MULTILINE | re.DOTALL)
    shown = [place for block in blocks for place in PLACES if block in texts[place]]
    assert len(shown) == len(blocks)
    assert set(shown) == set(PLACES)
