"""Incidents: loaded with everything a decision may look at, and written as planned."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from incidents.case import Case, Entry, EntryKind, LedgerLine, Plan
from incidents.effects import EffectKind, EffectState, RoomRequest
from incidents.errors import NotFound, Stale
from incidents.models import Evidence, Incident, IncidentState, JoinOrigin, Page, Severity, Stage, Verdict
from incidents.process.deciding import decide
from incidents.store.cases import (
    NewIncident,
    due_incidents,
    incident_bound_to,
    list_incidents,
    load_case,
    open_incidents,
    open_new,
    read_incident,
    unsettled_incidents,
    write_plan,
)
from incidents.store.database import Database
from incidents.store.ledger.effects import (
    Settled,
    bind,
    bound,
    lease_effects,
    plan_effects,
    settle_effects,
)
from incidents.store.tickets import link_tickets, save_tickets
from incidents.store.timeline import read_timeline
from tests.incidents.store.examples import MINUTE, NOW, a_step, effect, new_incident, ticket

PAGE = Page(summary="INC-1 Checkout", source="Liaison", severity=Severity.HIGH)


async def _write(database: Database, before: Incident, after: Incident) -> Incident:
    async with database.transaction() as tx:
        await write_plan(a_step(tx), before, Plan(incident=after))
        return await read_incident(tx, before.id)


async def test_a_new_incident_is_reported_and_due_for_validation(database: Database):
    """And its story begins with what opened it."""
    async with database.transaction() as tx:
        wanted = NewIncident(
            service="checkout",
            title="Checkout: fails",
            severity=Severity.CRITICAL,
            entries=(Entry(kind=EntryKind.OPENED, text="Opened by ticket 1"),),
        )
        (made,) = await open_new(a_step(tx, run_id="run-1"), [wanted])
        assert await read_incident(tx, made.id) == made
        (entry,) = await read_timeline(tx, made.id)
    assert made == Incident(
        id=made.id,
        version=1,
        service="checkout",
        title="Checkout: fails",
        state=IncidentState.REPORTED,
        severity=Severity.CRITICAL,
        opened_at=NOW,
        clock_from=NOW,
        state_since=NOW,
        next_stage=Stage.VALIDATION,
        next_stage_at=NOW,
    )
    assert (entry.text, entry.run_id) == ("Opened by ticket 1", "run-1")


async def test_every_field_of_an_incident_is_kept(database: Database, incident: Incident):
    """A field added to the model and forgotten in the store fails here."""
    async with database.transaction() as tx:
        other = await new_incident(tx)
    after = Incident(
        id=incident.id,
        version=incident.version,
        service="login",
        title="Login: fails",
        state=IncidentState.ACKNOWLEDGED,
        severity=Severity.LOW,
        opened_at=NOW - MINUTE,
        clock_from=NOW - 2 * MINUTE,
        state_since=NOW - 3 * MINUTE,
        generation=2,
        owner="Ada",
        owner_seen_at=NOW - 4 * MINUTE,
        owner_asked_at=NOW - 5 * MINUTE,
        responder="Max",
        verdict=Verdict.LIKELY,
        evidence=(
            Evidence(source="http/up", text="503", at=NOW, speaks_for=True, url="https://example.com"),
            Evidence(source="tickets", text="3 in 5 min", at=NOW),
        ),
        next_stage=Stage.CLOSURE,
        next_stage_at=NOW + MINUTE,
        next_update_at=NOW + 2 * MINUTE,
        updates_sent=3,
        checks=4,
        page_level=5,
        acknowledged_at=NOW + 3 * MINUTE,
        resolved_at=NOW + 4 * MINUTE,
        merged_into=other.id,
        split_from=other.id,
        held_until=NOW + 5 * MINUTE,
    )
    same = [
        field.name
        for field in fields(Incident)
        if getattr(after, field.name) == getattr(incident, field.name)
    ]
    assert same == ["id", "version"], "the example must change every field"
    assert await _write(database, incident, after) == replace(after, version=2)


async def test_hostile_words_in_an_incident_do_not_fail_the_commit(database: Database, incident: Incident):
    """A responder's name and a probe's answer are strangers' words."""
    evidence = Evidence(source="http/up", text="\ud83d\x00", at=NOW)
    written = await _write(database, incident, replace(incident, responder="Bobby\x00", evidence=(evidence,)))
    assert (written.responder, written.evidence[0].text) == ("Bobby\ufffd", "\ufffd\ufffd")


