"""The SQL of this package: one statement per file, in a folder per stage, and the migrations."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_LIST = re.compile(r"-- begin (\w+)\n(.*?)\n *-- end \1\n", re.DOTALL)
_NAME = re.compile(r"\bAS (\w+),?$")


@cache
def read_statement(name: str) -> str:
    """The text of `<name>.sql`, with each `{list}` replaced by the names of its columns.

    The columns of a list are written between `-- begin list` and `-- end list`. The last line of each column
    ends in `AS name`. Raises ValueError for a column without a name, and for a name that occurs twice.
    """
    text = files(__package__).joinpath(f"{name}.sql").read_text("utf-8")
    for found in _LIST.finditer(text):
        text = text.replace(
            f"{{{found[1]}}}", ", ".join(read_names(f"{name}.sql, list {found[1]}", found[2]))
        )
    return text


def read_names(where: str, columns: str) -> list[str]:
    """The names of the columns of a list; `where` is the name of the list in errors."""
    lines = columns.splitlines()
    ends = [line for line in lines if line.endswith(",") and "--" not in line] + lines[-1:]
    names = []
    for line in ends:
        named = _NAME.search(line)
        if not named or named[1] in names:
            raise ValueError(f"{where}: end this column in AS and a name of its own: {line.strip()}")
        names.append(named[1])
    return names


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
