"""Which comments were acted upon: by the ticket and the comment's own id, once and for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import Comment, TicketRef
from incidents.store.schema.tables import comments_heard


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketComment:
    """A comment on a ticket."""

    ref: TicketRef
    comment: Comment


async def first_heard(
    connection: AsyncConnection, said: Iterable[TicketComment], *, now: datetime
) -> Mapping[TicketRef, Sequence[Comment]]:
    """Those of the comments that were not heard before, marked as heard; of one told twice the later telling.

    One without an id cannot be recognised, and is heard each time.
    """
    by_key = {(one.ref, one.comment.id): one for one in said}
    fresh = await _mark(connection, [key for key in by_key if key[1]], now=now)
    found: dict[TicketRef, list[Comment]] = {}
    for (ref, comment_id), one in by_key.items():
        if comment_id and (ref.connection, ref.id, comment_id) not in fresh:
            continue
        found.setdefault(ref, []).append(one.comment)
    return found


async def _mark(
    connection: AsyncConnection, keys: Sequence[tuple[TicketRef, str]], *, now: datetime
) -> set[tuple[str, str, str]]:
    if not keys:
        return set()
    # Always in one order, as tickets are: two transactions with the same comments take turns.
    rows = sorted((ref.connection, ref.id, comment_id) for ref, comment_id in keys)
    columns = (comments_heard.c.connection, comments_heard.c.ticket_id, comments_heard.c.comment_id)
    inserted = await connection.execute(
        insert(comments_heard)
        .values(
            [
                {"connection": name, "ticket_id": ticket, "comment_id": comment, "heard_at": now}
                for name, ticket, comment in rows
            ]
        )
        .on_conflict_do_nothing()
        .returning(*columns)
    )
    return {(row.connection, row.ticket_id, row.comment_id) for row in inserted}
