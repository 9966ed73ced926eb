"""As much of SOQL as the connector and its common client speak: fields, one level of subqueries, conditions joined by
AND, order, limit. What it does not know is malformed, as Salesforce says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(?P<number>-?\d+)"
    r"|(?P<word>[A-Za-z_][\w.]*(?:\(\))?)|(?P<sign>>=|<=|!=|[=<>(),]))"
)
_KEYWORDS = frozenset({"SELECT", "FROM", "WHERE", "AND", "ORDER", "BY", "ASC", "DESC", "LIMIT", "IN", "NOT"})


class Malformed(Exception):
    """MALFORMED_QUERY."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator` is one of SOQL's signs, or IN with a list as its value."""

    path: str
    operator: str
    value: Any


@dataclass(slots=True)
class Select:
    """One query; `subqueries` by what they stand for among the fields."""

    fields: list[str] = field(default_factory=list)
    subqueries: list[Select] = field(default_factory=list)
    source: str = ""
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None


def parse(soql: str) -> Select:
    """Raises `Malformed`."""
    tokens, at = [], 0
    while at < len(soql.rstrip()):
        found = _TOKEN.match(soql, at)
        if found is None or found.end() == at:
            raise Malformed(f"unexpected token: {soql[at : at + 20]!r}")
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
        at = found.end()
    reader = _Reader(tokens)
    query = reader.select()
    if not reader.is_at_end:
        raise Malformed(f"unexpected token: {reader.peek()!r}")
    return query


def matches(condition: Condition, value: Any) -> bool:
    """Whether a record's value fulfils it; texts are equal whatever their case."""
    if condition.operator in ("IN", "NOT IN"):
        is_in = _plain(value) in [_plain(one) for one in condition.value]
        return is_in == (condition.operator == "IN")
    asked, seen = _plain(condition.value), _plain(value)
    if condition.operator in ("=", "!="):
        return bool(seen == asked) == (condition.operator == "=")
    if seen is None or asked is None:
        return False
    compare: dict[str, Callable[[Any, Any], bool]] = {
        ">=": lambda one, other: bool(one >= other),
        "<=": lambda one, other: bool(one <= other),
        ">": lambda one, other: bool(one > other),
        "<": lambda one, other: bool(one < other),
    }
    return compare[condition.operator](seen, asked)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    return value


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def peek(self) -> str:
        return "" if self.is_at_end else self._tokens[self._at][1]

    def select(self) -> Select:
        query = Select()
        self._expect("SELECT")
        while True:
            if self._take("("):
                query.subqueries.append(self.select())
                self._expect(")")
            else:
                query.fields.append(self._name())
            if not self._take(","):
                break
        self._expect("FROM")
        query.source = self._name()
        if self._take("WHERE"):
            query.conditions.append(self._condition())
            while self._take("AND"):
                query.conditions.append(self._condition())
        if self._take("ORDER"):
            self._expect("BY")
            query.order.append(self._order())
            while self._take(","):
                query.order.append(self._order())
        if self._take("LIMIT"):
            query.limit = int(self._next("number"))
        return query

    def _order(self) -> tuple[str, bool]:
        name = self._name()
        is_down = self._take("DESC")
        if not is_down:
            self._take("ASC")
        return name, is_down

    def _condition(self) -> Condition:
        name = self._name()
        if self._take("NOT"):
            self._expect("IN")
            return Condition(name, "NOT IN", self._list())
        if self._take("IN"):
            return Condition(name, "IN", self._list())
        return Condition(name, self._next("sign"), self._value())

    def _list(self) -> list[Any]:
        self._expect("(")
        found = [self._value()]
        while self._take(","):
            found.append(self._value())
        self._expect(")")
        return found

    def _value(self) -> Any:
        kind, word = self._tokens[self._at] if not self.is_at_end else ("", "")
        self._at += 1
        match kind, word.casefold():
            case "text", _:
                return re.sub(r"\\(.)", r"\1", word[1:-1])
            case "time", _:
                return datetime.fromisoformat(word)
            case "number", _:
                return int(word)
            case "word", "true" | "false":
                return word.casefold() == "true"
            case "word", "null":
                return None
        raise Malformed(f"unexpected token: {word!r}")

    def _name(self) -> str:
        name = self._next("word")
        if name.upper() in _KEYWORDS:
            raise Malformed(f"unexpected token: {name!r}")
        return name

    def _next(self, kind: str) -> str:
        if self.is_at_end or self._tokens[self._at][0] != kind:
            raise Malformed(f"unexpected token: {self.peek()!r}")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _take(self, word: str) -> bool:
        if self.peek().upper() != word:
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise Malformed(f"expecting {word}, found {self.peek()!r}")
