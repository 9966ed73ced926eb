"""A ticket's audits, page by page, the newest first.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from connectors.kit.fields import items, record, records
from connectors.kit.pagination import ByNumber, pages
from connectors.zendesk.calls import Get
from connectors.zendesk.mapping import ONCE, PRIVATE

PAGE = 100
# Zendesk refuses numbered pages beyond the hundredth:
# https://developer.zendesk.com/documentation/api-basics/pagination/comparing-cursor-pagination-and-offset-pagination/
MOST_PAGES = 100
_BY_NUMBER: ByNumber[dict[str, Any]] = ByNumber(
    has_more=lambda data: bool(items(data.get("audits")) and data.get("next_page"))
)


async def audit_pages(get: Get, ticket_id: str, **params: str) -> AsyncIterator[dict[str, Any]]:
    """Ends with the last page, with one that has nothing, or where Zendesk numbers no more pages. Raises
    `incidents.errors`.
    """
    asked = {"sort_by": "created_at", "sort_order": "desc", "per_page": str(PAGE), **params}
    path = f"tickets/{ticket_id}/audits.json"

    async def read(path: str, params: dict[str, str]) -> dict[str, Any]:
        return await get(path, **params)

    async for data in pages(read, path, asked, by=_BY_NUMBER, most=MOST_PAGES, stops_at_most=True):
        yield data


def carries(audit: Any, once: str) -> bool:
    """Whether this audit is of the update made with `once`."""
    return record(record(record(audit).get("metadata")).get("custom")).get(ONCE) == once


def is_of_a_note(audit: Any) -> bool:
    """Whether this audit is of a note of ours, which is for colleagues only."""
    return record(record(record(audit).get("metadata")).get("custom")).get(PRIVATE) is True


def comment_of(audit: Any) -> dict[str, Any]:
    """The comment that an audit tells of, an empty one if it tells of none."""
    found = (event for event in records(record(audit).get("events")) if event.get("type") == "Comment")
    return next(found, {})
