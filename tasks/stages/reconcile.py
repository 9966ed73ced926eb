"""Finding what lost webhooks did not tell: a helpdesk is asked for everything that changed since last time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from incidents.errors import Refused
from incidents.models import Ticket
from incidents.ports import Helpdesk
from incidents.store.inbox.cursors import move_cursor, read_cursor
from tasks import resources
from tasks.insights.learnt_routes import what_is_learnt
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task
from tasks.stages.commit_intake import Handled, take_in
from tasks.stages.customers import with_tiers
from tasks.stages.replies import replies_since

# Helpdesks' exports lag (Zendesk's by a minute) and clocks differ: look back a little further than last time.
OVERLAP = timedelta(minutes=5)
FIRST_LOOK = timedelta(hours=1)
_CHUNK = 200


@task(name="reconcile helpdesk", task_run_name="reconcile {connection}", **OUTSIDE_CALL)
async def reconcile_helpdesk(connection: str) -> Handled | None:
    """Take in every ticket that changed since the last look. None for a source that cannot be asked."""
    try:
        helpdesk = await resources.connect(connection, Helpdesk)
    except Refused:
        return None
    began = resources.utc_now()
    async with resources.database().transaction() as tx:
        since = await read_cursor(tx, connection) or began - FIRST_LOOK
    total = Handled()
    async for changed in _chunks(helpdesk, since - OVERLAP):
        chunk = await with_tiers(changed)
        basis = resources.basis()
        learnt = await what_is_learnt(chunk, basis)
        replies = await replies_since(chunk, since - OVERLAP)
        async with resources.transaction(basis) as step:
            total = total.plus(await take_in(step, chunk, (), learnt, replies))
    async with resources.database().transaction() as tx:
        await move_cursor(tx, connection, began)
    return total


async def _chunks(helpdesk: Helpdesk, since: datetime) -> AsyncIterator[Sequence[Ticket]]:
    chunk: dict[str, Ticket] = {}
    async for ticket in helpdesk.changed_since(since):
        chunk[ticket.ref.id] = ticket
        if len(chunk) >= _CHUNK:
            yield list(chunk.values())
            chunk = {}
    if chunk:
        yield list(chunk.values())
