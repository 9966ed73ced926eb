"""What is old and over goes, batch by batch; what is not over stays, however old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Entry, EntryKind
from incidents.effects import EffectKind
from incidents.models import IncidentState, JoinOrigin, TicketStatus
from incidents.rotas.page_desk import PageWords
from incidents.rotas.wakes import Wake
from incidents.store import retention
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.roster.desk import StoredPageDesk
from incidents.store.tickets import known_tickets, link_tickets, save_tickets
from incidents.store.timeline import append_entries
from incidents.ticket_words import TextsGone
from tests.incidents.store.examples import HELPDESK, NOW, a_step, effect, new_incident, ticket

LONG_AGO = NOW - timedelta(days=1000)
BEFORE = NOW - timedelta(days=365)


async def _delivery(tx: AsyncConnection, identity: str, state: str, *, handled: Any = LONG_AGO) -> None:
    await tx.execute(
        text(
            "insert into deliveries (connection, lane, identity, headers, body, received_at, state, handled_at)"
            " values (:connection, 'intake', :identity, '[[\"a\", \"b\"]]', 'words', :at, :state, :handled)"
        ),
        {
            "connection": HELPDESK,
            "identity": identity,
            "at": LONG_AGO,
            "state": state,
            "handled": None if state == "pending" else handled,
        },
    )


async def _all(tx: AsyncConnection, statement: str) -> list[Any]:
    return list((await tx.execute(text(statement))).scalars())


async def _end(tx: AsyncConnection, number: int, state: IncidentState = IncidentState.CLOSED) -> None:
    await tx.execute(
        text(
            "update incidents set state = :state, state_since = :at, next_stage = null, next_stage_at = null"
            " where id = :id"
        ),
        {"state": state.value, "at": LONG_AGO, "id": number},
    )


async def _linked(tx: AsyncConnection, number: int, incident: int, **changes: Any) -> None:
    values = {"status": TicketStatus.SOLVED, "updated_at": LONG_AGO, "body": "It is broken.", **changes}
    await save_tickets(tx, [ticket(number, **values)])
    await link_tickets(
        tx, incident, [ticket(number).ref], origin=JoinOrigin.RULE, reason="a rule", now=LONG_AGO
    )


async def test_bodies_go_when_they_are_handled_and_old(database: Database):
    """What waits, and what nobody understood yet, keeps its own."""
    async with database.transaction() as tx:
        for state in ("done", "ignored", "discarded", "pending", "parked"):
            await _delivery(tx, state, state)
        await _delivery(tx, "new", "done", handled=NOW)
        walked = await retention.empty_bodies(tx, before=BEFORE)
        assert walked.rows == 3
        kept = "select identity from deliveries where body <> '' and headers <> '[]' order by identity"
        assert await _all(tx, kept) == ["new", "parked", "pending"]
        assert (await retention.empty_bodies(tx, before=BEFORE)).rows == 0
        assert (await retention.delete_deliveries(tx, before=BEFORE)).rows == 3
        assert await _all(tx, "select identity from deliveries order by identity") == [
            "new",
            "parked",
            "pending",
        ]


async def test_a_walk_goes_on_where_a_batch_ended(database: Database):
    """So that a table is read once, however many batches it takes."""
    async with database.transaction() as tx:
        for number in range(5):
            await _delivery(tx, str(number), "done")
        first = await retention.empty_bodies(tx, before=BEFORE, limit=3)
        second = await retention.empty_bodies(tx, before=BEFORE, after=first.last, limit=3)
        assert (first.rows, second.rows) == (3, 2)
        assert await _all(tx, "select id from deliveries where body <> ''") == []


@pytest.mark.parametrize(
    ("changes", "state", "is_gone"),
    [
        ({}, IncidentState.CLOSED, True),
        ({}, IncidentState.NOT_AN_INCIDENT, True),
        ({}, IncidentState.ESCALATED, False),
        ({"status": TicketStatus.OPEN}, IncidentState.CLOSED, False),
        ({"updated_at": NOW}, IncidentState.CLOSED, False),
    ],
)
async def test_texts_go_when_ticket_and_incident_are_over(
    database: Database, changes: dict[str, Any], state: IncidentState, is_gone: bool
):
    """And both have been for long; names and addresses go along."""
    async with database.transaction() as tx:
        incident = await new_incident(tx)
        await _linked(tx, 1, incident.id, **changes)
        await tx.execute(
            text(
                "insert into insight_vectors values ('zendesk/support#1', 'an encoder', 'a digest', 'a vector', now())"
            )
        )
        await _end(tx, incident.id, state)
        assert await retention.empty_tickets(tx, before=BEFORE) == is_gone
        known = (await known_tickets(tx, [ticket(1).ref]))[ticket(1).ref].ticket
        assert (known.subject, known.body, known.requester.name) == (
            ("", "", "") if is_gone else ("Checkout fails", "It is broken.", "Ada")
        )
        assert len(await _all(tx, "select ref from insight_vectors")) == (not is_gone)


async def test_a_ticket_that_changes_again_has_its_texts_again(database: Database):
    """Its customer has written: it is a case of today."""
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket(1, status=TicketStatus.SOLVED, updated_at=LONG_AGO)])
        assert await retention.empty_tickets(tx, before=BEFORE) == 1
        assert await _all(tx, "select texts_gone from tickets") == [TextsGone.AGED.value]
        await save_tickets(tx, [ticket(1, version=2)])
        assert await _all(tx, "select subject from tickets where texts_gone is null") == ["Checkout fails"]


async def test_what_was_sent_loses_its_words_and_what_waits_does_not(database: Database):
    """That it was sent, when and where, stays."""
    async with database.transaction() as tx:
        incident = await new_incident(tx)
        await plan_effects(
            tx, [effect("sent", incident_id=incident.id), effect("held", incident_id=incident.id)]
        )
        await tx.execute(
            text(
                "update effects set settled_at = :at, state = case key when 'sent' then 'done' else 'held' end"
            ),
            {"at": LONG_AGO},
        )
        assert (await retention.empty_payloads(tx, before=BEFORE)).rows == 1
        assert await _all(tx, "select key from effects where payload <> '{}'") == ["held"]


async def test_stories_of_open_incidents_stay(database: Database):
    """However long they last."""
    async with database.transaction() as tx:
        over, lasts = await new_incident(tx), await new_incident(tx)
        for one in (over, lasts):
            entry = Entry(kind=EntryKind.NOTE, text="restarted it")
            await append_entries(a_step(tx, now=LONG_AGO), one.id, [entry])
        await _end(tx, over.id)
        assert (await retention.delete_timelines(tx, before=BEFORE)).rows == 1
        assert await _all(tx, "select incident_id from timeline") == [lasts.id]


async def test_an_old_incident_goes_with_all_that_is_its(database: Database):
    """The ones merged into it first; nothing of another incident goes along."""
    async with database.transaction() as tx:
        whole, part, other = await new_incident(tx), await new_incident(tx), await new_incident(tx)
        for number, one in enumerate((whole, part, other)):
            await _linked(tx, number, one.id)
            note = effect(f"note {number}", incident_id=one.id, target=str(number))
            await plan_effects(tx, [note])
            await append_entries(a_step(tx), one.id, [Entry(kind=EntryKind.NOTE, text="restarted it")])
        await tx.execute(text("update effects set state = 'done'"))
        await _end(tx, whole.id)
        await _end(tx, part.id, IncidentState.MERGED)
        await tx.execute(
            text("update incidents set merged_into = :whole where id = :part"),
            {"whole": whole.id, "part": part.id},
        )
        for expected in (part.id, whole.id):
            ids = await retention.old_incidents(tx, before=BEFORE)
            assert list(ids) == [expected]
            assert await retention.delete_incidents(tx, ids) == 1
        assert await retention.old_incidents(tx, before=BEFORE) == []
        for table in ("incidents", "tickets", "effects", "timeline"):
            assert len(await _all(tx, f"select 1 from {table}")) == 1, table  # noqa: S608 - our own names


@pytest.mark.parametrize("state", ["pending", "sending", "unknown"])
async def test_an_incident_that_still_has_to_send_something_stays(database: Database, state: str):
    """Whatever it is, and however old."""
    async with database.transaction() as tx:
        incident = await new_incident(tx)
        await plan_effects(tx, [effect("a page", incident_id=incident.id, kind=EffectKind.TICKET_NOTE)])
        await tx.execute(text("update effects set state = :state"), {"state": state})
        await _end(tx, incident.id)
        assert await retention.old_incidents(tx, before=BEFORE) == []


async def test_comments_are_forgotten_when_their_ticket_is_over(database: Database):
    """One of an open ticket comes again with its ticket's next change, and must not act twice."""
    async with database.transaction() as tx:
        over = ticket(1, status=TicketStatus.CLOSED, updated_at=LONG_AGO)
        await save_tickets(tx, [over, ticket(2, updated_at=LONG_AGO)])
        for number in ("1", "2"):
            await tx.execute(
                text("insert into comments_heard values (:connection, :ticket, 'c', :at)"),
                {"connection": HELPDESK, "ticket": number, "at": LONG_AGO},
            )
        assert await retention.delete_comments(tx, before=BEFORE) == 1
        assert await _all(tx, "select ticket_id from comments_heard") == ["2"]


