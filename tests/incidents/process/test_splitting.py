"""A ticket that is split off there and back again: who reads of it, each time."""

from __future__ import annotations

from sqlalchemy import text, update

from incidents.decisions.merging.split import Splitting
from incidents.process.splitting import split
from incidents.store.database import Database
from incidents.store.schema.tables import effects
from incidents.store.timeline import read_timeline
from tests.incidents.process.test_merging import BO, HOUR, NOW, two
from tests.incidents.store.examples import a_step


async def test_there_and_back_and_there_again(database: Database):
    """Each time both stories say who and why, and the agent is told."""
    first, second = await two(database)
    for hours, (source, into) in enumerate(((second, first), (first, second), (second, first))):
        async with database.transaction() as tx:
            step = a_step(tx, now=NOW + hours * HOUR)
            await split(step, source, Splitting(ticket="#3", said=BO, into=into))
            assert f"#3 came over from INC-{source} (split off by Bo)" in [
                entry.text for entry in await read_timeline(tx, into)
            ]
            await tx.execute(update(effects).values(state="done", sent_at=NOW))
    async with database.transaction() as tx:
        notes = await tx.execute(
            text("select payload ->> 'text' from effects where kind = 'ticket_note' and target = '3'")
        )
        told = [note for note in notes.scalars() if note.startswith("This ticket was split off")]
    assert len(told) == 3
