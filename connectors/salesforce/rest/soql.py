"""SOQL: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/ (quoted strings, date formats)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from incidents.errors import Refused

MOST_LETTERS = 400


def select(fields: str, source: str, where: str = "", *, order: str = "", limit: int = 0) -> str:
    """A query; what is empty is left out. Names are the settings', which are checked, and values are `quoted`."""
    parts = [f"SELECT {fields} FROM {source}"]  # noqa: S608
    parts += [f"WHERE {where}"] if where else []
    parts += [f"ORDER BY {order}"] if order else []
    parts += [f"LIMIT {limit}"] if limit else []
    return " ".join(parts)


def is_plain(value: str) -> bool:
    """Whether it can be a value in a query."""
    return 0 < len(value) <= MOST_LETTERS and value.isprintable()


def quoted(value: str) -> str:
    """A text as a literal. Raises `Refused` for one that no query can carry; it is not quoted in the error."""
    if not is_plain(value):
        raise Refused(
            "salesforce: a value for a query is empty, too long or has characters that cannot be shown"
        )
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def one_of(values: Iterable[str]) -> str:
    """Any of several texts, after the word IN."""
    return f"({','.join(quoted(value) for value in values)})"


def moment(at: datetime) -> str:
    """A time as a literal, of whole seconds; it has no quotes."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def all_of(*conditions: str) -> str:
    """All of the conditions; empty ones are left out."""
    return " AND ".join(one for one in conditions if one)
