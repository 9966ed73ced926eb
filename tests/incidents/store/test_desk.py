"""The desk under hands that act at once, and what retention leaves of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from incidents.desk import Arrival, BegunReply, PlacedArrival, ReplyState, TicketToken
from incidents.models import (
    Author,
    ChangeOutcome,
    Contact,
    InternalText,
    Origin,
    PublicText,
    TicketChange,
    TicketRef,
    TicketStatus,
)
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from incidents.store.erasure.desk import desk_words, erase_desk
from incidents.store.erasure.person import KnownCustomer
from incidents.store.retention import delete_mail_of_no_ticket

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAME = "mail/support"
REPLY = TicketChange(public_reply=PublicText("Fixed."), status=TicketStatus.SOLVED, add_tags=("inc_1",))


def arrival(number: int, **changes: object) -> Arrival:
    values: dict[str, object] = {
        "fingerprint": f"f{number}",
        "message_id": f"{number}@x",
        "references": (),
        "tokens": (),
        "sender": Contact(id=f"c{number}@x", name="C", email=f"c{number}@x"),
        "author": Author.CUSTOMER,
        "is_public": True,
        "origin": Origin.PERSON,
        "subject": "Help",
        "text": "It fails",
        "at": NOW,
    }
    return Arrival(**(values | changes))  # type: ignore[arg-type]


async def taken_in(desk: StoredDesk, one: Arrival) -> PlacedArrival:
    (placed,) = await desk.take_in([one], now=NOW)
    return placed


async def test_many_at_once_have_numbers_without_gaps(database: Database):
    desk = StoredDesk(database, NAME)
    taken = await asyncio.gather(*(taken_in(desk, arrival(number)) for number in range(20)))
    assert sorted(int(one.ticket or 0) for one in taken) == list(range(1, 21))


async def test_a_thread_that_arrives_at_once(database: Database):
    """A report, its answer, the report once more and a list's mail in one batch: as if they had come one by one."""
    desk = StoredDesk(database, NAME)
    batch = [
        arrival(1),
        arrival(2),
        arrival(3, references=("1@x",), text="And it still fails"),
        arrival(1),
        arrival(4, origin=Origin.LIST),
        arrival(5),
    ]
    placed = await desk.take_in(batch, now=NOW)
    assert [one.ticket for one in placed] == ["1", "2", "1", "1", None, "3"]
    assert [one.is_new for one in placed] == [True, True, True, False, True, True]
    assert placed[3].message == placed[0].message
    assert [comment.text for comment in await desk.comments("1", NOW)] == ["And it still fails"]
    again = await desk.take_in(batch, now=NOW)
    assert not any(one.is_new for one in again)
    assert [one.message for one in again] == [one.message for one in placed]


async def test_one_mail_heard_by_two_at_once(database: Database):
    """Two gateways, one mail: one ticket, and both say which."""
    desks = [StoredDesk(database, NAME) for _ in range(4)]
    taken = await asyncio.gather(*(taken_in(desk, arrival(1)) for desk in desks))
    assert {one.ticket for one in taken} == {"1"}
    assert len({one.message for one in taken}) == 1
    assert [one.is_new for one in taken].count(True) == 1


async def test_one_reply_begun_by_two_at_once(database: Database):
    """One goes ahead, the other hears that it may be under way."""
    desk = StoredDesk(database, NAME)
    await taken_in(desk, arrival(1))
    answers = await asyncio.gather(
        *(desk.begin_replies([BegunReply("1", "m")], REPLY, once="k", now=NOW) for _ in range(4))
    )
    begun = [outcome for (outcome,) in answers]
    assert begun.count(None) == 1
    assert {one.outcome for one in begun if one is not None} == {ChangeOutcome.UNKNOWN}


async def test_the_status_comes_with_the_proof(database: Database):
    """Until the reply is surely on its way the ticket stays as it was, and its words are no comment yet."""
    desk = StoredDesk(database, NAME)
    await taken_in(desk, arrival(1))
    await desk.begin_replies([BegunReply("1", "m")], REPLY, once="k", now=NOW)
    (found,) = await desk.tickets(["1"])
    assert (found.ticket.status, found.ticket.tags) == (TicketStatus.NEW, ())
    assert await desk.comments("1", NOW) == []
    assert await desk.reply_message("1", "k") == (ReplyState.SENDING, "m")
    for _ in range(2):
        assert await desk.replies_sent(["m", "a stranger"], now=NOW) == {"m"}
    (found,) = await desk.tickets(["1"])
    assert (found.ticket.status, found.ticket.tags, found.ticket.version) == (
        TicketStatus.SOLVED,
        ("inc_1",),
        2,
    )
    assert len(await desk.comments("1", NOW)) == 1
    await desk.replies_failed(["m"])
    assert len(await desk.comments("1", NOW)) == 1, "what was sent stays sent"