async def test_lone_tickets_go_when_they_are_old(database: Database):
    """With their promises and predictions."""
    async with database.transaction() as tx:
        await save_tickets(
            tx,
            [ticket(1, status=TicketStatus.CLOSED, updated_at=LONG_AGO), ticket(2, updated_at=LONG_AGO)],
        )
        assert await retention.delete_lone_tickets(tx, before=BEFORE) == 1
        assert await _all(tx, "select id from tickets") == ["2"]


async def test_our_own_pages_go_when_they_are_over(database: Database):
    """With their notices and notes; one that rings or that somebody has stays, however old."""
    desk = StoredPageDesk(database, "roster/main")
    wake = Wake(person="ana", name="Ana", way="ana-phone", wait=timedelta(minutes=5))
    for key in ("over", "taken", "rings"):
        words = PageWords(summary="Checkout fails", text="12 customers")
        await desk.open_page(key, target="payments", words=words, wakes=[wake], now=LONG_AGO)
        await desk.add_note(key, "restarted it", once="note", now=LONG_AGO)
    await desk.acknowledge("taken", by="", now=LONG_AGO)
    await desk.resolve("over", now=LONG_AGO)
    async with database.transaction() as tx:
        assert await retention.delete_own_pages(tx, before=BEFORE) == 1
        assert await _all(tx, "select key from roster_pages order by key") == ["rings", "taken"]
        for table in ("roster_notices", "roster_notes"):
            assert len(await _all(tx, f"select 1 from {table}")) == 2, table  # noqa: S608 - our own names
