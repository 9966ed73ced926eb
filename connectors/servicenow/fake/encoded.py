"""As much of encoded queries as the connector and its common client speak, with their ways.

A condition on a column that the table has not is left out, and what is left decides; with `is_strict` (the property
`glide.invalid_query.returns_no_rows`) no row is found then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

Row = dict[str, str]
Read = Callable[[Row, str], str | None]
"""A row's value in a column, perhaps of a record that it refers to; None for a column that is not there."""

_CONDITION = re.compile(
    r"(?P<column>[a-z][a-z0-9_.]*)"
    r"(?P<operator>ISEMPTY|ISNOTEMPTY|STARTSWITH|ENDSWITH|NOT IN|IN|LIKE|>=|<=|!=|=|>|<)(?P<value>.*)",
    re.DOTALL,
)
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda seen, value: seen.casefold() == value.casefold(),
    "!=": lambda seen, value: seen.casefold() != value.casefold(),
    "LIKE": lambda seen, value: value.casefold() in seen.casefold(),
    "STARTSWITH": lambda seen, value: seen.casefold().startswith(value.casefold()),
    "ENDSWITH": lambda seen, value: seen.casefold().endswith(value.casefold()),
    "IN": lambda seen, value: seen.casefold() in value.casefold().split(","),
    "NOT IN": lambda seen, value: seen.casefold() not in value.casefold().split(","),
    ">=": lambda seen, value: bool(seen) and seen >= value,
    "<=": lambda seen, value: bool(seen) and seen <= value,
    ">": lambda seen, value: bool(seen) and seen > value,
    "<": lambda seen, value: bool(seen) and seen < value,
    "ISEMPTY": lambda seen, _: not seen,
    "ISNOTEMPTY": lambda seen, _: bool(seen),
}


def found(
    rows: Sequence[Row],
    query: str,
    *,
    read: Read,
    knows: Callable[[str], bool],
    script: Callable[[str], str],
    is_strict: bool,
) -> list[Row]:
    """The rows that a query finds, in its order. `knows` says whether a column is there, `script` what a value that
    begins with `javascript:` comes to."""
    orders: list[tuple[str, bool]] = []
    groups: list[list[str]] = []
    for part in query.split("^") if query else []:
        if part.startswith("ORDERBY"):
            is_down = part.startswith("ORDERBYDESC")
            orders.append((part.removeprefix("ORDERBYDESC" if is_down else "ORDERBY"), is_down))
        elif part.startswith("OR") and groups:
            groups[-1].append(part.removeprefix("OR"))
        elif part:
            groups.append([part])
    is_broken = False
    kept = list(rows)
    for group in groups:
        tests = [_test(one, read, knows, script) for one in group]
        is_broken |= any(test is None for test in tests)
        usable = [test for test in tests if test is not None]
        if usable:
            kept = [row for row in kept if any(test(row) for test in usable)]
    if is_broken and is_strict:
        return []
    return _ordered(kept, orders, read)


def _test(
    part: str, read: Read, knows: Callable[[str], bool], script: Callable[[str], str]
) -> Callable[[Row], bool] | None:
    match = _CONDITION.fullmatch(part)
    if match is None or not knows(match["column"]):
        return None
    value = match["value"]
    if value.startswith("javascript:"):
        value = script(value.removeprefix("javascript:"))
    test, column = _TESTS[match["operator"]], match["column"]
    return lambda row: test(read(row, column) or "", value)


def _ordered(rows: list[Row], orders: Iterable[tuple[str, bool]], read: Read) -> list[Row]:
    for column, is_down in reversed(list(orders)):
        rows.sort(key=lambda row: read(row, column) or "", reverse=is_down)
    return rows
