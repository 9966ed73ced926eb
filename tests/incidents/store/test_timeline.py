"""The timeline: in order, complete, and in anybody's words."""

from __future__ import annotations

from incidents.case import Entry, EntryKind
from incidents.models import Incident
from incidents.store.database import Database
from incidents.store.timeline import TimelineEntry, append_entries, read_timeline
from tests.incidents.store.examples import MINUTE, NOW, a_step, new_incident


async def test_entries_are_read_in_the_order_in_which_they_were_written(
    database: Database, incident: Incident
):
    """Also those of one moment, and one whose clock was behind."""
    async with database.transaction() as tx:
        first = [
            Entry(kind=EntryKind.OPENED, text="one"),
            Entry(kind=EntryKind.JOINED, text="two", actor="Ada"),
        ]
        await append_entries(a_step(tx, run_id="run-1"), incident.id, first)
        third = [Entry(kind=EntryKind.NOTE, text="three")]
        await append_entries(a_step(tx, now=NOW - MINUTE), incident.id, third)
        story = await read_timeline(tx, incident.id)
    assert story == [
        TimelineEntry(at=NOW, kind=EntryKind.OPENED, actor="Liaison", text="one", run_id="run-1"),
        TimelineEntry(at=NOW, kind=EntryKind.JOINED, actor="Ada", text="two", run_id="run-1"),
        TimelineEntry(at=NOW - MINUTE, kind=EntryKind.NOTE, actor="Liaison", text="three", run_id=None),
    ]


async def test_each_incident_has_a_story_of_its_own(database: Database, incident: Incident):
    async with database.transaction() as tx:
        other = await new_incident(tx)
        await append_entries(a_step(tx), other.id, [Entry(kind=EntryKind.OPENED, text="theirs")])
        assert await read_timeline(tx, incident.id) == []


async def test_no_entries_are_no_statement(database: Database, incident: Incident):
    async with database.transaction() as tx:
        await append_entries(a_step(tx), incident.id, [])
        assert await read_timeline(tx, incident.id) == []


async def test_hostile_words_do_not_fail_the_commit(database: Database, incident: Incident):
    """A chat user's name, a vendor's error text: neither may undo what was done."""
    entry = Entry(kind=EntryKind.NOTE, text="half \ud83d", actor="Bobby\x00")
    async with database.transaction() as tx:
        await append_entries(a_step(tx), incident.id, [entry])
        (found,) = await read_timeline(tx, incident.id)
    assert (found.text, found.actor) == ("half \ufffd", "Bobby\ufffd")
