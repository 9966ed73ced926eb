"""Who had what when, and which promises were broken because of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import any_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from incidents.models import SubjectRef
from incidents.promises.holders import (
    Held,
    Holder,
    HolderKind,
    cause,
    held_until,
)
from incidents.promises.subjects import subject_ref
from incidents.sla.calendars import Calendars
from incidents.sla.clock import Missed
from incidents.store.schema.newer import known_word
from incidents.store.schema.tables import sla_breaches, sla_holders
from incidents.store.storable import StorableText

_SUBJECTS = bindparam("subjects", type_=ARRAY(StorableText))
_HELD = TypeAdapter(tuple[Held, ...])

# Only what changed hands or state; a moment that is known already stays as it was told.
_NOTE = text(
    """
    insert into sla_holders (subject, since, holder, holder_kind, state)
    select new.subject, new.since, new.holder, new.holder_kind, new.state
    from jsonb_populate_recordset(null::sla_holders, :rows) as new
    where not exists (
        select 1 from (
            select holder, state from sla_holders as old
            where old.subject = new.subject and old.since <= new.since
            order by old.since desc limit 1
        ) as last
        where last.holder = new.holder and last.state = new.state
    )
    on conflict (subject, since) do update
        set holder = excluded.holder, holder_kind = excluded.holder_kind, state = excluded.state
    """
).bindparams(bindparam("rows", type_=JSONB))
_RECORD = text(
    """
    insert into sla_breaches (clock_key, subject, metric, policy, target, breached_at, recorded_at, cause, held)
    select clock_key, subject, metric, policy, target, breached_at, recorded_at, cause, held
    from jsonb_populate_recordset(null::sla_breaches, :rows)
    on conflict (clock_key) do update set
        policy = excluded.policy, target = excluded.target, breached_at = excluded.breached_at,
        recorded_at = excluded.recorded_at, cause = excluded.cause, held = excluded.held
    """
).bindparams(bindparam("rows", type_=JSONB))


@dataclass(frozen=True, kw_only=True, slots=True)
class Breach:
    """A promise that was broken, and who had it until then."""

    clock_key: str
    breached_at: datetime
    cause: str
    held: tuple[Held, ...]


async def note_holders(tx: AsyncConnection, holders: Iterable[Holder]) -> None:
    """Remember who has what from now on, where that is news."""
    rows = [
        {
            "subject": str(one.subject),
            "since": one.since.isoformat(),
            "holder": one.holder,
            "holder_kind": one.kind.value,
            "state": one.state,
        }
        for one in holders
    ]
    if rows:
        await tx.execute(_NOTE, {"rows": rows})


async def record_breaches(
    tx: AsyncConnection, broken: Sequence[Missed], calendars: Calendars, *, now: datetime
) -> None:
    """Write each broken promise with its cause: who had it when, as we know it now."""
    if not broken:
        return
    holders = await _holders(tx, {one.clock.subject for one in broken})
    rows: list[dict[str, object]] = []
    for one in broken:
        clock = one.clock
        held = held_until(one.at, clock, holders.get(clock.subject, ()), calendars)
        rows.append(
            {
                "clock_key": clock.key,
                "subject": str(clock.subject),
                "metric": clock.metric.value,
                "policy": clock.policy,
                "target": f"{clock.target.total_seconds():.6f} seconds" if clock.target is not None else None,
                "breached_at": one.at.isoformat(),
                "recorded_at": now.isoformat(),
                "cause": cause(held),
                "held": _HELD.dump_python(held, mode="json"),
            }
        )
    await tx.execute(_RECORD, {"rows": rows})


async def breaches_of(tx: AsyncConnection, subject: SubjectRef) -> Sequence[Breach]:
    """The subject's broken promises, the first one first."""
    rows = await tx.execute(
        select(sla_breaches)
        .where(sla_breaches.c.subject == str(subject))
        .order_by(sla_breaches.c.breached_at)
    )
    return [
        Breach(
            clock_key=row.clock_key,
            breached_at=row.breached_at,
            cause=row.cause,
            held=_HELD.validate_python(row.held),
        )
        for row in rows
    ]


async def _holders(tx: AsyncConnection, subjects: set[SubjectRef]) -> Mapping[SubjectRef, Sequence[Holder]]:
    rows = await tx.execute(
        select(sla_holders)
        .where(sla_holders.c.subject == any_(_SUBJECTS))
        .order_by(sla_holders.c.subject, sla_holders.c.since),
        {"subjects": sorted(map(str, subjects))},
    )
    found: dict[SubjectRef, list[Holder]] = {}
    for row in rows:
        subject = subject_ref(row.subject)
        found.setdefault(subject, []).append(
            Holder(
                subject=subject,
                since=row.since,
                holder=row.holder,
                kind=known_word(HolderKind, row.holder_kind, otherwise=HolderKind.UNKNOWN),
                state=row.state,
            )
        )
    return found
