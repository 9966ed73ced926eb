"""The project's documents, and what in them can be proven.

A parser of our own, of a few lines: a tool such as sybil runs Python blocks, and ours are policies, settings and
commands, which only the policy's loader, the vendors' settings and the command line itself can judge.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]

_FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Shown:
    """Something a document shows. `place` is file and line, for whoever has to mend it."""

    place: str
    text: str
    language: str = ""

    def __str__(self) -> str:
        return self.place


@dataclass(frozen=True)
class Document:
    """A Markdown file; `name` is relative to the project's folder."""

    name: str
    text: str

    def blocks(self) -> Iterator[Shown]:
        """Fenced blocks, each with its language; drawings and tables of figures have none."""
        for found in _FENCE.finditer(self.text):
            yield Shown(self._place(found.start()), textwrap.dedent(found[3]), found[2].strip())

    def spans(self) -> Iterator[Shown]:
        """Code within the text."""
        for found in _CODE.finditer(self._without_blocks()):
            yield Shown(self._place(found.start()), found[1])

    def links(self) -> Iterator[Shown]:
        """Where the text leads."""
        for found in _LINK.finditer(self._without_blocks()):
            yield Shown(self._place(found.start()), found[1])

    def _place(self, at: int) -> str:
        return f"{self.name}:{self.text.count(chr(10), 0, at) + 1}"

    def _without_blocks(self) -> str:
        """The same text, with as many lines and letters, so that places stay right."""
        return _FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), self.text)


def documents() -> list[Document]:
    """README, CONTRIBUTING, all of docs, and each folder's README."""
    files = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    for package in ("incidents", "insights", "connectors", "tasks", "flows", "deployments", "bench"):
        files += sorted((PROJECT / package).rglob("*.md"))
    return [
        Document(file.relative_to(PROJECT).as_posix(), file.read_text(encoding="utf-8")) for file in files
    ]


def blocks(language: str) -> list[Shown]:
    """Every document's blocks in one language."""
    return [shown for document in documents() for shown in document.blocks() if shown.language == language]


def lines_of_commands(program: str) -> list[Shown]:
    """Every use of a program, in the text and in shell blocks, without its name, comment or redirection."""
    found = []
    for document in documents():
        texts = [(shown.place, shown.text) for shown in document.spans()]
        for block in document.blocks():
            if block.language == "sh":
                texts += [(block.place, line) for line in block.text.splitlines()]
        for place, text in texts:
            match = re.match(rf"(?:\$ )?(?:[\w.]+/)*{program}(?: ([^#>|]*))?(?:$|[#>|])", text)
            if match is not None:
                found.append(Shown(place, (match[1] or "").strip()))
    return found
