"""Tickets and notes that come back: what we wrote ourselves starts nothing, what others did in between is not lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select, text

from incidents.decisions.sync import PageNews
from incidents.effects import Effect, EffectKind, EffectState, NoteText, ticket_note, ticket_status
from incidents.events import PageChange, TicketEvent
from incidents.models import Author, IncidentState, PageStatus, Ticket, TicketStatus
from incidents.policy.policy import Policy
from incidents.policy.sla.policies import SlaPolicy
from incidents.policy.sync import SyncRules
from incidents.process.echoes import without_echoes
from incidents.process.intake import join_and_tell
from incidents.process.sync import follow_and_obey, follow_pages
from incidents.store.cases import read_incident
from incidents.store.database import Database
from incidents.store.ledger.effects import (
    Settled,
    bind,
    lease_effects,
    mark_sent,
    plan_effects,
    settle_effects,
)
from incidents.store.ledger.written import record_departures, record_done
from incidents.store.schema.tables import effects
from incidents.store.sla.clocks import read_clocks
from incidents.store.tickets import known_tickets, note_status
from incidents.store.timeline import read_timeline
from incidents.texts.messages import internal
from tests.incidents.builders import NOW, a_comment, a_page_event, a_page_state, a_policy, a_ticket
from tests.incidents.store.examples import a_step

MINUTE = timedelta(minutes=1)
NOTE = "INC-1: the team has been paged."
PROMISED = {"name": "all", "targets": {"resolution": "4h"}}
RESTORING = a_policy(sync={"ticket_status": "liaison", "refused": "restore"})
SHARED = a_policy(sync={"in_our_name": "change"})
PROMISING = a_policy(sla={"policies": [SlaPolicy.model_validate(PROMISED)]})


def as_of(ticket: Ticket, minutes: float, **changes: object) -> Ticket:
    """The ticket as it was changed so many minutes after noon."""
    at = NOW + minutes * MINUTE
    return replace(ticket, updated_at=at, version=int(at.timestamp() * 1000), **changes)


OPEN = as_of(a_ticket(1), -5)


async def opened(database: Database, *, policy: Policy | None = None) -> int:
    async with database.transaction() as tx:
        (number,) = (await join_and_tell(a_step(tx, policy=policy), [OPEN], ())).incidents
        await tx.execute(text("delete from effects"))
    return number


async def send(
    database: Database, effect: Effect, *, minutes: float = 0, state: EffectState | None = EffectState.DONE
) -> None:
    """We write at that time, and perhaps know the end a second later."""
    at = NOW + minutes * MINUTE
    async with database.transaction() as tx:
        await plan_effects(tx, [effect])
        await tx.execute(text("update effects set not_before = :at where state = 'pending'"), {"at": at})
        leased = await lease_effects(tx, now=at, clock=at)
        assert [one.effect.key for one in leased] == [effect.key]
        await mark_sent(tx, leased, clock=at)
        await record_departures(tx, leased, actor="4711")
        if state is not None:
            settled = [Settled(id=one.id, fence=one.fence, state=state) for one in leased]
            await settle_effects(tx, settled, now=at + timedelta(seconds=1))
            await record_done(tx, leased, settled)
            if "solving" in effect.key:
                await note_status(tx, [effect.ticket], TicketStatus.SOLVED)


async def solve(
    database: Database, number: int, *, minutes: float = 0, state: EffectState | None = EffectState.DONE
) -> None:
    await send(
        database,
        ticket_status(number, OPEN, f"solving-{minutes}", TicketStatus.SOLVED),
        minutes=minutes,
        state=state,
    )


async def close(database: Database, number: int) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text("update incidents set state = 'closed', resolved_at = :now where id = :id"),
            {"now": NOW, "id": number},
        )


async def told(
    database: Database,
    number: int,
    *arrived: Ticket,
    said: tuple[TicketEvent, ...] = (),
    policy: Policy | None = None,
    minutes: float = 10,
) -> list[str]:
    """What the incident's story says of it, newly."""
    async with database.transaction() as tx:
        before = len(await read_timeline(tx, number))
        await join_and_tell(a_step(tx, policy=policy, now=NOW + minutes * MINUTE), arrived, said)
        return [entry.text for entry in (await read_timeline(tx, number))[before:]]


async def planned(database: Database, kind: str) -> int:
    async with database.transaction() as tx:
        counted = select(func.count()).where(effects.c.kind == kind, effects.c.state == "pending")
        return int((await tx.execute(counted)).scalar_one())


