"""Checks transcript options before anything is uploaded."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.options import TranscriptOptions

MAX_LISTED_PROBLEMS = 5

_OPTIONS = TypeAdapter(TranscriptOptions)
_TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_GIVEN_ELSEWHERE = {"audio_url": "The recording is the operator's argument `recordings`."}
_NOT_A_MAPPING = "is not a mapping of names to values. Write one."
_UNKNOWN = ("extra_forbidden", "literal_error")


def check_options(options: object, place: str, *, allow_unknown: bool = False) -> None:
    """Raise ConfigurationError for options that AssemblyAI does not have, or with values of another type.

    The message names each with its cure and quotes no value. A value that is rendered later (a Jinja
    template, the output of a task) is passed over.

    :param place: the task and its argument, for the message.
    :param allow_unknown: pass over unknown names and values, such as those that AssemblyAI has added since.
    """
    if _is_rendered_later(options) or options is None:
        return
    if not isinstance(options, Mapping):
        raise ConfigurationError(f"{place}: {_NOT_A_MAPPING}")
    problems = [_describe(error) for error in _errors(options, allow_unknown)]
    if problems:
        listed = "; ".join(problems[:MAX_LISTED_PROBLEMS])
        more = len(problems) - MAX_LISTED_PROBLEMS
        raise ConfigurationError(f"{place}: {listed}" + (f" (and {more} more)" if more > 0 else ""))


def read_rendered_options(options: object, place: str, *, allow_unknown: bool = False) -> dict[str, Any]:
    """The options as they are sent, after rendering.

    A template gives text, which is read as its option's type.
    Empty text and the text `None` remove the option's default.
    Raises ConfigurationError as `check_options` does.
    """
    read = _parse(options) if isinstance(options, str) else options
    if read is None:
        return {}
    if not isinstance(read, Mapping):
        raise ConfigurationError(f"{place}: {_NOT_A_MAPPING}")
    values = _copy(read, place)
    for error in _errors(values, allow_unknown=True):
        if isinstance(error["input"], str):
            _replace(values, error["loc"], _parse(error["input"]))
    check_options(values, place, allow_unknown=allow_unknown)
    return values


def _copy(options: Mapping[str, Any], place: str) -> dict[str, Any]:
    try:
        copy = json.loads(json.dumps(dict(options), default=dict))
    except (TypeError, ValueError):
        raise ConfigurationError(f"{place}: holds a value that JSON does not have. Replace it.") from None
    return {name: None if value in ("", "None") else value for name, value in copy.items()}


def _errors(options: Mapping[str, Any], allow_unknown: bool) -> list[ErrorDetails]:
    try:
        _OPTIONS.validate_python(dict(options))
    except ValidationError as error:
        return [
            problem
            for problem in error.errors(include_url=False, include_context=True)
            if not _is_rendered_later(problem["input"])
            and not (allow_unknown and problem["type"] in _UNKNOWN)
        ]
    return []


def _is_rendered_later(value: object) -> bool:
    return bool(_TEMPLATE.search(value)) if isinstance(value, str) else hasattr(value, "iter_references")


def _describe(error: ErrorDetails) -> str:
    *outer, name = [str(part) for part in error["loc"]]
    full_name = ".".join([*outer, name])
    if error["type"] != "extra_forbidden":
        return f"{full_name!r}: {error['msg'].lower().replace('input should', 'should')}"
    if advice := _GIVEN_ELSEWHERE.get(full_name):
        return f"{full_name!r} is no option. {advice}"
    similar = difflib.get_close_matches(name.lower(), _names_beside(outer), n=1)
    advice = f"Rename it to {similar[0]!r}" if similar else "Remove it"
    return (
        f"{full_name!r}: there is no such option. {advice}, or set allow_unknown_options if AssemblyAI has it"
    )


def _names_beside(outer: list[str]) -> list[str]:
    """The names that are known where the unknown one stands."""
    schema: Any = _OPTIONS.json_schema()
    known = schema["properties"]
    for part in outer:
        text = json.dumps(known.get(part, {}))
        found = re.search(r"#/\$defs/(\w+)", text)
        known = schema["$defs"][found.group(1)]["properties"] if found else known if part.isdigit() else {}
    return list(known)


def _parse(text: str) -> Any:
    """The value of a rendered text, as JSON or as Python writes it; the text itself if it is neither."""
    if text.strip() in ("", "None"):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return text


def _replace(options: Any, path: tuple[int | str, ...], value: object) -> None:
    for part in path[:-1]:
        options = options[part]
    options[path[-1]] = value
