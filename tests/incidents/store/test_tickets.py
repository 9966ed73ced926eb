"""Tickets: the newest version of each, the incident it was joined to, and any text whatever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import LinkedTicket
from incidents.models import Contact, Incident, JoinOrigin, Ticket, TicketRef, TicketStatus
from incidents.store.database import Database
from incidents.store.tickets import (
    KnownTicket,
    count_tickets,
    known_tickets,
    last_linked_at,
    link_tickets,
    linked_connections,
    linked_kinds,
    linked_tickets,
    note_status,
    save_tickets,
)
from tests.incidents.store.examples import HELPDESK, MINUTE, NOW, new_incident, ticket

REF = ticket().ref


async def _linked(tx: AsyncConnection, incident_id: int) -> Sequence[LinkedTicket]:
    return (await linked_tickets(tx, [incident_id])).get(incident_id, [])


async def _known(database: Database, *refs: TicketRef) -> dict[TicketRef, KnownTicket]:
    async with database.transaction() as tx:
        return dict(await known_tickets(tx, refs))


async def _save(database: Database, *tickets: Ticket) -> None:
    async with database.transaction() as tx:
        await save_tickets(tx, tickets)


async def test_a_ticket_comes_back_as_it_was(database: Database):
    """Every field of it."""
    full = ticket(
        subject="Kasse geht nicht 🧾",
        body="It says\n503.",
        status=TicketStatus.WAITING_FOR_VENDOR,
        source_status="hold",
        requester=Contact(id="9", name="Zoë", email="zoe@example.com"),
        version=1_700_000_000_000,
        assignee="Max",
        group="Tier 1",
        priority="urgent",
        product="Checkout",
        channel="email",
        tier="gold",
        tags=("b", "a"),
        url="https://example.com/1",
        reassignments=2,
        reopens=3,
    )
    await _save(database, full)
    assert await _known(database, REF) == {REF: KnownTicket(ticket=full, incident_id=None)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrivals=st.permutations([1, 2, 3, 3, 4]).flatmap(
        lambda versions: st.tuples(st.just(versions), st.lists(st.booleans(), min_size=5, max_size=5))
    ),
    number=st.uuids(),
)
async def test_the_newest_version_wins_in_any_order_of_arrival(
    database: Database, arrivals: tuple[list[int], list[bool]], number: object
):
    """Webhooks come late and twice; some are saved together, some apart."""
    versions, together = arrivals
    changes = [ticket(number, version=version, subject=f"Version {version}") for version in versions]
    group: list[Ticket] = []
    for change, waits in zip(changes, together, strict=True):
        group.append(change)
        if not waits:
            await _save(database, *group)
            group = []
    await _save(database, *group)
    (known,) = (await _known(database, changes[0].ref)).values()
    assert known.ticket.subject == "Version 4"


async def test_of_equal_versions_the_later_one_counts(database: Database):
    """It was read later; some helpdesks count versions in whole seconds."""
    await _save(database, ticket(subject="first"))
    await _save(database, ticket(subject="second"))
    assert (await _known(database, REF))[REF].ticket.subject == "second"


async def test_a_newer_version_leaves_the_ticket_with_its_incident(database: Database, incident: Incident):
    """What the helpdesk tells us does not unlink what we linked."""
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket()])
        await link_tickets(tx, incident.id, [REF], origin=JoinOrigin.RULE, reason="rule 1", now=NOW)
        await save_tickets(tx, [ticket(version=2)])
        (linked,) = await _linked(tx, incident.id)
    assert (linked.ticket.version, linked.reason, linked.linked_at) == (2, "rule 1", NOW)
    assert (await _known(database, REF))[REF].incident_id == incident.id


async def test_a_storms_tickets_are_saved_and_linked(database: Database, incident: Incident):
    """Thousands in minutes: far more than one statement takes parameters."""
    storm = [ticket(number) for number in range(2000)]
    refs = [each.ref for each in storm]
    async with database.transaction() as tx:
        await save_tickets(tx, storm)
        await link_tickets(tx, incident.id, refs, origin=JoinOrigin.RULE, reason="rule 1", now=NOW)
        assert await count_tickets(tx) == 2000
        assert len(await _linked(tx, incident.id)) == 2000
        assert len(await known_tickets(tx, refs)) == 2000


async def test_only_the_named_tickets_are_linked(database: Database, incident: Incident):
    """Two helpdesks may use the same number, and one helpdesk's 1 and the other's 2 are no pair."""
    elsewhere = [TicketRef(connection="zendesk/other", id=number) for number in "12"]
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket(1), ticket(2), *(ticket(ref=ref) for ref in elsewhere)])
        refs = [ticket(1).ref, elsewhere[1]]
        await link_tickets(tx, incident.id, refs, origin=JoinOrigin.RULE, reason="rule 1", now=NOW)
        linked = [item.ticket.ref for item in await _linked(tx, incident.id)]
    assert sorted(linked, key=str) == sorted(refs, key=str)


async def test_an_incident_knows_its_helpdesks(database: Database, incident: Incident):
    """Each once, and only those its tickets live in."""
    refs = [
        TicketRef(connection=helpdesk, id=number) for helpdesk in (HELPDESK, "zendesk/b") for number in "12"
    ]
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket(ref=TicketRef(connection="zendesk/c", id="1"))])
        await save_tickets(tx, [ticket(ref=ref) for ref in refs])
        await link_tickets(tx, incident.id, refs, origin=JoinOrigin.RULE, reason="", now=NOW)
        assert sorted(await linked_connections(tx, [incident.id])) == ["zendesk/b", HELPDESK]


async def test_linked_tickets_come_in_the_order_of_their_reports(database: Database, incident: Incident):
    """The first report is the one that people look at."""
    reported = [ticket(number, created_at=NOW - MINUTE * number) for number in range(1, 4)]
    async with database.transaction() as tx:
        await save_tickets(tx, reported)
        await link_tickets(
            tx, incident.id, [each.ref for each in reported], origin=JoinOrigin.RULE, reason="", now=NOW
        )
        assert [item.ticket.ref.id for item in await _linked(tx, incident.id)] == ["3", "2", "1"]


async def test_a_ticket_may_move_to_another_incident(database: Database, incident: Incident):
    async with database.transaction() as tx:
        other = await new_incident(tx)
        await save_tickets(tx, [ticket()])
        await link_tickets(tx, incident.id, [REF], origin=JoinOrigin.RULE, reason="rule 1", now=NOW)
        await link_tickets(tx, other.id, [REF], origin=JoinOrigin.RULE, reason="by hand", now=NOW + MINUTE)
        assert await _linked(tx, incident.id) == []
        assert [item.reason for item in await _linked(tx, other.id)] == ["by hand"]


async def test_an_incident_is_as_warm_as_its_last_ticket(database: Database, incident: Incident):
    """An incident without tickets has no such time."""
    async with database.transaction() as tx:
        cold = await new_incident(tx)
        await save_tickets(tx, [ticket(1), ticket(2)])
        await link_tickets(
            tx, incident.id, [ticket(1).ref], origin=JoinOrigin.RULE, reason="", now=NOW + MINUTE
        )
        await link_tickets(tx, incident.id, [ticket(2).ref], origin=JoinOrigin.RULE, reason="", now=NOW)
        assert await last_linked_at(tx, [incident.id, cold.id]) == {incident.id: NOW + MINUTE}


async def test_a_status_of_ours_is_remembered_without_being_a_newer_version(database: Database):
    """Else the helpdesk's own next version would be thrown away as old."""
    await _save(database, ticket(1), ticket(2))
    async with database.transaction() as tx:
        await note_status(tx, [REF], TicketStatus.SOLVED)
    known = await _known(database, REF, ticket(2).ref)
    assert known[REF].ticket == ticket(1, status=TicketStatus.SOLVED)
    assert known[ticket(2).ref].ticket.status is TicketStatus.OPEN


