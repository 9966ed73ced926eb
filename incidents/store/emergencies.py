"""Emergencies: times in which Prefect does not answer and one worker goes on without it.

One holder at a time, by a lease that goes by PostgreSQL's clock. A row is one holder's time: when he dies, the next one
begins a new row. What was done carries the row's name in the timeline, so that Prefect can be told when it is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LEASE = timedelta(seconds=15)
_PREFIX = "emergency-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Emergency:
    """One that is over. `holder` is the worker's host and process."""

    id: int
    holder: str
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DoneWithout:
    """A line of an incident's timeline that was written in an emergency."""

    incident_id: int
    at: datetime
    text: str


def emergency_name(emergency: int) -> str:
    """What stands in the timeline in place of a run's id."""
    return f"{_PREFIX}{emergency}"


def is_emergency_name(run_id: str) -> bool:
    """Whether a timeline's run id is an emergency's name, and no run's."""
    return run_id.startswith(_PREFIX)


_END_DEAD = text(
    "update emergencies set ended_at = until where ended_at is null and until < clock_timestamp()"
)
_BEGIN = text(
    "insert into emergencies (holder, began_at, until)"
    " values (:holder, clock_timestamp(), clock_timestamp() + :lease)"
    " on conflict do nothing returning id"
)


async def begin_emergency(tx: AsyncConnection, holder: str) -> int | None:
    """Become the emergency's worker and return its number, or None while another one is."""
    await tx.execute(_END_DEAD)
    found = await tx.execute(_BEGIN, {"holder": holder, "lease": LEASE})
    number: int | None = found.scalar_one_or_none()
    return number


async def keep_emergency(tx: AsyncConnection, emergency: int) -> bool:
    """A sign of life: another lease; False when it was lost."""
    row = await tx.execute(
        text(
            "update emergencies set until = clock_timestamp() + :lease"
            " where id = :id and ended_at is null and until > clock_timestamp() returning 1"
        ),
        {"id": emergency, "lease": LEASE},
    )
    return row.scalar_one_or_none() is not None


async def end_emergency(tx: AsyncConnection, emergency: int) -> None:
    """Prefect is back, or this worker goes: let the next one begin at once."""
    await tx.execute(
        text("update emergencies set ended_at = clock_timestamp() where id = :id and ended_at is null"),
        {"id": emergency},
    )


async def emergency_since(tx: AsyncConnection) -> datetime | None:
    """Since when a worker goes on without Prefect now, or None."""
    row = await tx.execute(
        text("select began_at from emergencies where ended_at is null and until > clock_timestamp()")
    )
    since: datetime | None = row.scalar_one_or_none()
    return since


async def untold_emergencies(tx: AsyncConnection) -> Sequence[Emergency]:
    """Those that are over and that Prefect has not heard of, the oldest first."""
    rows = await tx.execute(
        text(
            "select id, holder, began_at, coalesce(ended_at, until) as ended_at from emergencies"
            " where told_at is null and (ended_at is not null or until < clock_timestamp()) order by id"
        )
    )
    return [
        Emergency(id=row.id, holder=row.holder, began_at=row.began_at, ended_at=row.ended_at) for row in rows
    ]


async def done_without(tx: AsyncConnection, emergency: int) -> Sequence[DoneWithout]:
    """What was written to timelines in an emergency, incident by incident."""
    rows = await tx.execute(
        text("select incident_id, at, text from timeline where run_id = :name order by incident_id, id"),
        {"name": emergency_name(emergency)},
    )
    return [DoneWithout(incident_id=row.incident_id, at=row.at, text=row.text) for row in rows]


async def mark_emergency_told(tx: AsyncConnection, emergency: int) -> None:
    """Prefect has heard of it."""
    await tx.execute(
        text("update emergencies set told_at = clock_timestamp() where id = :id"), {"id": emergency}
    )


async def sent_to_tickets(tx: AsyncConnection, emergency: Emergency) -> int:
    """How many changes to tickets without an incident were sent in that time; they are in no timeline."""
    found = await tx.execute(
        text(
            "select count(*) from effects where incident_id is null and state = 'done'"
            " and settled_at between :began_at and :ended_at"
        ),
        {"began_at": emergency.began_at, "ended_at": emergency.ended_at},
    )
    count: int = found.scalar_one()
    return count
