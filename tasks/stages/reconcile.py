"""Finding what lost webhooks did not tell: a helpdesk is asked for everything that changed since last time.

Helpdesks' lists hide endings: what was deleted or merged is in no search of Request Tracker's or Zammad's. So tickets
that are open as far as we know are read one by one as well, a twelfth of them each time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from incidents.errors import NotAllowed, Refused
from incidents.events import TicketEvent
from incidents.models import Departure, Ticket, TicketRef
from incidents.ports import Helpdesk
from incidents.store.inbox.cursors import Cursor, mark_reached, move_cursor, read_place
from incidents.store.ledger.effects import changed_by_us
from incidents.store.tickets import known_tickets, open_tickets
from tasks import resources
from tasks.insights.learnt_routes import what_is_learnt
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task
from tasks.stages.commit_intake import Handled, take_in
from tasks.stages.customers import with_tiers
from tasks.stages.missed import LookedAt, MissedChange, missed_changes
from tasks.stages.replies import Replies, replies_since

# Helpdesks' exports lag (Zendesk's by a minute) and clocks differ: look back a little further than last time.
OVERLAP = timedelta(minutes=5)
FIRST_LOOK = timedelta(hours=1)
CHUNK = 50
"""So many tickets are taken in at a time: a worker that dies, or a limit that is reached, costs no more of a look."""
# Each open ticket is read once an hour, as `reconcile` looks every five minutes.
_PARTS, _PART = 12, timedelta(minutes=5)
_ONE_BY_ONE = 50
_BELIEVED = 3
"""So many may be gone at once; more than half of more than that is rather a right that we have lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What became of the tickets of one look, and what of it no webhook had told."""

    handled: Handled
    looked_at: LookedAt


@dataclass(slots=True)
class _Look:
    """A look at one helpdesk under way, which began, or goes on where an earlier one ended, at `place`."""

    connection: str
    place: Cursor
    handled: Handled = field(default_factory=Handled)
    missed: list[MissedChange] = field(default_factory=list)
    seen: set[TicketRef] = field(default_factory=set)

    async def take(
        self, changed: Sequence[Ticket], gone: Sequence[TicketEvent] = (), *, reached: datetime | None = None
    ) -> None:
        """Take these in, note what of them is news and, with them, how far the list was read."""
        chunk = await with_tiers(changed)
        refs = [*(ticket.ref for ticket in chunk), *(event.ref for event in gone)]
        self.seen.update(refs)
        basis = resources.basis()
        learnt = await what_is_learnt(chunk, basis)
        replies = await replies_since(chunk, self.place.since - OVERLAP)
        async with resources.transaction(basis) as step:
            tx = step.connection
            before = await known_tickets(tx, refs)
            ours = await changed_by_us(tx, {ticket.ref: ticket.updated_at for ticket in chunk})
            said = Replies(events=(*gone, *replies.events), looks=replies.looks)
            self.handled = self.handled.plus(await take_in(step, chunk, (), learnt, said))
            after = await known_tickets(tx, refs)
            shown = [*chunk, *(before[event.ref].ticket for event in gone if event.ref in before)]
            if reached is not None:
                self.place = replace(self.place, reached=max(reached, self.place.listed))
                await mark_reached(tx, self.connection, self.place)
            self.missed += missed_changes(before, after, shown, ours, now=step.now)


@task(name="reconcile helpdesk", task_run_name="reconcile {connection}", **OUTSIDE_CALL)
async def reconcile_helpdesk(connection: str) -> Reconciled | None:
    """Take in every ticket that changed since the last look, and the ends of those that no list shows. None for a
    source that cannot be asked.

    A look that was cut off goes on where it was: were it begun anew each time, workers that die every minute would
    never let it come to its end, and each would take the helpdesk's limit for the same tickets.
    """
    try:
        helpdesk = await resources.connect(connection, Helpdesk)
    except Refused:
        return None
    began = resources.utc_now()
    async with resources.database().transaction() as tx:
        place = await read_place(tx, connection) or Cursor(since=began - FIRST_LOOK)
    look = _Look(connection=connection, place=place)
    async for changed in _chunks(helpdesk, place.listed - OVERLAP):
        await look.take(changed, reached=_place(changed, began))
    await _read_open_ones(helpdesk, look, began)
    async with resources.database().transaction() as tx:
        await move_cursor(tx, connection, began)
    looked_at = LookedAt(connection=connection, looked=len(look.seen), missed=tuple(look.missed))
    return Reconciled(handled=look.handled, looked_at=looked_at)


async def _read_open_ones(helpdesk: Helpdesk, look: _Look, now: datetime) -> None:
    """Raises `NotAllowed` where so many are not shown any more that it must be us who may not see them."""
    part = int(now.timestamp() // _PART.total_seconds()) % _PARTS
    async with resources.database().transaction() as tx:
        refs = await open_tickets(tx, look.connection, part=part, parts=_PARTS, at_most=_ONE_BY_ONE)
    asked = [ref for ref in refs if ref not in look.seen]
    if not asked:
        return
    try:
        found = await helpdesk.read([ref.id for ref in asked])
    except NotAllowed:
        raise
    except Refused:
        return  # it has no call for reading
    shown = {ticket.ref for ticket in found}
    gone = [TicketEvent(ref=ref, at=now, gone=Departure.DELETED) for ref in asked if ref not in shown]
    if len(gone) > _BELIEVED and 2 * len(gone) > len(asked):
        raise NotAllowed(
            f"{look.connection}: {len(gone)} of {len(asked)} open tickets are not shown to us any more; check the "
            "rights of the connection's user"
        )
    await look.take(found, gone)


def _place(changed: Sequence[Ticket], began: datetime) -> datetime | None:
    """How far an oldest-first list was read. A ticket that is read by itself after it was listed shows a change from
    meanwhile: taken for the place, it would pass over all that is listed between. So what changed about when the look
    began, by clocks that differ, tells nothing; the next look goes back as far anyhow."""
    settled = (ticket.updated_at for ticket in changed if ticket.updated_at <= began - OVERLAP)
    return max(settled, default=None)


async def _chunks(helpdesk: Helpdesk, since: datetime) -> AsyncIterator[Sequence[Ticket]]:
    chunk: dict[str, Ticket] = {}
    async for ticket in helpdesk.changed_since(since):
        chunk[ticket.ref.id] = ticket
        if len(chunk) >= CHUNK:
            yield list(chunk.values())
            chunk = {}
    if chunk:
        yield list(chunk.values())