@pytest.mark.parametrize("call", ["save", "link", "note", "know"])
async def test_nothing_to_do_is_no_statement(database: Database, incident: Incident, call: str):
    async with database.transaction() as tx:
        match call:
            case "save":
                await save_tickets(tx, [])
            case "link":
                await link_tickets(tx, incident.id, [], origin=JoinOrigin.RULE, reason="", now=NOW)
            case "note":
                await note_status(tx, [], TicketStatus.SOLVED)
            case _:
                assert await known_tickets(tx, []) == {}
        assert await count_tickets(tx) == 0


HOSTILE = "a\x00b \ud83d \udc00 \u202e {{7*7}} %s $1 :name '; drop table tickets; --"
KEPT = HOSTILE.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd").replace("\udc00", "\ufffd")


async def test_hostile_text_is_kept_as_text(database: Database, incident: Incident):
    """One ticket with NUL or half an emoji must not fail the chunk it came in. What PostgreSQL cannot hold is
    replaced, in every field; all else is kept to the letter."""
    evil = replace(
        ticket(HOSTILE),
        subject=HOSTILE,
        body=HOSTILE,
        source_status=HOSTILE,
        requester=Contact(id=HOSTILE, name=HOSTILE, email=HOSTILE),
        assignee=HOSTILE,
        group=HOSTILE,
        priority=HOSTILE,
        product=HOSTILE,
        channel=HOSTILE,
        tier=HOSTILE,
        tags=(HOSTILE,),
        url=HOSTILE,
    )
    async with database.transaction() as tx:
        await save_tickets(tx, [evil, ticket(2)])
        await link_tickets(tx, incident.id, [evil.ref], origin=JoinOrigin.RULE, reason=HOSTILE, now=NOW)
        await note_status(tx, [evil.ref], TicketStatus.SOLVED)
        (linked,) = await _linked(tx, incident.id)
        (found,) = (await known_tickets(tx, [TicketRef(connection=HELPDESK, id=KEPT)])).values()
    assert linked.reason == KEPT
    assert linked.ticket == replace(found.ticket, body="")
    assert found.ticket == replace(
        evil,
        ref=TicketRef(connection=HELPDESK, id=KEPT),
        subject=KEPT,
        body=KEPT,
        status=TicketStatus.SOLVED,
        source_status=KEPT,
        requester=Contact(id=KEPT, name=KEPT, email=KEPT),
        assignee=KEPT,
        group=KEPT,
        priority=KEPT,
        product=KEPT,
        channel=KEPT,
        tier=KEPT,
        tags=(KEPT,),
        url=KEPT,
    )


async def test_one_ticket_of_each_kind_is_as_much_as_promises_go_by(database: Database, incident: Incident):
    """Of a thousand tickets that are alike one is read."""
    reported = [ticket(number, tier="gold" if number == 7 else "standard") for number in range(1, 50)]
    async with database.transaction() as tx:
        await save_tickets(tx, reported)
        refs = [each.ref for each in reported]
        await link_tickets(tx, incident.id, refs, origin=JoinOrigin.RULE, reason="", now=NOW)
        kinds = await linked_kinds(tx, [incident.id])
    assert sorted(str(item.ticket.tier) for item in kinds[incident.id]) == ["gold", "standard"]
