"""What customers were told and promised: every field kept, found when due, counted, and gone with its incident."""

from __future__ import annotations

from dataclasses import fields, replace

from sqlalchemy import text

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.case import Plan
from incidents.lifecycle import IncidentProgress
from incidents.models import Incident, TicketRef
from incidents.promises.updates import CustomerUpdate, KeptBy, PromiseState, UpdateKind
from incidents.store.approvals import save_approvals
from incidents.store.cases import load_case, write_plan
from incidents.store.customer_updates import count_all_promises, save_updates
from incidents.store.database import Database
from incidents.store.overdue import things_to_do
from incidents.store.retention import delete_incidents
from incidents.store.sla.due import due_now
from tests.incidents.store.examples import MINUTE, NOW, a_step

_QUESTION = Approval(
    incident=1,
    generation=1,
    subject=ApprovalSubject.MAJOR,
    state=ApprovalState.ASKED,
    asked_at=NOW,
    expires_at=NOW + MINUTE,
)


def an_update(incident: Incident, **changes: object) -> CustomerUpdate:
    update = CustomerUpdate(
        incident=incident.id,
        number=1,
        generation=1,
        kind=UpdateKind.PROGRESS,
        standing=IncidentProgress.IDENTIFIED,
        once="liaison:x:INC-1:g1:progress",
        said_at=NOW,
        owner="Ada",
        next_by=NOW + 30 * MINUTE,
        warn_at=NOW + 25 * MINUTE,
        state=PromiseState.OPEN,
    )
    return replace(update, **changes)  # type: ignore[arg-type]


async def written(
    database: Database, incident: Incident, *updates: CustomerUpdate
) -> tuple[CustomerUpdate, ...]:
    async with database.transaction() as tx:
        case = await load_case(tx, incident.id)
        await write_plan(a_step(tx), case.incident, Plan(incident=case.incident, updates=updates))
        return (await load_case(tx, incident.id)).updates


async def test_every_field_is_kept(database: Database, incident: Incident):
    """A field added and forgotten in the store fails here; written again, it is changed and not doubled."""
    update = an_update(
        incident,
        warned_at=NOW + 25 * MINUTE,
        answered=(TicketRef(connection="zendesk/support", id="1"),),
        state=PromiseState.KEPT,
        settled_at=NOW + 26 * MINUTE,
        kept_by=KeptBy.AGENT,
    )
    blank = an_update(incident)
    unchanged = {
        field.name for field in fields(update) if getattr(update, field.name) == getattr(blank, field.name)
    }
    assert unchanged & {"warned_at", "answered", "state", "settled_at", "kept_by"} == set()
    assert await written(database, incident, blank) == (blank,)
    assert await written(database, incident, update) == (update,)
    bare = an_update(incident, number=2, owner=None, next_by=None, warn_at=None, state=None)
    assert await written(database, incident, bare) == (update, bare)


async def test_it_is_found_at_its_moments(database: Database, incident: Incident):
    """When its owner is to be warned, and when its minute is over; never once it is settled."""

    async def due(minute: float) -> tuple[bool, tuple[int, ...]]:
        async with database.transaction() as tx:
            now = NOW + minute * MINUTE
            found = await due_now(tx, now=now)
            return (await things_to_do(tx, now=now, clock=now)).has_promises, found.incidents

    update = an_update(incident)
    await written(database, incident, update)
    assert await due(24) == (False, ())
    assert await due(25) == (True, (incident.id,))
    await written(database, incident, replace(update, warned_at=NOW + 25 * MINUTE))
    assert await due(30) == (False, ())
    assert await due(31) == (True, (incident.id,))
    await written(database, incident, replace(update, state=PromiseState.BROKEN, settled_at=NOW))
    assert await due(1000) == (False, ())


async def test_promises_are_counted(database: Database, incident: Incident):
    kept, broken, withdrawn = PromiseState.KEPT, PromiseState.BROKEN, PromiseState.WITHDRAWN
    ends = [
        (PromiseState.OPEN, None),
        (kept, KeptBy.SAFE_TEXT),
        (kept, KeptBy.AGENT),
        (kept, KeptBy.FIXED),
        (broken, KeptBy.NOTHING),
        (broken, KeptBy.SAFE_TEXT),
        (withdrawn, None),
        (None, None),
    ]
    updates = [
        an_update(incident, number=number, state=state, kept_by=by) for number, (state, by) in enumerate(ends)
    ]
    await written(database, incident, *updates)
    async with database.transaction() as tx:
        counts = await count_all_promises(tx)
    assert (counts.made, counts.by_person, counts.by_safe_text, counts.broken) == (6, 2, 1, 2)


async def test_they_go_with_their_incident(database: Database, incident: Incident):
    await written(database, incident, an_update(incident))
    async with database.transaction() as tx:
        await delete_incidents(tx, [incident.id])
        assert (await count_all_promises(tx)).made == 0


async def test_what_a_newer_version_wrote_is_read_and_stays(database: Database, incident: Incident):
    """An old worker beside a new one: the number is not given again, and the row keeps its kind when it is settled."""
    written = an_update(incident, state=PromiseState.OPEN, settled_at=None, kept_by=None)
    async with database.transaction() as tx:
        await save_updates(tx, [written])
        await tx.execute(text("update customer_updates set kind = 'sung'"))
        await save_approvals(tx, [replace(_QUESTION, incident=incident.id)])
        await tx.execute(text("update approvals set state = 'vetoed'"))
    async with database.transaction() as tx:
        case = await load_case(tx, incident.id)
        assert [(one.number, one.kind) for one in case.updates] == [(written.number, UpdateKind.UPDATE)]
        assert [one.state for one in case.approvals] == [ApprovalState.EXPIRED]
        await save_updates(tx, [replace(case.updates[0], state=PromiseState.KEPT)])
        (row,) = await tx.execute(text("select kind, state from customer_updates"))
        assert tuple(row) == ("sung", "kept")
        await tx.execute(text("update approvals set subject = 'a-word-of-tomorrow:x'"))
        assert (await load_case(tx, incident.id)).approvals == ()
