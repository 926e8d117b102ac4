from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

import call_sentiment.sql
from call_sentiment.sql import read_migrations, read_names, read_statement

ROOT = Path(str(files(call_sentiment.sql)))
STATEMENTS = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix()
    for path in ROOT.glob("*/*.sql")
    if path.parent.name != "migrations"
)

LOCKS = {
    "key 4703270718905521": {"schema/lock_migrations"},
    "key 4703270718905522": {"discovery/lock_discovery"},
    "seed 4703270718905523": {"submission/lock_calls", "discovery/renew_intents", "discovery/rename_calls"},
    "key 4703270718905524": {"scoring/lock_rescoring"},
    "key 4703270718905525": {"listing/lock_refresh"},
    "seed 4703270718905524": {"loading/find_transcripts_to_load"},
    "seed 4703270718905526": {"reviews/lock_reviewer"},
    "key 4703270718905527": {"reviews/lock_draw"},
}
"""What each advisory lock is for. A key is one lock; a seed makes one lock per call or job, from its hash."""


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [version for version, _, _ in read_migrations()] == list(range(1, len(read_migrations()) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", name) for _, name, _ in read_migrations())


@pytest.mark.parametrize("name", STATEMENTS)
def test_each_file_holds_one_statement_and_begins_with_its_purpose(name: str) -> None:
    text = read_statement(name)
    assert text.startswith("-- ")
    assert re.fullmatch(r"[a-z]+/[a-z]+(_[a-z]+)*", name)
    assert name == "schema/create_schema" or ";" not in re.sub(r"--.*", "", text).replace("'; '", "")


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_is_used(name: str) -> None:
    code = "".join(path.read_text() for path in ROOT.parent.rglob("*.py"))
    assert f'"{name}"' in code


def test_no_two_purposes_share_an_advisory_lock() -> None:
    found: dict[str, set[str]] = {}
    for name in STATEMENTS:
        text = re.sub(r"--.*", "", read_statement(name))
        keys = re.findall(r"advisory\w*_lock\((\d+)\)", text)
        seeds = re.findall(r"hashtextextended\([\w.]+, (\d+)\)", text)
        assert bool(keys or seeds) == ("advisory" in text)
        for lock in [f"key {key}" for key in keys] + [f"seed {seed}" for seed in seeds]:
            found.setdefault(lock, set()).add(name)
    assert found == LOCKS


def test_a_list_of_columns_is_made_of_their_names() -> None:
    columns = "f.n AS count,\n-- a remark,\nCASE WHEN f.n > 0\n THEN 1\n END AS some,\nf.x AS last"
    assert read_names("here", columns) == ["count", "some", "last"]


@pytest.mark.parametrize("columns", ["f.a,\nf.b AS b", "f.a AS a,\nf.b", "f.a AS a,\nf.b AS a"])
def test_a_column_without_a_name_of_its_own_is_refused(columns: str) -> None:
    with pytest.raises(ValueError, match="list shared: end this column in AS and a name of its own: f"):
        read_names("x.sql, list shared", columns)
