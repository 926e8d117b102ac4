"""Builds the documentation site from the documents as they are, which a forge shows too.

A document outside docs/ becomes a page, and a link to another file of the repository becomes the file's name.
A link to a file that does not exist fails the build. A line that links to an example Dag becomes its source.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

REPOSITORY = Path(__file__).parents[2]
PROVIDER = "plugins/assemblyai_provider"

# Documents outside docs/, and the page that each becomes.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "sandbox/README.md": "sandbox.md",
    f"{PROVIDER}/README.md": "provider/index.md",
    f"{PROVIDER}/CHANGELOG.md": "provider/changelog.md",
}
# Modules that no Dag imports, although their names are public.
_NOT_FOR_DAGS = frozenset({"compat", "option_checks", "plugin", "provider_info"})
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_EXAMPLE = re.compile(r"^\[[^\]]*\]\(([^)]*example_dags/\w+\.py)\)$", re.MULTILINE)


def on_files(files: Any, config: Any) -> Any:
    """Add the documents outside docs/, and the reference of the provider's public modules."""
    for path, page in PAGES.items():
        files.append(File.generated(config, page, content=(REPOSITORY / path).read_text()))
    files.append(File.generated(config, "provider/reference.md", content=_reference()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Rewrite the links of a page, and show the sources of example Dags."""
    at = page.file.src_uri
    source = next((path for path, uri in PAGES.items() if uri == at), f"docs/{at}")
    markdown = _EXAMPLE.sub(lambda match: _example(source, match[1]), markdown)
    return _LINK.sub(lambda match: _rewrite(source, at, match), markdown)


def _rewrite(source: str, at: str, link: re.Match[str]) -> str:
    mark, text, target, anchor = link[1], link[2], link[3], link[4] or ""
    if not target or re.match(r"[a-z]+:", target):
        return link[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if not (REPOSITORY / path).exists() and path != "docs/provider/reference.md":
        raise PluginError(f"{source} links to {target}, which does not exist")
    uri = PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
    if uri is None or (REPOSITORY / path).is_dir():
        return text if "`" in text or text == path else f"{text} (`{path}`)"
    relative = posixpath.relpath(uri, posixpath.dirname(at) or ".")
    return f"{mark}[{text}]({relative}{anchor})"


def _example(source: str, target: str) -> str:
    path = REPOSITORY / posixpath.dirname(source) / target
    return f'```python title="{path.name}"\n{path.read_text()}```'


def _reference() -> str:
    names = sorted(
        path.stem
        for path in [*(REPOSITORY / PROVIDER).glob("[a-z]*.py"), REPOSITORY / PROVIDER / "operators"]
        if path.stem not in _NOT_FOR_DAGS
    )
    head = "# Reference\n\nWhat a Dag may import. Names that begin with `_` may change in any release.\n"
    return head + "".join(f"\n## {name}\n\n::: assemblyai_provider.{name}\n" for name in names)
