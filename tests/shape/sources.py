"""The project's Python files, parsed once, as the rules see them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PRODUCT = ("incidents", "insights", "connectors", "blocks", "tasks", "flows", "deployments")
"""The packages that are installed at a user's."""

REST = ("tests", "bench")


@dataclass(frozen=True)
class Source:
    """One file. `path` is relative to the project's folder, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Raises `SyntaxError`."""
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def lines(self) -> list[str]:
        """Without their ends; line 1 is at index 0."""
        return self.text.splitlines()

    @property
    def package(self) -> str:
        """The topmost folder."""
        return self.path.partition("/")[0]

    @property
    def folder(self) -> str:
        """The folder that the file is in."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, order=True)
class Breach:
    """A place where a rule is not kept, with the cure. `line` counts from 1; 0 is the file or folder as a whole."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


def read_sources(project: Path) -> list[Source]:
    """Every Python file of the project, in the order of their paths."""
    return list(_read(project))


def _read(project: Path) -> Iterator[Source]:
    for package in (*PRODUCT, *REST):
        for file in sorted((project / package).rglob("*.py")):
            yield Source(path=file.relative_to(project).as_posix(), text=file.read_text(encoding="utf-8"))