async def test_the_echo_of_a_status_is_no_news(database: Database):
    """Whether it comes before our call returns, after it, or twice."""
    number = await opened(database)
    await solve(database, number, state=None)
    assert await told(database, number, as_of(OPEN, 0, status=TicketStatus.SOLVED)) == []
    assert await told(database, number, as_of(OPEN, 0, status=TicketStatus.SOLVED)) == []


async def test_a_ticket_that_was_read_before_our_write_is_old(database: Database):
    """Intake read it open, we solved it, intake commits what it read: nobody has opened it again, and no promise to its
    customer begins anew."""
    number = await opened(database, policy=PROMISING)
    await solve(database, number)
    solved = as_of(OPEN, 0, status=TicketStatus.SOLVED)
    assert await told(database, number, solved, policy=PROMISING) == []
    assert await told(database, number, replace(OPEN, version=solved.version), policy=PROMISING) == []
    async with database.transaction() as tx:
        assert (await known_tickets(tx, [OPEN.ref]))[OPEN.ref].ticket.status is TicketStatus.SOLVED
        clocks = await read_clocks(tx, [OPEN.ref])
        assert {(clock.generation, clock.is_over) for clock in clocks[OPEN.ref]} == {(1, True)}


async def test_an_agents_own_status_within_the_quarter_of_an_hour_is_his(database: Database):
    """We solved it, he opened it and solved it himself: it was taken for our echo before."""
    number = await opened(database)
    await solve(database, number)
    assert await told(database, number, as_of(OPEN, 3, status=TicketStatus.OPEN)) == [
        "1 ticket opened again: #1"
    ]
    assert await told(database, number, as_of(OPEN, 6, status=TicketStatus.SOLVED)) == [
        "1 ticket solved by the agents: #1"
    ]


async def test_a_note_of_ours_is_known_by_its_words(database: Database):
    """Where our own user is not known yet, or the helpdesk names another one for it."""
    number = await opened(database)
    await send(database, ticket_note(number, OPEN.ref, "note-1", internal(NOTE)))
    shown = a_comment(f"<p>{NOTE}</p>", author=Author.AGENT, is_public=False, id="1")
    assert await told(database, number, OPEN, said=(TicketEvent(ref=OPEN.ref, at=NOW, comment=shown),)) == []
    other = replace(shown, text="Their phone is dead too", id="2")
    (line,) = await told(database, number, OPEN, said=(TicketEvent(ref=OPEN.ref, at=NOW, comment=other),))
    assert "Their phone is dead too" in line


async def test_a_customer_who_repeats_our_words_is_heard(database: Database):
    """What a customer writes is a customer's word, whatever it says."""
    number = await opened(database)
    words = "It is still broken"
    await send(database, ticket_note(number, OPEN.ref, "note-1", internal(words)))
    await close(database, number)
    said = TicketEvent(ref=OPEN.ref, at=NOW, comment=a_comment(words, at=NOW + MINUTE))
    (line, *_) = await told(database, number, OPEN, said=(said,))
    assert line.startswith("Reopened")


async def test_a_colleague_who_uses_our_seat_is_heard_if_the_policy_says_so(database: Database):
    """A small desk has one licence: by default all that stands under our user is ours."""
    number = await opened(database)
    words = a_comment("I have called them", author=Author.LIAISON, is_public=False, id="1")
    said = TicketEvent(ref=OPEN.ref, at=NOW, comment=words)
    assert await told(database, number, OPEN, said=(said,)) == []
    said = replace(said, comment=replace(words, id="2"))
    (line,) = await told(database, number, OPEN, said=(said,), policy=SHARED)
    assert "I have called them" in line


async def test_what_we_did_is_not_even_read_again(database: Database):
    """An event that names us is an echo if we wrote there just then; else a rule or a colleague acted in our name."""
    number = await opened(database)
    await send(database, ticket_note(number, OPEN.ref, "note-1", internal(NOTE)))
    ours = TicketEvent(ref=OPEN.ref, at=NOW, by_us=True)
    later, theirs = replace(ours, at=NOW + 5 * MINUTE), replace(ours, by_us=False)
    async with database.transaction() as tx:
        left = await without_echoes(tx, [ours, later, theirs], now=NOW + 10 * MINUTE)
    assert left == (later, theirs)


