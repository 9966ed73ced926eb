"""Reads what was written on a ticket since a time, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.zendesk.calls import Get
from connectors.zendesk.comments.mapping import comments_from, is_older
from connectors.zendesk.mapping import ticket_id_from
from incidents.errors import NotFound
from incidents.models import Comment, Ticket


async def read_comments(
    get: Get, ticket: Ticket, *, own_user_id: str | None, since: datetime
) -> Sequence[Comment]:
    """In the order of their times; newest pages of audits first until they are older. Zendesk's whole seconds count.

    Nothing for a ticket that is not there (any more). Raises `incidents.errors` for other failures.
    """
    since = since.replace(microsecond=0)
    found: list[Comment] = []
    page = 1
    while ticket_id_from(ticket.ref.id) is not None:
        try:
            data = await get(
                f"tickets/{ticket.ref.id}/audits.json",
                include="users",
                sort_by="created_at",
                sort_order="desc",
                per_page="100",
                page=str(page),
            )
        except NotFound:
            break
        found += comments_from(data, ticket, own_user_id=own_user_id, since=since)
        if is_older(data, since) or not data.get("next_page"):
            break
        page += 1
    # Newest first as they come: of two in one second the later one is the later one.
    found.reverse()
    found.sort(key=lambda comment: comment.at)
    return found