async def test_each_change_is_a_new_version(database: Database, incident: Incident):
    once = await _write(database, incident, replace(incident, checks=1))
    twice = await _write(database, once, replace(once, checks=2))
    assert (once.version, twice.version) == (2, 3)


async def test_a_plan_made_on_an_old_version_is_refused_and_writes_nothing(
    database: Database, incident: Incident
):
    """Else its effects and its story would stand beside a state that knows nothing of them."""
    await _write(database, incident, replace(incident, checks=1))
    late = Plan(
        incident=replace(incident, owner="Bob"),
        effects=(effect("note-1", incident_id=incident.id),),
        entries=(Entry(kind="owner", text="Bob has it"),),
    )

    async def write_late() -> None:
        async with database.transaction() as tx:
            await write_plan(a_step(tx), incident, late)

    with pytest.raises(Stale, match="INC-1 was moved on by somebody else"):
        await write_late()
    async with database.transaction() as tx:
        case = await load_case(tx, incident.id)
        assert (case.incident.owner, case.open_ticket_effects) == (None, 0)
        assert await read_timeline(tx, incident.id) == []


async def test_a_plan_that_changes_nothing_is_no_new_version(database: Database, incident: Incident):
    """But what it says and sends is kept."""
    plan = Plan(
        incident=incident,
        effects=(effect("note-1", incident_id=incident.id),),
        entries=(Entry(kind=EntryKind.NOTE, text="Looked again"),),
    )
    async with database.transaction() as tx:
        await write_plan(a_step(tx), incident, plan)
        case = await load_case(tx, incident.id)
        story = await read_timeline(tx, incident.id)
    assert (case.incident.version, case.open_ticket_effects) == (1, 1)
    assert [entry.text for entry in story] == ["Looked again"]


async def test_a_decision_is_shown_the_case_and_its_plan_is_written(database: Database, incident: Incident):
    def take(case: Case) -> Plan:
        owned = replace(case.incident, owner="Ada")
        return Plan(incident=owned, entries=(Entry(kind=EntryKind.STATE, text="Ada has it"),))

    async with database.transaction() as tx:
        plan = await decide(a_step(tx, run_id="run-1"), incident.id, take)
        case = await load_case(tx, incident.id)
        (entry,) = await read_timeline(tx, incident.id)
    assert plan.incident.owner == case.incident.owner == "Ada"
    assert (entry.text, entry.run_id) == ("Ada has it", "run-1")


@pytest.mark.parametrize("is_locked", [True, False])
async def test_an_incident_that_does_not_exist_is_not_found(database: Database, is_locked: bool):
    async with database.transaction() as tx:
        with pytest.raises(NotFound, match="there is no INC-7"):
            await load_case(tx, 7, lock=is_locked)


async def test_a_case_holds_the_linked_tickets_and_the_installations_name(
    database: Database, incident: Incident
):
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket(1), ticket(2)])
        await link_tickets(tx, incident.id, [ticket(2).ref], origin=JoinOrigin.RULE, reason="rule 1", now=NOW)
        first, again = await load_case(tx, incident.id), await load_case(tx, incident.id)
    assert [(item.ticket, item.reason, item.linked_at) for item in first.tickets] == [
        (ticket(2), "rule 1", NOW)
    ]
    assert first.instance == again.instance != "local"


