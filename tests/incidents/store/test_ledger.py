"""The effects ledger: planned once, sent in order, and settled by whoever holds the fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from incidents.commands.verbs import Verb
from incidents.effects import (
    ActionCall,
    ChatAnswer,
    CustomerText,
    Effect,
    EffectKind,
    EffectState,
    IssueComment,
    IssueText,
    NoteText,
    Nothing,
    OutboundText,
    Payload,
    PublicOpening,
    PublicSaying,
    RoomRequest,
    StatusChange,
)
from incidents.models import Button, ChatMessage, Incident, Link, Page, PublicText, Severity, TicketStatus
from incidents.public_incident import PublicState
from incidents.store.database import Database
from incidents.store.ledger.effects import (
    LEASE,
    Leased,
    LedgerCounts,
    Settled,
    count_effects,
    lease_effects,
    mark_sent,
    plan_effects,
    settle_effects,
)
from incidents.store.schema.tables import effects
from incidents.texts.messages import internal
from tests.incidents.store.examples import MINUTE, NOW, SECOND, effect

AFTER_LEASE = NOW + LEASE + SECOND


async def _plan(database: Database, *planned: Effect) -> None:
    async with database.transaction() as tx:
        await plan_effects(tx, planned)


async def _lease(database: Database, *, now: datetime = NOW, limit: int = 500) -> Sequence[Leased]:
    async with database.transaction() as tx:
        return await lease_effects(tx, now=now, limit=limit, clock=now)


async def _mark_sent(database: Database, *leased: Leased, now: datetime = NOW) -> Sequence[Leased]:
    async with database.transaction() as tx:
        return await mark_sent(tx, leased, clock=now)


async def _settle(
    database: Database,
    leased: Leased,
    state: EffectState,
    *,
    detail: str = "",
    result: str | None = None,
    again_in: timedelta | None = None,
) -> int:
    outcome = Settled(
        id=leased.id, fence=leased.fence, state=state, detail=detail, result=result, again_in=again_in
    )
    async with database.transaction() as tx:
        return await settle_effects(tx, [outcome], now=NOW)


def _keys(leased: Sequence[Leased]) -> list[str]:
    return [item.effect.key for item in leased]


_S = PublicText("It is broken.")
_BUTTON = Button(label="Mine", verb=Verb.ACKNOWLEDGE, incident="INC-1")
PAYLOADS: list[tuple[EffectKind, Payload]] = [
    (
        EffectKind.PAGE,
        Page(
            summary="INC-1",
            source="Liaison",
            severity=Severity.CRITICAL,
            details=(("Who is hit", "40 tickets"), ("SLA", "in 5 min")),
            links=(Link(label="Ticket", url="https://example.com/1"),),
            target="payments",
        ),
    ),
    (EffectKind.PAGE_NOTE, NoteText(text=internal("40 more"))),
    (EffectKind.PAGE_ACKNOWLEDGE, Nothing()),
    (EffectKind.PAGE_RESOLVE, Nothing()),
    (EffectKind.ALERT_ACKNOWLEDGE, NoteText(text=internal("Jane is on it"))),
    (EffectKind.ALERT_UNACKNOWLEDGE, Nothing()),
    (EffectKind.CHAT_ROOM, RoomRequest(name="inc-1", topic="Zoë's Kasse")),
    (EffectKind.CHAT_POST, ChatMessage(text="Hi", buttons=(_BUTTON,))),
    (EffectKind.CHAT_ANSWER, ChatAnswer(text="INC-1 is open", user_id="U1", is_private=True)),
    (EffectKind.TICKET_NOTE, NoteText(text=internal("line 1\nline 2"))),
    (EffectKind.TICKET_STATUS, StatusChange(status=TicketStatus.SOLVED)),
    (EffectKind.CUSTOMER_MESSAGE, CustomerText(text=PublicText("It works again."), recipient="7")),
    (EffectKind.ACTION, ActionCall(action="restart", arguments=(("pod", "1"),), timeout=30.5)),
    (EffectKind.STATUS_PAGE_OPEN, PublicOpening(title=_S, text=_S, severity=Severity.HIGH, services=("C",))),
    (EffectKind.OUTBOUND_MESSAGE, OutboundText(address="a@b.example", name="A", subject=_S, text=_S)),
    (EffectKind.ISSUE_COMMENT, IssueComment(opening="key", text=internal("It is over."))),
    (EffectKind.ISSUE_OPEN, IssueText(title="INC-1", text=internal("It works again."))),
    (
        EffectKind.STATUS_PAGE_UPDATE,
        PublicSaying(opening="key", text=PublicText("Fixed."), state=PublicState.RESOLVED),
    ),
]


@pytest.mark.parametrize(("kind", "payload"), PAYLOADS, ids=[kind.value for kind, _ in PAYLOADS])
async def test_an_effect_is_leased_as_it_was_planned(
    database: Database, incident: Incident, kind: EffectKind, payload: Payload
):
    """Every kind with its payload."""
    planned = effect("a", incident_id=incident.id, kind=kind, payload=payload, once="a-marker")
    await _plan(database, planned)
    async with database.transaction() as tx:
        (leased,) = await lease_effects(tx, now=NOW)
    assert leased == Leased(id=leased.id, effect=planned, fence=1, attempts=1, must_look_up=False, result="")


def test_every_kind_is_among_the_examples():
    """A new kind of effect wants an example above."""
    assert {kind for kind, _ in PAYLOADS} == set(EffectKind)


async def test_planning_a_key_twice_is_planning_it_once(database: Database, incident: Incident):
    """Also in one plan; and what was planned first stays."""
    first, second = (
        effect("a", incident_id=incident.id, payload=NoteText(text=internal(text))) for text in ("1st", "2nd")
    )
    await _plan(database, first, second)
    await _plan(database, second, effect("b", incident_id=incident.id))
    leased = await _lease(database)
    assert _keys(leased) == ["a", "b"]
    assert leased[0].effect == first


async def test_a_settled_effect_is_not_planned_again(database: Database, incident: Incident):
    """A decision made twice tells nobody twice."""
    await _plan(database, effect("a", incident_id=incident.id))
    (leased,) = await _lease(database)
    await _settle(database, leased, EffectState.DONE)
    await _plan(database, effect("a", incident_id=incident.id))
    assert await _lease(database, now=NOW + timedelta(days=365)) == []


async def test_thousands_are_planned_at_once_in_their_order(database: Database, incident: Incident):
    """Closing a large outage."""
    planned = [effect(str(number), incident_id=incident.id) for number in range(2000)]
    await _plan(database, *planned)
    assert _keys(await _lease(database, limit=2000)) == [str(number) for number in range(2000)]


async def test_hostile_words_in_an_effect_do_not_fail_the_plan(database: Database, incident: Incident):
    """A customer's half emoji must not stop what is meant for everybody else."""
    room = RoomRequest(name="inc-1", topic="\x00 \ud83d {{7*7}}")
    await _plan(database, effect("\x00a", incident_id=incident.id, kind=EffectKind.CHAT_ROOM, payload=room))
    (leased,) = await _lease(database)
    assert leased.effect.key == "\ufffda"
    assert leased.effect.payload == RoomRequest(name="inc-1", topic="\ufffd \ufffd {{7*7}}")


