"""Encoded queries: https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html (`sysparm_query`).

A caret separates conditions, and a value that begins with `javascript:` is run as a script. So what goes into a query
is plain, or is `Refused`. A condition on a column that is not there is left out by the instance, and every row comes
back (unless its property `glide.invalid_query.returns_no_rows` is set): so `ServiceNowApi.page` looks at each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from incidents.errors import Refused

_SYS_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
MOST_LETTERS = 400
OURSELVES = "sys_id=javascript:gs.getUserID()"
"""Whoever is asking, in the table of users; the idiom of ServiceNow's own documentation."""


def id_from(value: object) -> str | None:
    """A record's id as `sys_id` has it, or None for what cannot be one; ids go into paths."""
    return value if isinstance(value, str) and _SYS_ID.fullmatch(value) else None


def is_plain(value: str) -> bool:
    """Whether it means itself in a query."""
    return (
        0 < len(value) <= MOST_LETTERS
        and "^" not in value
        and value.isprintable()
        and value == value.strip()
        and not value.casefold().startswith("javascript:")
    )


def condition(column: str, operator: str, value: str) -> str:
    """One condition. Raises `Refused` for a value that would mean more than itself; it is not quoted."""
    if not is_plain(value):
        raise Refused(f"servicenow: a value for {column} has characters that no query can carry")
    return f"{column}{operator}{value}"


def one_of(column: str, values: Iterable[str]) -> str:
    """Any of several values; none of them with a comma."""
    words = list(values)
    if any("," in word for word in words):
        raise Refused(f"servicenow: a value for {column} has a comma")
    for word in words:
        condition(column, "IN", word)
    return f"{column}IN{','.join(words)}"


def at_or_after(column: str, at: datetime) -> str:
    """From this second on. A time in a query is UTC and names no zone, whatever the zone of the user who asks."""
    return f"{column}>={at.astimezone(UTC).strftime('%Y-%m-%d %H:%M:%S')}"


def both(*parts: str) -> str:
    """All of the conditions, and how to order; empty ones are left out."""
    return "^".join(part for part in parts if part)
