"""Everything that happened to an incident, in order, never changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Entry, EntryKind, NewerWord
from incidents.step import Step
from incidents.store.schema.newer import word_as_written
from incidents.store.schema.tables import timeline


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry:
    """One thing that happened: of which kind, who did it, and in which Prefect flow run, if in one."""

    at: datetime
    kind: EntryKind | NewerWord
    actor: str
    text: str
    run_id: str | None


async def append_entries(step: Step, incident_id: int, entries: Sequence[Entry]) -> None:
    """Add to the story, with the step's moment and the Prefect flow run that did it."""
    await append_to_all(step, {incident_id: entries})


async def append_to_all(step: Step, stories: Mapping[int, Sequence[Entry]]) -> None:
    """The same for many incidents at once."""
    rows = [
        {
            "incident_id": incident_id,
            "at": step.now,
            "kind": entry.kind.value,
            "actor": entry.actor,
            "text": entry.text,
            "run_id": step.run_id,
        }
        for incident_id, entries in stories.items()
        for entry in entries
    ]
    if rows:
        await step.connection.execute(insert(timeline), rows)


async def read_timeline(tx: AsyncConnection, incident_id: int) -> Sequence[TimelineEntry]:
    """The incident's story, oldest first."""
    rows = await tx.execute(
        select(timeline).where(timeline.c.incident_id == incident_id).order_by(timeline.c.id)
    )
    return [
        TimelineEntry(
            at=row.at,
            kind=word_as_written(EntryKind, row.kind),
            actor=row.actor,
            text=row.text,
            run_id=row.run_id,
        )
        for row in rows
    ]
