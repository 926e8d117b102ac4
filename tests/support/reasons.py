"""The reasons that the code writes into the ledger, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from assemblyai_provider import exceptions
from assemblyai_provider._client import audio_file
from assemblyai_provider.compat import AirflowFailException
from assemblyai_provider.exceptions import AssemblyAIError
from call_sentiment.costs.rooms import WAITS
from local_stack.paths import REPOSITORY

GAP = "…"
"""Stands for a name or a number in a reason."""

_PLUGINS = REPOSITORY / "plugins"
_SQL = _PLUGINS / "call_sentiment" / "sql"
# The modules that discover, submit and load a single call.
_FOLDERS = (
    *("assemblyai_provider/_client", "assemblyai_provider/_submission", "assemblyai_provider/models.py"),
    *("call_sentiment/channels.py", "call_sentiment/discovery", "call_sentiment/loading"),
)
# Errors that stop the whole task name no call: their text is in the log only.
_ERRORS = {
    name
    for name, error in vars(exceptions).items()
    if isinstance(error, type)
    and issubclass(error, AssemblyAIError)
    and not issubclass(error, AirflowFailException)
}
# What takes a reason: errors whose text is stored, and functions.
_TAKERS = _ERRORS | {
    *("SidecarError", "ChannelsError", "UnstorableError", "TranscriptFailure", "cls", "kind"),
    *("refuse_recording", "_refuse", "_refusal", "explain", "give_up"),
}
# Functions that return a reason, and names of constants that are one.
_RETURNING = frozenset({"explain", "_id_is_taken"})
_CONSTANTS = frozenset({"_GIVEN_UP", "CHANGED"})
_HAS_WORDS = re.compile(r"[A-Za-z]{3,}")


def find_reasons() -> set[str]:
    """Each reason once, with GAP for what is not known before it happens."""
    found = {WAITS, *(error.__name__ for error in audio_file._UNREADABLE)}
    for folder in _FOLDERS:
        path = _PLUGINS / folder
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(_in_module(file))
    return {reason for reason in found | set(_in_sql()) if _HAS_WORDS.search(reason)}


def _in_module(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in _TAKERS:
            for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
                yield from _texts(value, assigned)
        elif isinstance(node, ast.FunctionDef) and node.name in _RETURNING:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from _texts(inner.value, assigned)
    for name in _CONSTANTS & assigned.keys():
        yield from _texts(assigned[name], assigned)


def _texts(node: ast.expr, assigned: dict[str, ast.expr]) -> Iterator[str]:
    """The text of an expression; none where it passes on what another place says."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            part.value if isinstance(part, ast.Constant) else _inner(part, assigned) for part in node.values
        )
    elif isinstance(node, ast.BinOp):
        yield "".join(next(_texts(side, assigned), GAP) for side in (node.left, node.right))
    elif isinstance(node, ast.BoolOp | ast.List):
        for value in node.values if isinstance(node, ast.BoolOp) else node.elts:
            yield from _texts(value, assigned)
    elif isinstance(node, ast.Call) and _name(node.func) == "join":
        yield from _texts(node.args[0], assigned)
    elif isinstance(node, ast.Name) and node.id in assigned:
        yield from _texts(assigned[node.id], {})


def _inner(part: ast.expr, assigned: dict[str, ast.expr]) -> str:
    value = part.value if isinstance(part, ast.FormattedValue) else part
    return next(_texts(value, assigned), GAP) if isinstance(value, ast.Name) and value.id.isupper() else GAP


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _in_sql() -> Iterator[str]:
    """The reasons of the view of calls and of the formulas."""
    schema, formulas = (
        (_SQL / "schema.sql").read_text(),
        (_SQL / "scoring" / "score_transcripts.sql").read_text(),
    )
    view = re.search(r"CREATE VIEW call_sentiment\.call_overview AS(.*?);\n", schema, re.DOTALL)
    assert view
    case = re.search(r"'same recording as call.*?AS reason", view[1], re.DOTALL)
    review = re.search(r"SELECT concat_ws\('; ',(.*?)\) AS reason", formulas, re.DOTALL)
    assert case
    assert review
    for part in (case[0], review[1]):
        for literal in re.findall(r"'([^']*)'", part):
            if " " in literal and "language:" not in literal:
                yield literal + GAP
