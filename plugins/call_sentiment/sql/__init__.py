"""The SQL of this package: one statement per file, and the migrations in their own folder."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_statement(name: str) -> str:
    """The text of `<name>.sql`."""
    return files(__package__).joinpath(f"{name}.sql").read_text("utf-8")


@cache
def read_migrations() -> tuple[tuple[int, str, str], ...]:
    """All migrations as (version, file name, text), in the order of their versions."""
    names = sorted(
        entry.name for entry in files(__package__).joinpath("migrations").iterdir() if entry.name[0].isdigit()
    )
    return tuple(
        (int(name[:4]), name, files(__package__).joinpath("migrations", name).read_text("utf-8"))
        for name in names
    )
