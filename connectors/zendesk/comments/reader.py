"""Reads what was written on a ticket since a time, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.zendesk.calls import Get
from connectors.zendesk.comments.audits import audit_pages
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
    if ticket_id_from(ticket.ref.id) is None:
        return found
    try:
        async for page in audit_pages(get, ticket.ref.id, include="users"):
            found += comments_from(page, ticket, own_user_id=own_user_id, since=since)
            if is_older(page, since):
                break
    except NotFound:
        pass
    # Newest first as they come: of two in one second the later one is the later one.
    found.reverse()
    found.sort(key=lambda comment: comment.at)
    return found
