"""Who catches everything says why: the next reader cannot tell care from carelessness otherwise."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tests.shape.sources import PRODUCT, Breach, Source

_ALL = {"Exception", "BaseException"}
_FEWEST_WORDS = 3


def reasoned_excepts(sources: Iterable[Source]) -> Iterator[Breach]:
    """`except Exception` (and wider) without a comment of some words beside it, above it or right below it.

    What cleans up and passes everything on needs none: it ends in a bare `raise`.
    """
    for source in sources:
        if source.package not in PRODUCT:
            continue
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ExceptHandler) or not _catches_all(node) or _passes_on(node):
                continue
            if not _has_reason(source, node):
                text = "catches everything: name what can be raised, or say beside it why everything"
                yield Breach(source.path, node.lineno, text)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _ALL for kind in kinds)


def _passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _has_reason(source: Source, handler: ast.ExceptHandler) -> bool:
    beside = source.lines[handler.lineno - 1]
    above, below = source.lines[handler.lineno - 2], source.lines[handler.lineno]
    comments = [beside.partition("#")[2], *(line for line in (above, below) if line.lstrip().startswith("#"))]
    return any(_is_reason(comment) for comment in comments)


def _is_reason(comment: str) -> bool:
    """A waiver for the linter alone gives none."""
    words = [
        word for word in comment.replace("#", " ").replace(",", " ").split() if word not in {"noqa:", "-"}
    ]
    return len([word for word in words if not (word.isupper() or word.startswith("BLE"))]) >= _FEWEST_WORDS
