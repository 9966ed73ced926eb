"""A ticket's audits, page by page, the newest first.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from connectors.kit.fields import items
from connectors.zendesk.calls import Get

PAGE = 100
# Zendesk refuses numbered pages beyond the hundredth:
# https://developer.zendesk.com/documentation/api-basics/pagination/comparing-cursor-pagination-and-offset-pagination/
MOST_PAGES = 100


async def audit_pages(get: Get, ticket_id: str, **params: str) -> AsyncIterator[dict[str, Any]]:
    """Ends with the last page, with one that has nothing, or where Zendesk numbers no more pages. Raises
    `incidents.errors`.
    """
    for page in range(1, MOST_PAGES + 1):
        data = await get(
            f"tickets/{ticket_id}/audits.json",
            sort_by="created_at",
            sort_order="desc",
            per_page=str(PAGE),
            page=str(page),
            **params,
        )
        yield data
        if not items(data.get("audits")) or not data.get("next_page"):
            return