async def test_only_the_head_of_a_lane_is_leased(database: Database, incident: Incident):
    """The note before the status, the status before the message: one at a time for one ticket."""
    lanes = {"a1": "a", "b1": "b", "a2": "a", "b2": "b", "a3": "a"}
    await _plan(database, *(effect(key, incident_id=incident.id, target=lane) for key, lane in lanes.items()))
    first = await _lease(database)
    assert _keys(first) == ["a1", "b1"]
    assert await _lease(database) == []
    await _settle(database, first[0], EffectState.DONE)
    second = await _lease(database)
    assert _keys(second) == ["a2"]
    await _settle(database, second[0], EffectState.DEAD)
    assert _keys(await _lease(database)) == ["a3"]


@pytest.mark.parametrize("state", [EffectState.PENDING, EffectState.UNKNOWN])
async def test_what_is_put_off_holds_its_lane(database: Database, incident: Incident, state: EffectState):
    """A later message must not overtake one that may not have arrived."""
    await _plan(database, *(effect(key, incident_id=incident.id, target="a") for key in ("a1", "a2")))
    (leased,) = await _lease(database)
    await _settle(database, leased, state, again_in=MINUTE)
    assert await _lease(database) == []
    assert _keys(await _lease(database, now=NOW + MINUTE)) == ["a1"]


@pytest.mark.parametrize("state", [EffectState.DONE, EffectState.HELD, EffectState.DEAD])
async def test_what_is_settled_lets_the_lane_go_on(
    database: Database, incident: Incident, state: EffectState
):
    """And is never leased again. What is held waits for a person; the others of its lane do not."""
    await _plan(database, *(effect(key, incident_id=incident.id, target="a") for key in ("a1", "a2")))
    (leased,) = await _lease(database)
    await _settle(database, leased, state)
    assert _keys(await _lease(database, now=NOW + timedelta(days=365))) == ["a2"]