async def test_what_is_refused_is_set_back_at_most_three_times_within_the_hour(database: Database):
    """A rule of the helpdesk that opens what we solve would go on for ever."""
    number = await opened(database)
    await solve(database, number)
    await close(database, number)
    lines = []
    for turn in range(5):
        minutes = 2 + 4 * turn
        opened_again = as_of(OPEN, minutes, status=TicketStatus.OPEN)
        lines += await told(database, number, opened_again, policy=RESTORING, minutes=minutes)
        if await planned(database, "ticket_status"):
            async with database.transaction() as tx:
                await tx.execute(text("delete from effects where state = 'pending'"))
            await solve(database, number, minutes=minutes + 1)
            solved = as_of(OPEN, minutes + 1, status=TicketStatus.SOLVED)
            assert await told(database, number, solved, policy=RESTORING, minutes=minutes + 1) == []
    back = "1 ticket changed by somebody else, set back, as the policy says: #1"
    left = "1 ticket changed by somebody else, left as it is: it was set back 3 times within the hour"
    assert lines[:3] == [back] * 3
    assert [line.partition(", and")[0] for line in lines[3:]] == [left]


async def test_what_a_customer_opened_is_never_set_back(database: Database):
    number = await opened(database)
    await solve(database, number)
    await close(database, number)
    said = TicketEvent(ref=OPEN.ref, at=NOW, comment=a_comment("One more question", at=NOW + MINUTE))
    opened_again = as_of(OPEN, 1, status=TicketStatus.OPEN)
    assert await told(database, number, opened_again, said=(said,), policy=RESTORING) == [
        "1 ticket opened again: #1"
    ]
    assert await planned(database, "ticket_status") == 0


async def test_what_is_refused_and_left_is_told(database: Database):
    number = await opened(database)
    await solve(database, number)
    await close(database, number)
    policy = a_policy().model_copy(update={"sync": SyncRules(ticket_status="liaison")})
    assert await told(database, number, as_of(OPEN, 1, status=TicketStatus.OPEN), policy=policy) == [
        "1 ticket changed by somebody else, left as it is, as the policy says: #1"
    ]


async def test_a_note_of_ours_on_a_page_is_known_without_its_mark(database: Database):
    """Some on-call tools cut a note's end, and the mark with it."""
    number = await opened(database)
    key = f"liaison:test:INC-{number}:g1:page:0"
    page = Effect(
        key="n", once="n", kind=EffectKind.PAGE_NOTE, incident_id=number, connection="pagerduty/main", target=key,
        payload=NoteText(text=internal("12 customers wait")),
    )  # fmt: skip
    await send(database, page)
    async with database.transaction() as tx:
        await bind(tx, "pagerduty/main", "page", key, incident_id=number)
        before = len(await read_timeline(tx, number))
        events = tuple(
            a_page_event(PageChange.NOTED, key=key, text=words, at=NOW + step * MINUTE)
            for step, words in enumerate(("12 customers wait", "a lock in the database"))
        )
        news = PageNews(key=key, events=events, state=a_page_state(PageStatus.TRIGGERED, key=key))
        await follow_and_obey(a_step(tx), [news], [], [])
        assert [entry.text for entry in (await read_timeline(tx, number))[before:]] == [
            "a lock in the database"
        ]
        assert (await read_incident(tx, number)).state is IncidentState.REPORTED


async def test_a_note_on_a_page_is_heard_once_by_a_webhook_or_by_a_look(database: Database):
    """And a page that was looked at for nothing but notes heard before is not taken for one that never was."""
    number = await opened(database)
    key = f"liaison:test:INC-{number}:g1:page:0"
    note = a_page_event(PageChange.NOTED, key=key, text="a lock in the database", note_id="N1")
    news = PageNews(key=key, events=(note,), state=a_page_state(PageStatus.TRIGGERED, key=key))
    async with database.transaction() as tx:
        await bind(tx, "pagerduty/main", "page", key, incident_id=number)
        before = len(await read_timeline(tx, number))
        await follow_and_obey(a_step(tx), [news], [], [])
        await follow_pages(a_step(tx), number, [replace(news, events=(replace(note, at=NOW + MINUTE),))])
        await follow_pages(a_step(tx), number, [replace(news, state=None)])
        await follow_and_obey(a_step(tx), [replace(news, state=None)], [], [])
        entries = await read_timeline(tx, number)
        assert [entry.text for entry in entries[before:]] == ["a lock in the database"]
