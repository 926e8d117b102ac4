"""docs/operations.md answers for every reason that the ledger can hold, and for no other."""

from __future__ import annotations

import re

from assemblyai_provider.models import FailureKind, TranscriptFailure
from local_stack.paths import REPOSITORY
from tests.support.reasons import GAP, find_reasons

PAGE = (REPOSITORY / "docs" / "operations.md").read_text()
SECTION = PAGE[PAGE.index("\n## Reasons\n") : PAGE.index("\n## What to watch\n")]
ROWS = [line.split(" | ") for line in SECTION.splitlines() if line.startswith("| `")]
ANSWERED = [phrase for row in ROWS for phrase in re.findall(r"`([^`]+)`", row[0])]
# AssemblyAI's own words, and the names of network errors, stand in no source of ours.
FROM_OUTSIDE = re.compile(r"[A-Z]\w*(Timeout|Error)$")


def _says(phrase: str, reason: str) -> bool:
    return re.search(".*".join(map(re.escape, phrase.split(GAP))), reason, re.DOTALL) is not None


def test_every_reason_of_the_code_is_answered() -> None:
    reasons = find_reasons()
    assert len(reasons) > 40
    assert sorted(reason for reason in reasons if not any(_says(phrase, reason) for phrase in ANSWERED)) == []


def test_every_kind_of_failure_of_assemblyai_is_answered() -> None:
    kinds = {TranscriptFailure.from_error(phrase).kind for phrase in ANSWERED}
    # What was deleted is known by another field than the error.
    assert kinds | {FailureKind.DELETED} == set(FailureKind)


def test_no_answer_is_about_a_reason_that_does_not_exist() -> None:
    reasons = find_reasons()
    assert [
        phrase
        for phrase in ANSWERED
        if not any(_says(phrase, reason) for reason in reasons)
        and TranscriptFailure.from_error(phrase).kind is FailureKind.OTHER
        and not FROM_OUTSIDE.match(phrase)
    ] == []


def test_every_answer_says_what_happened_and_what_to_do() -> None:
    assert all(len(row) == 3 and all(cell.strip(" |") for cell in row) for row in ROWS)