async def test_what_is_asked_for_limits_what_is_leased(database: Database, incident: Incident):
    """By number, by incident, by ids; ids that are not due are left out."""
    async with database.transaction() as tx:
        await plan_effects(
            tx, [effect(key, incident_id=incident.id, target=key[0]) for key in ("a1", "a2", "b", "c")]
        )
        assert await lease_effects(tx, now=NOW, incident_id=incident.id + 1, clock=NOW) == []
        assert _keys(await lease_effects(tx, now=NOW, limit=1, clock=NOW)) == ["a1"]
        ids = (await tx.execute(select(effects.c.id).where(effects.c.key.in_(["a1", "a2", "b"])))).scalars()
        assert _keys(await lease_effects(tx, now=NOW, ids=list(ids))) == ["b"]
        assert await lease_effects(tx, now=NOW, ids=[], clock=NOW) == []


async def test_a_lease_that_ran_out_before_sending_is_simply_taken_again(
    database: Database, incident: Incident
):
    """Nothing went out, so there is nothing to look up."""
    await _plan(database, effect("a", incident_id=incident.id))
    await _lease(database)
    assert await _lease(database, now=NOW + LEASE) == []
    (again,) = await _lease(database, now=AFTER_LEASE)
    assert (again.fence, again.attempts, again.must_look_up) == (2, 2, False)


async def test_a_lease_that_ran_out_after_sending_must_be_looked_up(database: Database, incident: Incident):
    """The call may have gone through before the worker died."""
    await _plan(database, effect("a", incident_id=incident.id))
    (leased,) = await _lease(database)
    await _mark_sent(database, leased)
    (again,) = await _lease(database, now=AFTER_LEASE)
    assert again.must_look_up


@pytest.mark.parametrize("skew", [-MINUTE, MINUTE])
async def test_a_worker_whose_clock_is_off_takes_nobodys_lease_and_holds_none_too_long(
    database: Database, incident: Incident, skew: timedelta
):
    """Leases go by the one clock that all share. By its own, a worker a minute ahead would send what is being sent."""
    await _plan(database, effect("a", incident_id=incident.id))
    async with database.transaction() as tx:
        assert len(await lease_effects(tx, now=NOW + skew)) == 1
    async with database.transaction() as tx:
        assert await lease_effects(tx, now=NOW + MINUTE + SECOND) == []
        lease = (await tx.execute(select(effects.c.lease_until - func.now()))).scalar_one()
    assert LEASE - 10 * SECOND < lease <= LEASE


async def test_what_was_planned_more_than_five_minutes_ago_is_old(database: Database, incident: Incident):
    for key, age in (("new", 4 * MINUTE), ("old", 6 * MINUTE)):
        await _plan(database, effect(key, incident_id=incident.id, target=key))
        async with database.transaction() as tx:
            aged = update(effects).where(effects.c.key == key).values(planned_at=func.now() - age)
            await tx.execute(aged)
    async with database.transaction() as tx:
        leased = await lease_effects(tx, now=NOW)
    assert {item.effect.key: item.is_old for item in leased} == {"new": False, "old": True}


async def test_the_lease_begins_anew_when_the_call_goes_out(database: Database, incident: Incident):
    """A worker that was slow to get there is not looked up while its call is under way."""
    await _plan(database, effect("a", incident_id=incident.id))
    (leased,) = await _lease(database)
    assert await _mark_sent(database, leased, now=AFTER_LEASE) == [leased]
    assert await _lease(database, now=AFTER_LEASE + LEASE) == []
    assert len(await _lease(database, now=AFTER_LEASE + LEASE + SECOND)) == 1


async def test_a_longer_lease_is_not_shortened_by_sending(database: Database, incident: Incident):
    """An action may run for half an hour."""
    await _plan(database, effect("a", incident_id=incident.id))
    async with database.transaction() as tx:
        leased = await lease_effects(tx, now=NOW, lease=30 * MINUTE, clock=NOW)
    await _mark_sent(database, *leased)
    assert await _lease(database, now=NOW + 30 * MINUTE) == []


async def test_a_worker_whose_lease_was_taken_sends_nothing(database: Database, incident: Incident):
    """It is told so just before its call; those of its batch that are still its own go out."""
    await _plan(database, *(effect(key, incident_id=incident.id) for key in ("a", "b")))
    late = await _lease(database)
    async with database.transaction() as tx:
        await lease_effects(tx, now=AFTER_LEASE, ids=[late[0].id], clock=AFTER_LEASE)
    assert await _mark_sent(database, *late, now=AFTER_LEASE) == [late[1]]