async def test_the_ledger_shows_the_incidents_own_effects_and_counts_those_about_tickets(
    database: Database, incident: Incident
):
    """In the order they were planned; notes on thousands of tickets are only counted while open."""
    kinds = [
        (EffectKind.CHAT_ROOM, RoomRequest(name="inc-1", topic="")),
        (EffectKind.TICKET_NOTE, None),
        (EffectKind.PAGE, PAGE),
        (EffectKind.TICKET_NOTE, None),
        (EffectKind.TICKET_NOTE, None),
    ]
    async with database.transaction() as tx:
        other = await new_incident(tx)
        await plan_effects(tx, [effect("theirs", incident_id=other.id)])
        await plan_effects(
            tx,
            [
                effect(f"e{number}", incident_id=incident.id, kind=kind, payload=payload, target=f"t{number}")
                for number, (kind, payload) in enumerate(kinds)
            ],
        )
        leased = await lease_effects(tx, now=NOW, incident_id=incident.id, clock=NOW)
        settled = {
            "e0": Settled(
                id=leased[0].id, fence=1, state=EffectState.DONE, result="C1", detail="found", again_in=None
            ),
            "e1": Settled(id=leased[1].id, fence=1, state=EffectState.DONE),
            "e3": Settled(id=leased[3].id, fence=1, state=EffectState.UNKNOWN),
        }
        await settle_effects(tx, list(settled.values()), now=NOW)
        case = await load_case(tx, incident.id)
    assert case.ledger == (
        LedgerLine(
            key="e0",
            kind=EffectKind.CHAT_ROOM,
            state=EffectState.DONE,
            connection=leased[0].effect.connection,
            target="t0",
            result="C1",
            detail="found",
        ),
        LedgerLine(
            key="e2",
            kind=EffectKind.PAGE,
            state=EffectState.SENDING,
            connection=leased[0].effect.connection,
            target="t2",
        ),
    )
    assert case.open_ticket_effects == 2


async def test_a_page_is_bound_to_its_incident_as_soon_as_it_is_planned(
    database: Database, incident: Incident
):
    """The pager's webhook may come before our call has returned."""
    page = effect(
        "p", incident_id=incident.id, kind=EffectKind.PAGE, payload=PAGE, target="key-1", connection="pd/eu"
    )
    async with database.transaction() as tx:
        await plan_effects(tx, [page])
        assert await incident_bound_to(tx, "pd/eu", "page", "key-1") == incident.id
        assert await incident_bound_to(tx, "pd/us", "page", "key-1") is None
        assert await incident_bound_to(tx, "pd/eu", "room", "key-1") is None
        assert await incident_bound_to(tx, "pd/eu", "page", "\x00") is None
        assert await bound(tx, incident.id, "page") == [("pd/eu", "key-1")]


async def test_binding_again_moves_the_object_and_keeps_its_address(database: Database, incident: Incident):
    async with database.transaction() as tx:
        other = await new_incident(tx)
        await bind(tx, "slack/ops", "room", "C1", incident_id=incident.id, url="https://example.com/C1")
        await bind(tx, "slack/ops", "room", "C1", incident_id=other.id)
        assert await incident_bound_to(tx, "slack/ops", "room", "C1") == other.id
        assert await bound(tx, incident.id, "room") == []


async def test_due_incidents_come_worst_first_then_longest_waiting(database: Database):
    """What is not due yet, or waits for the world, is left alone."""
    async with database.transaction() as tx:
        low = await new_incident(tx, severity=Severity.LOW, now=NOW - 5 * MINUTE)
        later = await new_incident(tx, severity=Severity.HIGH, now=NOW - MINUTE)
        earlier = await new_incident(tx, severity=Severity.HIGH, now=NOW - 2 * MINUTE)
        worst = await new_incident(tx, severity=Severity.CRITICAL, now=NOW)
        await new_incident(tx, severity=Severity.CRITICAL, now=NOW + MINUTE)
        idle = await new_incident(tx, severity=Severity.CRITICAL, now=NOW)
        calm = replace(idle, next_stage=None, next_stage_at=None)
        await write_plan(a_step(tx), idle, Plan(incident=calm))
        due = [each.id for each in await due_incidents(tx, now=NOW)]
    assert due == [worst.id, earlier.id, later.id, low.id]


async def test_lists_of_incidents(database: Database):
    """Open ones of some services; all unsettled ones, worst first; the newest of all."""
    async with database.transaction() as tx:
        first = await new_incident(tx, service="checkout", severity=Severity.LOW)
        second = await new_incident(tx, service="login", severity=Severity.CRITICAL)
        third = await new_incident(tx, service="checkout")
        closed = await new_incident(tx, service="checkout")
        over = replace(closed, state=IncidentState.CLOSED)
        await write_plan(a_step(tx), closed, Plan(incident=over))
        of_service = await open_incidents(tx, ["checkout", "search"], lock=True)
        unsettled = await unsettled_incidents(tx)
        newest = await list_incidents(tx, limit=2)
    assert [each.id for each in of_service] == [first.id, third.id]
    assert [each.id for each in unsettled] == [second.id, third.id, first.id]
    assert [each.id for each in newest] == [closed.id, third.id]
