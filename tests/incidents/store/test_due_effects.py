"""What can be sent now, grouped into calls, and when to look again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from incidents.effects import (
    ActionCall,
    CustomerText,
    Effect,
    EffectKind,
    EffectState,
    NoteText,
    Nothing,
    RoomRequest,
    Wanted,
)
from incidents.models import Incident, PublicText
from incidents.store.database import Database
from incidents.store.ledger.due import (
    DueEffects,
    due_effects,
    incidents_with_due_effects,
    next_due_at,
)
from incidents.store.ledger.effects import (
    LEASE,
    Settled,
    lease_effects,
    plan_effects,
    settle_effects,
)
from incidents.texts.messages import internal
from tests.incidents.store.examples import HELPDESK, MINUTE, NOW, SECOND, effect, new_incident


async def _plan(database: Database, *planned: Effect) -> None:
    async with database.transaction() as tx:
        await plan_effects(tx, planned)


async def _due(
    database: Database, incident: Incident, *, wanted: Wanted = Wanted.ALL, at_most: int = 100
) -> Sequence[DueEffects]:
    async with database.transaction() as tx:
        return await due_effects(tx, incident.id, now=NOW, clock=NOW, wanted=wanted, at_most=at_most)


async def _next(database: Database, incident: Incident, **given: Any) -> datetime | None:
    async with database.transaction() as tx:
        return await next_due_at(tx, incident.id, **given)


async def _waiting_incidents(database: Database, *, now: datetime = NOW) -> set[int]:
    async with database.transaction() as tx:
        return set(await incidents_with_due_effects(tx, now=now, clock=now))


async def _lease(database: Database, *ids: int, now: datetime = NOW) -> None:
    async with database.transaction() as tx:
        await lease_effects(tx, now=now, ids=ids or None, clock=now)


async def _attempt(
    database: Database, incident: Incident, state: EffectState, *, again_in: timedelta | None = None
) -> None:
    """Take everything that is due for the incident, and end it so."""
    async with database.transaction() as tx:
        leased = await lease_effects(tx, now=NOW, incident_id=incident.id, clock=NOW)
        outcomes = [Settled(id=item.id, fence=item.fence, state=state, again_in=again_in) for item in leased]
        await settle_effects(tx, outcomes, now=NOW)


def _note(incident: Incident, number: int, *, text: str = "Same", once: str = "note") -> Effect:
    payload = NoteText(text=internal(text))
    return effect(f"{once}:{number}", incident_id=incident.id, once=once, target=str(number), payload=payload)


def _resolve(incident: Incident) -> Effect:
    return effect(
        "resolve",
        incident_id=incident.id,
        kind=EffectKind.PAGE_RESOLVE,
        payload=Nothing(),
        connection="pagerduty/eu",
    )


async def test_the_same_change_to_many_tickets_is_one_batch(database: Database, incident: Incident):
    """In the order in which it was planned; another text, marker or system is another batch."""
    await _plan(
        database,
        _resolve(incident),
        *(_note(incident, number) for number in range(3)),
        _note(incident, 10, text="Other"),
        _note(incident, 11, once="later"),
        _note(incident, 12),
    )
    due = await _due(database, incident)
    assert due == [
        DueEffects(connection="pagerduty/eu", kind=EffectKind.PAGE_RESOLVE, ids=(1,)),
        DueEffects(connection=HELPDESK, kind=EffectKind.TICKET_NOTE, ids=(2, 3, 4, 7)),
        DueEffects(connection=HELPDESK, kind=EffectKind.TICKET_NOTE, ids=(5,)),
        DueEffects(connection=HELPDESK, kind=EffectKind.TICKET_NOTE, ids=(6,)),
    ]


async def test_the_same_message_to_many_customers_is_one_batch(database: Database, incident: Incident):
    """Each has a recipient of its own, which is checked before sending and is no part of what is sent."""
    await _plan(
        database,
        *(
            effect(
                f"fixed:{number}",
                incident_id=incident.id,
                kind=EffectKind.CUSTOMER_MESSAGE,
                once="fixed",
                payload=CustomerText(text=PublicText("It works again."), recipient=f"customer {number}"),
            )
            for number in range(3)
        ),
    )
    assert [batch.ids for batch in await _due(database, incident)] == [(1, 2, 3)]


async def test_a_batch_is_no_larger_than_a_vendor_takes(database: Database, incident: Incident):
    """100 tickets are the most that helpdesks change in one call."""
    await _plan(database, *(_note(incident, number) for number in range(250)))
    batches = [batch.ids for batch in await _due(database, incident)]
    assert [len(ids) for ids in batches] == [100, 100, 50]
    assert [number for ids in batches for number in ids] == list(range(1, 251))
    assert [len(batch.ids) for batch in await _due(database, incident, at_most=200)] == [200, 50]


def _action(incident: Incident) -> Effect:
    call = ActionCall(action="restart", arguments=(), timeout=1.0)
    return effect("action", incident_id=incident.id, kind=EffectKind.ACTION, payload=call)


async def test_what_wakes_engineers_or_makes_that_needless_can_be_sent_first(
    database: Database, incident: Incident
):
    """It stands in line behind no room and no note."""
    asked = RoomRequest(name="inc-1", topic="")
    room = effect("room", incident_id=incident.id, kind=EffectKind.CHAT_ROOM, payload=asked)
    await _plan(database, _note(incident, 1), _resolve(incident), room, _action(incident))
    due = await _due(database, incident, wanted=Wanted.WAKING)
    assert [batch.kind for batch in due] == [EffectKind.ACTION]


async def test_only_this_incidents_effects_are_due_for_it(database: Database, incident: Incident):
    async with database.transaction() as tx:
        other = await new_incident(tx)
    await _plan(database, _note(incident, 1))
    assert await _due(database, other) == []
    assert await _waiting_incidents(database) == {incident.id}


async def test_what_somebody_is_sending_is_not_due_until_his_lease_runs_out(
    database: Database, incident: Incident
):
    await _plan(database, _note(incident, 1))
    await _lease(database, now=NOW)
    assert await _due(database, incident) == []
    assert await _waiting_incidents(database) == set()
    assert await _next(database, incident) == NOW + LEASE
    assert await _waiting_incidents(database, now=NOW + LEASE + SECOND) == {incident.id}


async def test_what_waits_behind_another_is_neither_due_nor_soon(database: Database, incident: Incident):
    """The first note is put off for a minute: whoever asked for the second one before that would ask and ask."""
    second = effect("second", incident_id=incident.id, target="1")
    await _plan(database, _note(incident, 1), second)
    assert [batch.ids for batch in await _due(database, incident)] == [(1,)]
    await _attempt(database, incident, EffectState.PENDING, again_in=MINUTE)
    assert await _due(database, incident) == []
    assert await _next(database, incident) == NOW + MINUTE
    assert await _waiting_incidents(database) == set()


async def test_what_waits_behind_another_incidents_effect_is_left_to_a_later_run(
    database: Database, incident: Incident
):
    """Two incidents call for the same action: the second one's turn comes when the first one's is over."""
    async with database.transaction() as tx:
        other = await new_incident(tx)
    await _plan(database, effect("theirs", incident_id=other.id, target="restart"))
    await _plan(database, effect("ours", incident_id=incident.id, target="restart"))
    assert await _due(database, incident) == []
    assert await _next(database, incident) is None
    assert await _waiting_incidents(database) == {other.id}
    await _attempt(database, other, EffectState.DONE)
    assert [batch.ids for batch in await _due(database, incident)] == [(2,)]
    assert await _waiting_incidents(database) == {incident.id}


async def test_the_next_look_is_for_the_earliest_of_all_lanes(database: Database, incident: Incident):
    """None when everything is settled."""
    assert await _next(database, incident) is None
    await _plan(database, _note(incident, 1))
    await _attempt(database, incident, EffectState.UNKNOWN, again_in=3 * MINUTE)
    await _plan(database, _note(incident, 2))
    await _attempt(database, incident, EffectState.PENDING, again_in=2 * MINUTE)
    assert await _next(database, incident) == NOW + 2 * MINUTE
    await _plan(database, _note(incident, 3))
    await _attempt(database, incident, EffectState.DONE)
    assert await _next(database, incident) == NOW + 2 * MINUTE


async def test_the_next_look_for_what_wakes_leaves_the_rest_out(database: Database, incident: Incident):
    await _plan(database, _note(incident, 1))
    assert await _next(database, incident, wanted=Wanted.WAKING) is None
    await _plan(database, _action(incident))
    await _attempt(database, incident, EffectState.PENDING, again_in=MINUTE)
    assert await _next(database, incident, wanted=Wanted.WAKING) == NOW + MINUTE


async def test_what_is_due_already_hides_nothing_that_is_due_later(database: Database, incident: Incident):
    await _plan(database, _note(incident, 1))
    await _attempt(database, incident, EffectState.PENDING, again_in=MINUTE)
    await _plan(database, _note(incident, 2))
    assert await _next(database, incident, after=NOW) == NOW + MINUTE
    assert await _next(database, incident, after=NOW + MINUTE) is None