async def test_a_late_finisher_changes_nothing(database: Database, incident: Incident):
    """Neither while its successor is at work nor after that."""
    await _plan(database, effect("a", incident_id=incident.id))
    (late,) = await _lease(database)
    (successor,) = await _lease(database, now=AFTER_LEASE)
    assert await _settle(database, late, EffectState.DEAD) == 0
    assert await _settle(database, successor, EffectState.DONE) == 1
    assert await _settle(database, late, EffectState.DEAD) == 0
    assert await _settle(database, successor, EffectState.DEAD) == 0
    async with database.transaction() as tx:
        assert await count_effects(tx) == LedgerCounts(open=0, done=1, held=0, dead=0)


async def test_a_slow_finisher_whom_nobody_replaced_counts(database: Database, incident: Incident):
    """What it did is done, however late its word."""
    await _plan(database, effect("a", incident_id=incident.id))
    (leased,) = await _lease(database)
    assert await _settle(database, leased, EffectState.DONE) == 1
    assert await _lease(database, now=AFTER_LEASE) == []


@pytest.mark.parametrize(
    ("state", "must_look_up"), [(EffectState.PENDING, False), (EffectState.UNKNOWN, True)]
)
async def test_what_was_surely_not_done_is_sent_again_and_what_is_unknown_looked_up(
    database: Database, incident: Incident, state: EffectState, must_look_up: bool
):
    """Not before the time that was given."""
    await _plan(database, effect("a", incident_id=incident.id))
    (leased,) = await _lease(database)
    await _mark_sent(database, leased)
    await _settle(database, leased, state, detail="busy", again_in=MINUTE)
    assert await _lease(database, now=NOW + MINUTE - SECOND) == []
    (again,) = await _lease(database, now=NOW + MINUTE)
    assert (again.must_look_up, again.attempts) == (must_look_up, 2)


async def test_an_unknown_that_was_never_found_out_stays_unknown(database: Database, incident: Incident):
    """Its look-up failed as well: the next attempt must look it up again."""
    await _plan(database, effect("a", incident_id=incident.id))
    (leased,) = await _lease(database)
    await _mark_sent(database, leased)
    await _settle(database, leased, EffectState.UNKNOWN)
    (again,) = await _lease(database)
    await _settle(database, again, EffectState.UNKNOWN)
    (third,) = await _lease(database)
    assert third.must_look_up


async def test_how_it_ended_is_written_down(database: Database, incident: Incident):
    """Each effect's own end, of many settled together; a result once known is kept."""
    states = [EffectState.DONE, EffectState.HELD, EffectState.DEAD, EffectState.UNKNOWN, EffectState.PENDING]
    await _plan(database, *(effect(state.value, incident_id=incident.id) for state in states))
    leased = await _lease(database)
    outcomes = [
        Settled(id=item.id, fence=1, state=state, detail=f"{state}!", result=f"r-{state}")
        for item, state in zip(leased, states, strict=True)
    ]
    async with database.transaction() as tx:
        assert await settle_effects(tx, outcomes, now=NOW) == 5
        rows = (await tx.execute(select(effects).order_by(effects.c.id))).all()
        assert await count_effects(tx) == LedgerCounts(open=2, done=1, held=1, dead=1)
    assert [(row.state, row.detail, row.result) for row in rows] == [
        (state.value, f"{state}!", f"r-{state}") for state in states
    ]
    assert [row.settled_at for row in rows] == [NOW, NOW, NOW, None, None]
    assert [row.lease_until for row in rows] == [None] * 5

    again = await _lease(database)
    assert [item.result for item in again] == ["r-unknown", "r-pending"]
    await _settle(database, again[0], EffectState.DONE)
    async with database.transaction() as tx:
        kept = select(effects.c.result).where(effects.c.id == again[0].id)
        assert (await tx.execute(kept)).scalar_one() == "r-unknown"


async def test_a_vendors_error_text_does_not_fail_the_settling(database: Database, incident: Incident):
    """Else what was done would look undone, and be done again. It is cut to what people read."""
    await _plan(database, effect("a", incident_id=incident.id))
    (leased,) = await _lease(database)
    assert (
        await _settle(database, leased, EffectState.DONE, detail="\x00\ud800" + "x" * 9999, result="\x00")
        == 1
    )
    async with database.transaction() as tx:
        row = (await tx.execute(select(effects.c.detail, effects.c.result))).one()
    assert (row.detail, row.result) == ("\ufffd\ufffd" + "x" * 498, "\ufffd")


async def test_nothing_to_settle_or_plan_is_no_statement(database: Database):
    async with database.transaction() as tx:
        assert await settle_effects(tx, [], now=NOW) == 0
        assert await mark_sent(tx, [], clock=NOW) == []
        await plan_effects(tx, [])
        assert await count_effects(tx) == LedgerCounts(open=0, done=0, held=0, dead=0)
