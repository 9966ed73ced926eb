"""What changed since a time, by lists of tickets.

Without `updated_since` a list has only what was created within the last 30 days; with it every ticket, at most 300
pages, and neither deleted ones nor spam: these are in lists of their own (`filter=deleted`, `filter=spam`).
https://developers.freshdesk.com/api/#list_all_tickets
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.freshdesk.api import MOST_PAGES, PAGE, FreshdeskApi
from connectors.freshdesk.mapping import NAME
from connectors.kit.fields import any_text, utc_time
from incidents.errors import Unreachable

OVERLAP = timedelta(seconds=2)
"""Times are whole seconds, and nothing says whether "since" includes the second."""


async def changed_since(
    api: FreshdeskApi, since: datetime, *, among: str = ""
) -> AsyncIterator[dict[str, Any]]:
    """Rows, oldest change first, each state of a ticket once; a few from shortly before. `among` is a filter's name.

    Raises `Unreachable` rather than leave one out.
    """
    start = since - OVERLAP
    known: set[tuple[str, str]] = set()
    while True:
        newest, read, is_full = start, 0, False
        async for page in api.listed(_asked(start, among)):
            read, is_full = read + 1, len(page) >= PAGE
            for row in page:
                newest = max(newest, utc_time(row.get("updated_at"), of=NAME))
                state = (any_text(row.get("id")), any_text(row.get("updated_at")))
                if state not in known:
                    known.add(state)
                    yield row
            # By the time reached, not by a page's number: what changes meanwhile goes to the end, the rest moves up,
            # and there is no page 301.
            if is_full and newest - OVERLAP > start:
                break
        else:
            if read >= MOST_PAGES and is_full:
                raise Unreachable(
                    f"freshdesk: more than {read * PAGE} tickets changed within the same seconds; no list has them all"
                )
            return
        start = newest - OVERLAP


def _asked(start: datetime, among: str) -> dict[str, str]:
    asked = {
        "updated_since": start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "order_by": "updated_at",
        "order_type": "asc",
    }
    return {**asked, "filter": among} if among else asked
