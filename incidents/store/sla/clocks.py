"""SLA clocks as rows: read by subject, written in bulk, found by what is due next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, any_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from incidents.models import IncidentRef, SubjectRef, TicketRef
from incidents.promises.subjects import subject_ref
from incidents.sla.calendars import Calendars
from incidents.sla.clock import (
    Moment,
    SlaClock,
    SlaMetric,
    Stretch,
    Told,
    due_at,
    next_moment,
)
from incidents.store.schema.tables import sla_clocks
from incidents.store.storable import StorableText

_SUBJECTS = bindparam("subjects", type_=ARRAY(StorableText))
_STRETCHES = TypeAdapter(tuple[Stretch, ...])
_TOLD = TypeAdapter(tuple[Told, ...])
_COLUMNS = [column.name for column in sla_clocks.columns]
_REPLACED = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "key")

# All rows in one parameter: a statement for each row took six times as long, and one of many rows is compiled anew.
_SAVE = text(
    f"""
    insert into sla_clocks ({", ".join(_COLUMNS)})
    select {", ".join(_COLUMNS)} from jsonb_populate_recordset(null::sla_clocks, :rows)
    order by key
    on conflict (key) do update set {_REPLACED}
    """  # noqa: S608  # our own column names
).bindparams(bindparam("rows", type_=JSONB))


_MARK_TOLD = text(
    """
    update sla_clocks c set told = new.told, next_moment_at = new.next_moment_at
    from jsonb_to_recordset(:rows) as new(key text, told jsonb, next_moment_at timestamptz)
    where c.key = new.key
    """
).bindparams(bindparam("rows", type_=JSONB))


async def read_clocks(
    tx: AsyncConnection, subjects: Sequence[SubjectRef], *, lock: bool = False
) -> Mapping[SubjectRef, tuple[SlaClock, ...]]:
    """The clocks of each subject that can still change or be needed; those without any are left out.

    Of `next_update` promises that were kept there may be hundreds, and nothing asks for them any more.
    """
    if not subjects:
        return {}
    is_needed = sla_clocks.c.stopped_at.is_(None) | (sla_clocks.c.metric != SlaMetric.NEXT_UPDATE.value)
    statement = (
        select(sla_clocks)
        # One parameter, however many they are: the statement is prepared once.
        .where(sla_clocks.c.subject == any_(_SUBJECTS), is_needed | sla_clocks.c.next_moment_at.is_not(None))
        .order_by(sla_clocks.c.key)
    )
    found: dict[SubjectRef, list[SlaClock]] = {}
    given = {"subjects": [str(subject) for subject in subjects]}
    for row in await tx.execute(statement.with_for_update() if lock else statement, given):
        clock = clock_of(row)
        found.setdefault(clock.subject, []).append(clock)
    return {subject: tuple(clocks) for subject, clocks in found.items()}


async def all_clocks(tx: AsyncConnection, subject: SubjectRef) -> Sequence[SlaClock]:
    """Every clock there ever was for this subject, in the order in which they started."""
    rows = await tx.execute(
        select(sla_clocks)
        .where(sla_clocks.c.subject == str(subject))
        .order_by(sla_clocks.c.generation, sla_clocks.c.started_at, sla_clocks.c.metric, sla_clocks.c.round)
    )
    return [clock_of(row) for row in rows]


async def save_clocks(tx: AsyncConnection, clocks: Iterable[SlaClock], calendars: Calendars) -> None:
    """Write clocks with what follows from them: when they are due, and when they next have something to tell."""
    rows = [_values(clock, calendars) for clock in clocks]
    if rows:
        await tx.execute(_SAVE, {"rows": rows})


async def mark_told(tx: AsyncConnection, clocks: Iterable[SlaClock], calendars: Calendars) -> None:
    """Write what clocks have told, and when they next have something to tell; all else of them is as it was."""
    rows = [
        {
            "key": clock.key,
            "told": _TOLD.dump_python(clock.told, mode="json"),
            "next_moment_at": _next_moment_at(clock, calendars),
        }
        for clock in clocks
    ]
    if rows:
        await tx.execute(_MARK_TOLD, {"rows": rows})


def clock_of(row: Row[Any]) -> SlaClock:
    """The clock in a row of `sla_clocks`."""
    return SlaClock(
        subject=subject_ref(row.subject),
        metric=SlaMetric(row.metric),
        policy=row.policy,
        calendar=row.calendar,
        target=row.target,
        warnings=tuple(Moment(per_mille) for per_mille in row.warnings),
        started_at=row.started_at,
        running_since=row.running_since,
        paused_because=row.paused_because,
        stopped_at=row.stopped_at,
        is_withdrawn=row.is_withdrawn,
        generation=row.generation,
        round=row.round,
        stretches=_STRETCHES.validate_python(row.stretches) if row.stretches else (),
        told=_TOLD.validate_python(row.told) if row.told else (),
    )


def _values(clock: SlaClock, calendars: Calendars) -> dict[str, object]:
    ticket = clock.subject if isinstance(clock.subject, TicketRef) else None
    incident = clock.subject if isinstance(clock.subject, IncidentRef) else None
    return {
        "key": clock.key,
        "subject": str(clock.subject),
        "connection": ticket.connection if ticket is not None else None,
        "ticket_id": ticket.id if ticket is not None else None,
        "incident_id": incident.number if incident is not None else None,
        "metric": clock.metric.value,
        "generation": clock.generation,
        "round": clock.round,
        "policy": clock.policy,
        "calendar": clock.calendar,
        "target": None if clock.target is None else f"{clock.target.total_seconds():.6f} seconds",
        "warnings": [moment.per_mille for moment in clock.warnings],
        "started_at": clock.started_at.isoformat(),
        "running_since": _iso(clock.running_since),
        "paused_because": clock.paused_because,
        "stopped_at": _iso(clock.stopped_at),
        "is_withdrawn": clock.is_withdrawn,
        "stretches": _STRETCHES.dump_python(clock.stretches, mode="json"),
        "told": _TOLD.dump_python(clock.told, mode="json"),
        "worked": f"{clock.worked.total_seconds():.6f} seconds",
        "due_at": _iso(due_at(clock, calendars)),
        "next_moment_at": _next_moment_at(clock, calendars),
    }


def _next_moment_at(clock: SlaClock, calendars: Calendars) -> str | None:
    coming = next_moment(clock, calendars)
    return _iso(coming[0]) if coming is not None else None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
