"""Every public function, method and class says what its signature cannot: meaning, units, errors.

What is told elsewhere is not told twice: see `EXCEPTIONS`. That a docstring is worth reading, no program can tell.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.shape.sources import PRODUCT, Breach, Source

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef


@dataclass(frozen=True)
class Definition:
    """Something public. `name` is dotted within its file: `Zendesk.read`."""

    source: Source
    name: str
    node: _Definition
    bases: tuple[str, ...] = ()
    """The base classes of the class it is a method of, as they are written."""


@dataclass(frozen=True)
class Exemption:
    """What needs no docstring, and why. Each pattern given must match the whole: `base` any of the bases."""

    reason: str
    path: str = ".*"
    name: str = ".*"
    base: str | None = None

    def covers(self, one: Definition) -> bool:
        """Whether this is a reason for that definition."""
        return (
            re.fullmatch(self.path, one.source.path) is not None
            and re.fullmatch(self.name, one.name) is not None
            and (self.base is None or any(re.fullmatch(self.base, base) for base in one.bases))
        )


EXCEPTIONS = (
    Exemption(name=r"\w+\.aclose", reason="closes what the object has opened, wherever it is"),
    Exemption(
        base=r"httpx\.(AsyncBaseTransport|Auth)",
        name=r"\w+\.(handle_async_request|auth_flow)",
        reason="httpx tells what it calls them for",
    ),
    Exemption(
        base=r"HttpToolsProtocol|asyncio\.Protocol",
        name=r"\w+\.(connection_(made|lost)|data_received|on_\w+|(pause|resume)_writing)",
        reason="asyncio and httptools tell when they call them",
    ),
    Exemption(
        path=r"insights/\w+/learner\.py",
        name=r"\w+\.(title|metric|usable|came_in|cases|groups|learn|ask|baseline|right|describe)",
        reason="`insights.training.contest.Learner` tells",
    ),
    Exemption(
        path=r"insights/\w+/insight\.py",
        name=r"\w+\.(kind|mode|settle|subjects|history|learner|model_class|expectations|watched)",
        reason="`insights.contract.Insight` and `TrainedInsight` tell",
    ),
    Exemption(
        path=r"incidents/store/migrations/versions/\w+\.py",
        name="upgrade|downgrade",
        reason="Alembic calls them, and the module opens with what they change",
    ),
    Exemption(base=r"uvicorn\.Server", name=r"\w+\.capture_signals", reason="uvicorn tells"),
    Exemption(base=r"BaseWorker.*", name=r"\w+\.run", reason="Prefect tells"),
)


def documented(sources: Iterable[Source], exceptions: Iterable[Exemption] = EXCEPTIONS) -> Iterator[Breach]:
    """Public definitions of the product without a docstring, which no exception covers.

    A method needs none where a base class of the project has one for it: a connector's `read` is told by the port.
    """
    product = [source for source in sources if source.package in PRODUCT]
    for source in product:
        if ast.get_docstring(source.tree) is None and source.text.strip():
            yield Breach(source.path, 1, "a module opens with what it is, in the trade's words")
    waived = tuple(exceptions)
    for one in without_words(product):
        if not any(each.covers(one) for each in waived):
            text = f"{one.name} has no docstring: meaning, units, errors"
            yield Breach(one.source.path, one.node.lineno, text)


def without_words(sources: Sequence[Source]) -> Iterator[Definition]:
    """Public definitions that have no docstring, neither theirs nor one of a base class of ours."""
    told = _Told(sources)
    for source in sources:
        for one in _public(source):
            if ast.get_docstring(one.node) is None and not told.by_a_base(one):
                yield one


class _Told:
    """Which methods the project's own classes have words for, theirs or a base's."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._classes: dict[str, ast.ClassDef] = {}
        for source in sources:
            for node in ast.walk(source.tree):
                if isinstance(node, ast.ClassDef):
                    self._classes.setdefault(node.name, node)

    def by_a_base(self, one: Definition) -> bool:
        """Whether a class above has a docstring for the method."""
        method = one.name.rpartition(".")[2]
        waiting, seen = list(one.bases), set[str]()
        while waiting:
            base = waiting.pop().partition("[")[0].rpartition(".")[2]
            if base in seen or base not in self._classes:
                continue
            seen.add(base)
            node = self._classes[base]
            if any(
                isinstance(member, _Function) and member.name == method and ast.get_docstring(member)
                for member in node.body
            ):
                return True
            waiting += _bases(node)
        return False


def _public(source: Source) -> Iterator[Definition]:
    for node in source.tree.body:
        if not isinstance(node, _Definition) or node.name.startswith("_"):
            continue
        yield Definition(source, node.name, node)
        if isinstance(node, ast.ClassDef):
            bases = tuple(_bases(node))
            for member in node.body:
                if isinstance(member, _Definition) and not member.name.startswith("_"):
                    yield Definition(source, f"{node.name}.{member.name}", member, bases)


def _bases(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base) for base in node.bases]
