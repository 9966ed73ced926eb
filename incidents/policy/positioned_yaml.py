"""YAML as people mean it, with the line of every key: no surprises, no bombs.

A small, safe part of YAML. Refused, each with its line and the cure: repeated keys (the last would silently
win), aliases and anchors (the billion-laughs bomb), tags (they make objects). Only `true`, `false`, `null`,
whole and decimal numbers have a meaning of their own; `no`, `on`, `12:30` and `2026-11-22` are text, and keys
are always text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

MAX_DEPTH = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """Something not accepted: where (a line counted from 1, the path of keys) and what to do."""

    line: int
    path: Path
    message: str


@dataclass(kw_only=True, slots=True)
class Document:
    """Plain data, and the line on which each path begins."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)

    def line_of(self, path: Path) -> int:
        """The line of the path, or of the nearest part of it that is in the text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    """SafeLoader with the resolver of a stricter YAML: what is not listed here is text."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?[0-9]{1,17}\.[0-9]{1,17}$"), list("-0123456789")
)


def read_yaml(text: str) -> Document:
    """The document, with all that is wrong about it in `wrong`. Raises nothing."""
    document = Document()
    try:
        document.wrong.extend(_refused(text))
        if not document.wrong:
            root = yaml.compose(text, Loader=_Loader)
            document.data = _plain(root, (), document) if root is not None else None
    except yaml.MarkedYAMLError as error:
        document.wrong.append(_syntax_error(text, error))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"character {error.character!r} is not allowed in YAML; remove it"
        document.wrong.append(Wrong(line=line, path=(), message=message))
    return document


def _refused(text: str) -> Iterator[Wrong]:
    """Aliases, anchors, tags and deep nesting, found before anything is built from them."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:  # at once: PyYAML's scanner is quadratic in the depth
            yield Wrong(line=line, path=(), message=f"it is nested deeper than {MAX_DEPTH} levels")
            return
        name, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if name is not None:
            yield Wrong(
                line=line,
                path=(),
                message=f"anchors and aliases (&{name}, *{name}) are not supported; write it out",
            )
        elif tag is not None:
            yield Wrong(line=line, path=(), message=f"the tag {tag[:60]!r} is not supported; remove it")


def _plain(node: yaml.Node, path: Path, document: Document) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), document) for index, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            document.wrong.append(Wrong(line=line, path=path, message="a key must be a word"))
            continue
        key = str(key_node.value)
        here = (*path, key)
        if key in result:
            message = f"{key!r} is there twice (first on line {document.lines[here]}); keep one"
            document.wrong.append(Wrong(line=line, path=here, message=message))
            continue
        document.lines[here] = line
        result[key] = _plain(value_node, here, document)
    return result


def _scalar(node: yaml.Node) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind == "bool":
        return node.value == "true"
    if kind == "null":
        return None
    if kind == "int":
        return int(node.value)
    if kind == "float":
        return float(node.value)
    return str(node.value)


def _syntax_error(text: str, error: yaml.MarkedYAMLError) -> Wrong:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 1
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())] or "\\t" in (error.problem or ""):
        return Wrong(line=line, path=(), message="a tab; YAML is indented with spaces only: replace it")
    what = " ".join(part for part in (error.context, error.problem) if part)
    return Wrong(line=line, path=(), message=f"not YAML: {what}; check indentation, colons and quotes")
