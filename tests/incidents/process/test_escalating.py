"""The step towards the engineers in the store: it knows what happened to the service lately, and tells who has it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from incidents.case import NOBODY, Actor, Entry, EntryKind
from incidents.models import IncidentState, Severity, Verdict
from incidents.policy.policy import Flapping
from incidents.process.escalating import escalate
from incidents.process.intake import join_and_tell
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.ledger.lately import paged_lately
from incidents.store.ledger.noise import PageNoise, page_noise
from incidents.store.schema.tables import effects, incidents
from incidents.store.timeline import append_entries
from tests.incidents.builders import NOW, a_policy, a_ticket, without_actions
from tests.incidents.process.test_process import a_step

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CALM = {"subject": "The search finds nothing", "body": "None."}


def rules(**changes):
    return without_actions(a_policy(escalation={"repeats": 15 * MINUTE, **changes}))


async def opened(database: Database, number: int, *, now=NOW) -> int:
    """An incident that is believed; each number hours after the last, so that each opens one."""
    async with database.transaction() as tx:
        step = a_step(tx, now=now, policy=rules())
        (found,) = (await join_and_tell(step, [a_ticket(number, created_at=now)], ())).incidents
        await tx.execute(
            update(incidents)
            .where(incidents.c.id == found)
            .values(
                state="confirmed", verdict=Verdict.CONFIRMED.value, next_stage="escalation", next_stage_at=now
            )
        )
    return found


async def woken(database: Database, number: int, *, now=NOW, **changes) -> IncidentState:
    async with database.transaction() as tx:
        return (await escalate(a_step(tx, now=now, policy=rules(**changes)), number, [])).incident.state


async def test_a_repeat_is_told_to_those_who_have_the_first(database: Database):
    first = await opened(database, 1)
    assert await woken(database, first) is IncidentState.ESCALATED
    late = NOW + 3 * HOUR
    second = await opened(database, 2, now=late)
    assert await woken(database, second, now=late) is IncidentState.CONFIRMED
    async with database.transaction() as tx:
        case = await load_case(tx, second)
        notes = await tx.execute(
            select(effects.c.payload["text"].astext).where(
                effects.c.incident_id == first, effects.c.kind == "page_note"
            )
        )
        (note,) = notes.scalars()
    assert case.incident.held_until == late + 15 * MINUTE
    assert f"say `merge INC-{second} INC-{first}`" in note
    assert await woken(database, second, now=late + 5 * MINUTE) is IncidentState.CONFIRMED
    assert await woken(database, second, now=late + 15 * MINUTE) is IncidentState.ESCALATED


async def test_a_worse_report_ends_the_wait(database: Database):
    """It joins the one that waits, and is no repeat of what engineers have any more."""
    first = await opened(database, 1)
    await woken(database, first)
    late = NOW + 3 * HOUR
    second = await opened(database, 2, now=late)
    assert await woken(database, second, now=late) is IncidentState.CONFIRMED
    async with database.transaction() as tx:
        worse = a_ticket(3, created_at=late, body="My card is refused.")
        taken = await join_and_tell(a_step(tx, now=late + MINUTE, policy=rules()), [worse], ())
    assert taken.incidents == (second,)
    assert await woken(database, second, now=late + MINUTE) is IncidentState.ESCALATED


async def test_a_repeat_of_one_whose_page_never_arrived_is_paged(database: Database):
    first = await opened(database, 1)
    await woken(database, first)
    async with database.transaction() as tx:
        await tx.execute(update(effects).where(effects.c.kind == "page").values(state="dead"))
    late = NOW + 3 * HOUR
    second = await opened(database, 2, now=late)
    assert await woken(database, second, now=late) is IncidentState.ESCALATED


async def test_two_at_once_page_once(database: Database):
    """Neither has the engineers when both begin; whoever is second knows."""
    first, second = await opened(database, 1), await opened(database, 2, now=NOW + 3 * HOUR)
    late = NOW + 3 * HOUR
    states = await asyncio.gather(*(woken(database, number, now=late) for number in (first, second)))
    assert sorted(states) == [IncidentState.CONFIRMED, IncidentState.ESCALATED]


@pytest.mark.parametrize(("openings", "state"), [(2, IncidentState.CONFIRMED), (3, IncidentState.ESCALATED)])
async def test_what_flaps_is_counted_in_the_store(database: Database, openings, state):
    first = await opened(database, 1)
    await woken(database, first)
    async with database.transaction() as tx:
        await tx.execute(update(effects).values(planned_at=NOW))
        await tx.execute(update(incidents).values(state="closed", state_since=NOW))
    late = NOW + 20 * MINUTE
    second = await opened(database, 2, now=late)
    flaps = Flapping(openings=openings, within=HOUR, hold=30 * MINUTE)
    assert await woken(database, second, now=late, repeats=None, flapping=flaps) is state
    async with database.transaction() as tx:
        held = (await load_case(tx, second)).incident.held_until
        assert held == (NOW + 30 * MINUTE if state is IncidentState.CONFIRMED else None)
        assert await paged_lately(tx, "checkout", Severity.HIGH, but=second, since=NOW) == NOW
        worse = await paged_lately(tx, "checkout", Severity.CRITICAL, but=second, since=NOW)
        assert worse is None, "nobody was woken for one as bad"
        assert await paged_lately(tx, "search", Severity.HIGH, but=second, since=NOW) is None


async def test_pages_that_nobody_acted_on_are_counted_by_service(database: Database):
    """A word, a hand or a name counts, after the page and before the next; a time-out and the tool itself do not."""
    numbers = [await opened(database, n, now=NOW + n * 3 * HOUR) for n in range(1, 8)]
    for number in numbers:
        await woken(database, number, repeats=None)
    acted, noted, in_vain, timed_out, rule, went_on, never_sent = numbers
    said = {
        acted: Entry(kind=EntryKind.ACKNOWLEDGED, text="Jane is on it"),
        noted: Entry(kind=EntryKind.NOTE, text="a drill"),
        timed_out: Entry(kind=EntryKind.RESOLVED, text=f"{NOBODY} resolved it"),
        rule: Entry(kind=EntryKind.NOTE, text="urgency is now low", actor=Actor.ON_CALL_TOOL),
        went_on: Entry(kind=EntryKind.HANDED_ON, text="The page went on", actor=Actor.ON_CALL_TOOL),
    }
    async with database.transaction() as tx:
        await tx.execute(update(effects).values(planned_at=NOW, state="done"))
        await tx.execute(update(effects).where(effects.c.incident_id == never_sent).values(state="dead"))
        await tx.execute(update(incidents).where(incidents.c.id == acted).values(held_until=NOW))
        for number, entry in said.items():
            await append_entries(a_step(tx, now=NOW + MINUTE), number, [entry])
        await append_entries(
            a_step(tx, now=NOW - MINUTE), in_vain, [Entry(kind=EntryKind.NOTE, text="before the page")]
        )
        found = await page_noise(tx, NOW, NOW + HOUR)
        assert await page_noise(tx, NOW + HOUR, NOW + 2 * HOUR) == []
    assert found == [
        PageNoise(
            service="checkout",
            pages=6,
            in_vain=4,
            examples=tuple(f"INC-{one}" for one in (in_vain, timed_out, rule, went_on)),
            held=1,
            spared=0,
        )
    ]
