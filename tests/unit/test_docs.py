"""What the documents say of the code is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.provider_info import get_provider_info
from local_stack.paths import REPOSITORY

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "sandbox/*.md", "benchmarks/*.md", "plugins/*/*.md")
    for path in REPOSITORY.glob(pattern)
)
PROVIDER_README = REPOSITORY / "plugins" / "assemblyai_provider" / "README.md"
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?:`|^    )(?:[A-Z_]+=\S+ )*make ([a-z-]+)", document.read_text(), re.MULTILINE))
    assert named - TARGETS == set()


def test_the_dag_of_the_providers_readme_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    snippet = re.search(r"```python\n(.*?)```", PROVIDER_README.read_text(), re.DOTALL)
    assert snippet
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(snippet[1], "README.md", "exec"), names)
    assert callable(names["transcribe_a_call"])


def test_the_providers_readme_names_every_field_of_the_connection() -> None:
    readme = PROVIDER_README.read_text()
    fields = get_provider_info()["connection-types"][0]["conn-fields"]
    assert fields
    assert [name for name in fields if f"`{name}`" not in readme] == []
    assert AssemblyAIHook.conn_type in readme
