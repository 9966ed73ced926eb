"""Which comments and pages' notes were acted upon: by the ticket or page and their own id, once and for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.events import PageEvent
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
    fresh = await _mark(
        connection,
        [(ref.connection, ref.id, comment_id) for ref, comment_id in by_key if comment_id],
        now=now,
    )
    found: dict[TicketRef, list[Comment]] = {}
    for (ref, comment_id), one in by_key.items():
        if comment_id and (ref.connection, ref.id, comment_id) not in fresh:
            continue
        found.setdefault(ref, []).append(one.comment)
    return found


async def first_noted(
    connection: AsyncConnection, notes: Iterable[PageEvent], *, now: datetime
) -> set[tuple[str, str, str]]:
    """Those of the notes that were not heard before, marked as heard: by connection, page and the note's id."""
    keys = {(note.connection, note.page_id, note.note_id) for note in notes if note.note_id}
    return await _mark(connection, keys, now=now)


async def _mark(
    connection: AsyncConnection, keys: Collection[tuple[str, str, str]], *, now: datetime
) -> set[tuple[str, str, str]]:
    if not keys:
        return set()
    # Always in one order, as tickets are: two transactions with the same comments take turns.
    rows = sorted(keys)
    columns = (comments_heard.c.connection, comments_heard.c.ticket_id, comments_heard.c.comment_id)
    inserted = await connection.execute(
        insert(comments_heard)
        .values(
            [
                {"connection": name, "ticket_id": about, "comment_id": said, "heard_at": now}
                for name, about, said in rows
            ]
        )
        .on_conflict_do_nothing()
        .returning(*columns)
    )
    return {(row.connection, row.ticket_id, row.comment_id) for row in inserted}
