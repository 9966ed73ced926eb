"""What ended an incident, as similarity tells it: told by what a line of the story is, never by how it is worded."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from incidents.case import Entry, EntryKind
from incidents.models import Incident, IncidentState
from incidents.store.database import Database
from incidents.store.schema.tables import incidents
from incidents.store.timeline import append_entries
from insights.store.similar_past import ended_since
from tests.incidents.store.examples import MINUTE, NOW, a_step, new_incident

RESOLVED = Entry(kind=EntryKind.RESOLVED, text="Ada resolved it; proof is being taken")
ENGINEER = Entry(kind=EntryKind.NOTE, text="Undid what was asked for on ticket #77", actor="Ada")
AGENT = Entry(kind=EntryKind.TICKET_NOTE, text="Sam on ticket #1: the customer calls again", actor="Sam")
ACTION = Entry(kind=EntryKind.FIXED_BY_ACTION, text="The action 'restart' helped")
HANDED_BACK = Entry(kind=EntryKind.STATE, text="Ada, who fixed it last time, handed the page back")


@pytest.mark.parametrize(
    ("entries", "fixed_by"),
    [
        ([ENGINEER, RESOLVED, AGENT], ENGINEER.text),
        ([AGENT, RESOLVED], RESOLVED.text),
        ([ACTION, AGENT], ACTION.text),
        ([HANDED_BACK], ""),
    ],
)
async def test_what_ended_it_is_the_engineers_last_word_else_how_it_was_resolved(
    database: Database, entries: list[Entry], fixed_by: str
):
    """An agent's note never is, nor a change of hands, whatever the sentences say."""
    async with database.transaction() as tx:
        incident = await _closed(tx)
        await append_entries(a_step(tx), incident.id, entries)
        (ended,) = await ended_since(tx, NOW - MINUTE)
    assert (ended.incident, ended.fixed_by) == (incident.name, fixed_by)


async def _closed(tx) -> Incident:
    incident = await new_incident(tx)
    over = {"state": IncidentState.CLOSED.value, "state_since": NOW}
    await tx.execute(update(incidents).where(incidents.c.id == incident.id).values(over))
    return incident
