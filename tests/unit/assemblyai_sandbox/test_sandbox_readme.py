"""The sandbox's README agrees with the code."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from assemblyai_sandbox import faults
from assemblyai_sandbox.__main__ import parser
from assemblyai_sandbox.outcomes import Outcome
from assemblyai_sandbox.routes import control
from assemblyai_sandbox.settings import DEFAULT_API_KEY, PRESETS, Settings

HERE = Path(__file__).parent
README = (HERE.parents[2] / "sandbox" / "README.md").read_text()
SETTINGS = {field.name for field in fields(Settings)}


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose header line contains the text."""
    lines = README.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|") and heading in line)
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_limits_come_first() -> None:
    headings = re.findall(r"^## (.*)$", README, re.MULTILINE)

    assert headings[0] == "What it does not do"


def test_every_fault_is_in_the_table_and_no_other() -> None:
    assert sorted(quoted(row[0])[0] for row in table("Kind")) == sorted(faults.KINDS)
    for endpoint in faults.ENDPOINTS:
        assert f"`{endpoint}`" in README


def test_the_table_has_the_values_of_the_presets() -> None:
    documented = {quoted(name)[0]: {"spec": spec, "docs": docs} for name, spec, docs in table("Setting")}

    for preset, values in PRESETS.items():
        assert {name: str(value) for name, value in values.items()} == {
            name: documented[name][preset] for name in documented
        }


def test_the_readme_has_exactly_the_options_of_the_command() -> None:
    documented = {name for row in table("Option") for name in quoted(row[0])}
    options = {action.option_strings[-1] for action in parser()._actions} - {"--help"}

    assert documented == options
    assert f"key: {DEFAULT_API_KEY}" in README


def test_the_readme_has_exactly_the_controls() -> None:
    documented = {name for row in table("Control") for name in quoted(row[0])}
    routes = {
        f"{method} {route.path}"
        for route in control.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }

    assert documented == routes


def test_the_readme_has_every_key_of_an_outcome() -> None:
    assert [name for name in Outcome.__dataclass_fields__ if f"`{name}`" not in README] == []


@pytest.mark.parametrize("row", table("Behaviour"), ids=lambda row: row[0])
def test_the_switches_of_a_behaviour_exist_and_are_tested(row: list[str]) -> None:
    _, _, switches, test = row
    code = (HERE / quoted(test)[0]).read_text()

    for switch in quoted(switches):
        if switch.startswith("/_sandbox/"):
            # Tests use the controls through methods of SandboxServer.
            assert switch.removeprefix("/_sandbox/").removesuffix("s") in code
        else:
            assert switch in SETTINGS or switch in faults.KINDS
            assert switch in "".join(path.read_text() for path in HERE.glob("test_sandbox_[!r]*.py")) + code


def test_the_readme_has_every_setting() -> None:
    elsewhere = {"rate_limit_status", "unknown_id_status"}
    documented = {name for row in table("Behaviour") for name in quoted(row[2])} | elsewhere

    assert sorted(SETTINGS - documented) == []
