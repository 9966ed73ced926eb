"""One class name, one meaning: who reads `Report` must not have to ask which of three; nor what `T` stands for."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.shape.sources import PRODUCT, Breach, Source

_TYPE_VARIABLES = {"TypeVar", "ParamSpec", "TypeVarTuple", "NewType"}


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


def named_type_variables(sources: Iterable[Source]) -> Iterator[Breach]:
    """Type variables of one letter: a signature is read before its body."""
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and _called(node.func) in _TYPE_VARIABLES and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str) and len(name.value) == 1:
                    text = f"type variable {name.value!r}: name it by what it stands for, as `Capability`"
                    yield Breach(source.path, node.lineno, text)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
