"""Deciders of one incident take turns, so nobody decides on a state that has moved on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import select

from incidents.case import Case, Entry, EntryKind, Plan
from incidents.models import Incident
from incidents.process.deciding import decide
from incidents.store.cases import load_case, open_incidents, read_incident
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.schema.tables import incidents
from incidents.store.timeline import read_timeline
from tests.incidents.store.blocked_sessions import until_blocked
from tests.incidents.store.examples import MINUTE, NOW, a_step, effect, new_incident


def _count_up(case: Case) -> Plan:
    checks = case.incident.checks + 1
    return Plan(
        incident=replace(case.incident, checks=checks),
        effects=(effect(f"{case.incident.name}:{checks}", incident_id=case.incident.id),),
        entries=(Entry(kind=EntryKind.PROOF, text=str(checks)),),
    )


async def _decide(database: Database, incident: Incident, decision: Callable[[Case], Plan]) -> None:
    async with database.transaction() as tx:
        await decide(a_step(tx), incident.id, decision)


async def test_of_many_concurrent_decisions_none_is_lost(database: Database, incident: Incident):
    """Each one saw what the one before it had decided: state, ledger and story agree."""
    await asyncio.gather(*(_decide(database, incident, _count_up) for _ in range(10)))
    async with database.transaction() as tx:
        case = await load_case(tx, incident.id)
        story = await read_timeline(tx, incident.id)
    assert (case.incident.checks, case.incident.version, case.open_ticket_effects) == (10, 11, 10)
    assert [entry.text for entry in story] == [str(number) for number in range(1, 11)]


async def test_a_second_decider_waits_and_then_sees_the_first_ones_tickets_and_ledger(
    database: Database, incident: Incident
):
    """Not only the locked row is fresh: what hangs on it is read after the wait as well."""
    seen: list[tuple[int, int]] = []

    def look(case: Case) -> Plan:
        seen.append((case.incident.checks, case.open_ticket_effects))
        return Plan(incident=case.incident)

    async with database.transaction() as first:
        await decide(a_step(first), incident.id, _count_up)
        second = asyncio.create_task(_decide(database, incident, look))
        await until_blocked(database)
        await plan_effects(first, [effect("late", incident_id=incident.id)])
    await second
    assert seen == [(1, 2)]


async def test_a_decision_that_fails_leaves_the_incident_to_the_next(database: Database, incident: Incident):
    def stumble(case: Case) -> Plan:
        raise RuntimeError("a defect")

    answers = await asyncio.gather(
        _decide(database, incident, stumble),
        _decide(database, incident, _count_up),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [RuntimeError, type(None)]
    async with database.transaction() as tx:
        assert (await read_incident(tx, incident.id)).checks == 1


async def test_incidents_do_not_wait_for_each_other(database: Database, incident: Incident):
    async with database.transaction() as tx:
        other = await new_incident(tx)
    async with database.transaction() as first:
        await decide(a_step(first), incident.id, _count_up)
        async with asyncio.timeout(5):
            await _decide(database, other, _count_up)


async def test_reading_does_not_wait_for_a_decider(database: Database, incident: Incident):
    """A page that shows an incident is never held up by a stage at work."""
    async with database.transaction() as first:
        await decide(a_step(first), incident.id, _count_up)
        async with asyncio.timeout(5), database.transaction() as reader:
            assert (await load_case(reader, incident.id)).incident.checks == 0


async def test_open_incidents_are_locked_in_the_order_of_their_numbers(database: Database):
    """Two that lock several never hold what the other one needs: here INC-2 is taken, so INC-1 is locked
    already and INC-3 not yet, wherever the rows lie in the table."""
    async with database.transaction() as tx:
        opened = [await new_incident(tx) for _ in range(3)]

    def put_off(case: Case) -> Plan:
        return Plan(incident=replace(case.incident, next_stage_at=NOW + MINUTE))

    await _decide(database, opened[0], put_off)  # moves INC-1 behind the others, in the indexes too

    async def lock_all() -> None:
        async with database.transaction() as tx:
            await open_incidents(tx, ["checkout"], lock=True)

    async with database.transaction() as holder:
        await read_incident(holder, opened[1].id, lock=True)
        all_of_them = asyncio.create_task(lock_all())
        await until_blocked(database)
        free = select(incidents.c.id).with_for_update(skip_locked=True)
        async with database.transaction() as third:
            assert (await third.execute(free)).scalars().all() == [opened[2].id]
    await all_of_them