async def test_two_connections_know_nothing_of_each_other(database: Database):
    """Numbers, tokens, threads and keys are each desk's own."""
    first, second = StoredDesk(database, NAME), StoredDesk(database, "mail/other")
    await taken_in(first, arrival(1))
    (found,) = await first.tickets(["1"])
    taken = await taken_in(
        second, arrival(2, references=("1@x",), tokens=(TicketToken(number=1, secret=found.token.secret),))
    )
    assert (taken.ticket, taken.is_new) == ("1", True)
    assert await second.comments("1", NOW) == []
    assert await first.comments("1", NOW) == []


async def test_ids_that_are_no_numbers(database: Database):
    desk = StoredDesk(database, NAME)
    ids = ["", "0", "01", "-1", "1.0", "١", "9" * 30, "../1", "\x00"]
    assert await desk.tickets(ids) == []
    note = TicketChange(private_note=InternalText("x"))
    assert {one.outcome for one in await desk.change(ids, note, once="k", now=NOW)} == {ChangeOutcome.GONE}
    for one in ids:
        assert await desk.reply_message(one, "k") is None
        await desk.remove(one, now=NOW)


async def test_a_page_of_changes_after_another(database: Database):
    """Many tickets of one moment are walked by number, and none twice."""
    desk = StoredDesk(database, NAME)
    for number in range(7):
        await taken_in(desk, arrival(number))
    first = await desk.changed_since(NOW, limit=3)
    rest = await desk.changed_since(NOW, after=first[-1].token.number, limit=30)
    assert [one.token.number for one in (*first, *rest)] == list(range(1, 8))
    assert await desk.changed_since(NOW + timedelta(seconds=1)) == []


async def test_mail_of_no_ticket_goes_in_time(database: Database):
    """Old ones go, new ones and those on tickets stay; what may still be under way stays, however old."""
    desk = StoredDesk(database, NAME)
    await taken_in(desk, arrival(1))
    await taken_in(desk, arrival(2, origin=Origin.LIST))
    await desk.take_in([arrival(3, origin=Origin.LIST)], now=NOW + timedelta(days=2))
    await desk.begin_mail(Contact(id="j", email="j@x"), "y", once="k", message_id="m", now=NOW)
    async with database.transaction() as tx:
        assert await delete_mail_of_no_ticket(tx, before=NOW + timedelta(days=1)) == 1
        kept = await tx.execute(text("select kind from desk_messages order by id"))
        assert list(kept.scalars()) == ["report", "aside", "mail"]


async def test_a_person_is_forgotten(database: Database):
    """Their tickets, their words on others' tickets and mail to them; their mail read again opens nothing."""
    desk = StoredDesk(database, NAME)
    await taken_in(desk, arrival(1))
    await taken_in(desk, arrival(2))
    theirs = Contact(id="c1@x", name="C", email="C1@x")
    await taken_in(desk, arrival(3, sender=theirs, references=("2@x",), text="My secret"))
    note = TicketChange(private_note=InternalText("a note"))
    await desk.change(["1", "2"], note, once="k", now=NOW)
    await desk.begin_mail(theirs, "my secret", once="k", message_id="m", now=NOW)
    person = KnownCustomer(
        ids=frozenset({(NAME, "c1@x")}),
        names=frozenset({"C"}),
        addresses=frozenset({"c1@x"}),
        tickets=(TicketRef(connection=NAME, id="1"),),
        incidents=(),
        texts=(),
    )
    async with database.transaction() as tx:
        assert sorted(await desk_words(tx, person)) == ["It fails", "My secret"]
        erased = await erase_desk(tx, person)
    assert [one.count for one in erased] == [1, 4]
    async with database.transaction() as tx:
        rows = [
            *await tx.execute(text("select * from desk_messages")),
            *await tx.execute(text("select * from desk_tickets")),
        ]
    assert not any(
        "c1@x" in str(value).lower() or "secret" in str(value)
        for row in rows
        for value in row[3:]
        if value != "1@x"
    )
    assert await desk.tickets(["1"]) == []
    assert [one.text for one in await desk.comments("2", NOW)] == ["", "a note"]
    again = await taken_in(desk, arrival(1))
    assert not again.is_new
