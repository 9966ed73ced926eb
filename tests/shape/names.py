"""One class name, one meaning: who reads `Report` must not have to ask which of three."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.shape.sources import PRODUCT, Breach, Source


def unique_class_names(sources: Iterable[Source]) -> Iterator[Breach]:
    """Public classes of the product that share their name with one before. Private ones stay in their module."""
    places: defaultdict[str, list[tuple[Source, ast.ClassDef]]] = defaultdict(list)
    for source in sources:
        if source.package in PRODUCT:
            for node in ast.walk(source.tree):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append((source, node))
    for name, found in sorted(places.items()):
        first = f"{found[0][0].path}:{found[0][1].lineno}"
        for source, node in found[1:]:
            yield Breach(
                source.path, node.lineno, f"class {name} is at {first} already: name each by what it means"
            )
