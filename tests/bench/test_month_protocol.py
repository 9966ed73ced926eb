"""A month is made of copies: they refer to each other as the originals do, and copies are not copied again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.month.copies import Copies, copy_rows
from bench.month.figures import runs_a_day
from bench.month.rows import INCIDENT
from incidents.case import Entry, EntryKind
from incidents.models import JoinOrigin
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.tickets import link_tickets, save_tickets
from incidents.store.timeline import append_entries
from tests.incidents.store.examples import NOW, a_step, effect, new_incident, ticket

DAY = timedelta(days=1)


async def _numbers(tx: AsyncConnection, statement: str) -> list[int]:
    return list((await tx.execute(text(statement))).scalars())


async def _an_incident(tx: AsyncConnection) -> int:
    incident = await new_incident(tx)
    await save_tickets(tx, [ticket(1), ticket(2)])
    await link_tickets(
        tx, incident.id, [ticket(1).ref, ticket(2).ref], origin=JoinOrigin.RULE, reason="a rule", now=NOW
    )
    await plan_effects(tx, [effect("a note", incident_id=incident.id, target="1")])
    await append_entries(a_step(tx), incident.id, [Entry(kind=EntryKind.NOTE, text="restarted it")])
    return incident.id


async def test_copies_of_an_incident_are_whole_and_spread_over_their_day(database: Database):
    """Each with its own tickets, effects and story; a second day copies the original, not the first day's."""
    async with database.transaction() as tx:
        given = {"incident": await _an_incident(tx), "deliveries": []}
        for day in range(2):
            copies = Copies(first=1000 + 10 * day, count=3, begins=NOW + day * DAY, span=DAY, made_at=NOW)
            await copy_rows(tx, INCIDENT, copies, given)
        assert await _numbers(tx, "select count(*) from incidents") == [7]
        each = "select count(*) from {} where incident_id > 1000 group by incident_id"
        for table, rows in (("tickets", 2), ("effects", 1), ("timeline", 1)):
            assert await _numbers(tx, each.format(table)) == [rows] * 6, table
        spread = await _numbers(
            tx,
            "select extract(hour from opened_at)::int from incidents where id between 1001 and 1009 order by id",
        )
        assert spread == [12, 20, 4]


async def test_runs_a_day_are_counted_from_the_schedules():
    """Those of a week are none a day."""
    counts = await runs_a_day()
    assert counts["recover"] == 288
    assert counts["prune"] == 1
    assert counts["train"] == 0
