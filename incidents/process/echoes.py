"""What we wrote on the tickets and pages that something came in about, read for those who tell echoes from changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.decisions.sync import PageNews
from incidents.decisions.written.echoes import OurWrites, less_echoes, noted_on, our_doings, with_our_notes
from incidents.effects import WrittenField
from incidents.events import Event, PageEvent
from incidents.models import TicketRef
from incidents.step import Step
from incidents.store.comments import first_noted
from incidents.store.ledger.written import written_on


async def our_writes(step: Step, refs: Sequence[TicketRef]) -> OurWrites:
    """What we wrote on these tickets so far, in one statement."""
    fields = (WrittenField.TICKET_STATUS, WrittenField.TICKET_WORDS)
    found = await written_on(step.connection, [(ref.connection, ref.id) for ref in refs], *fields)
    by_field = {
        field: {
            TicketRef(connection=connection, id=name): [write for write in written if write.field is field]
            for (connection, name), written in found.items()
        }
        for field in fields
    }
    return OurWrites(
        statuses=by_field[WrittenField.TICKET_STATUS],
        words=by_field[WrittenField.TICKET_WORDS],
        rules=step.policy.sync,
    )


async def without_echoes(tx: AsyncConnection, events: Sequence[Event], *, now: datetime) -> tuple[Event, ...]:
    """The events that may be news."""
    written = await written_on(tx, our_doings(events), WrittenField.TICKET_STATUS, WrittenField.TICKET_WORDS)
    return less_echoes(events, written, now=now)


async def newly_noted(step: Step, pages: Sequence[PageNews]) -> list[PageNews]:
    """The news of pages without the notes that were heard before, and with our own notes marked as ours."""
    tx = step.connection
    notes = [event for news in pages for event in news.events if event.note_id]
    fresh = await first_noted(tx, notes, now=step.now)
    pages = [
        replace(news, events=tuple(event for event in news.events if _is_fresh(event, fresh)))
        for news in pages
    ]
    written = await written_on(tx, noted_on(pages), WrittenField.PAGE_WORDS)
    return with_our_notes(pages, written) if written else pages


def _is_fresh(event: PageEvent, fresh: set[tuple[str, str, str]]) -> bool:
    """Whatever has no id cannot be recognised."""
    return not event.note_id or (event.connection, event.page_id, event.note_id) in fresh
