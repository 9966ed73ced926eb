"""Which effects of the ledger can be sent now, and when the next ones can.

Effects in one lane go out one after the other, in the order in which they were planned; so only the head of a
lane is ever due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectKind, Wanted

# Leases go by the clock that all workers share: PostgreSQL's. `:clock` is null but in tests.
CLOCK = "coalesce(cast(:clock as timestamptz), now())"
# What a newer version has planned is left to it; what is behind that in its lane waits for it, too.
_KNOWN = ", ".join(f"'{kind.value}'" for kind in EffectKind)
IS_OF_A_KNOWN_KIND = f"e.kind in ({_KNOWN})"
# The head of its lane: nothing older may still be open.
IS_HEAD = f"""
    e.state in ('pending', 'sending', 'unknown') and {IS_OF_A_KNOWN_KIND}
    and not exists (
        select 1 from effects o
        where o.lane = e.lane and o.id < e.id and o.state in ('pending', 'sending', 'unknown'))
"""  # noqa: S608  # fragments of our own
# A younger one is in flight when its transaction was quicker to commit.
IS_NOT_IN_FLIGHT = f"""
    (e.state <> 'sending' or e.lease_until < {CLOCK})
    and not exists (
        select 1 from effects o
        where o.lane = e.lane and o.id > e.id and o.state = 'sending' and o.lease_until >= {CLOCK})
"""  # noqa: S608  # fragments of our own
# And it may be sent now.
IS_DUE = f"""
    {IS_HEAD}
    and e.not_before <= :now and {IS_NOT_IN_FLIGHT}
"""  # fragments of our own


@dataclass(frozen=True, kw_only=True, slots=True)
class DueEffects:
    """Effects that can be sent together now: the same change to objects of one system."""

    connection: str
    kind: EffectKind
    ids: tuple[int, ...]


_WANTED = {Wanted.WAKING: "and e.kind in ('action', 'page')", Wanted.ALL: ""}


# Customers may be told the same in one call: who it was meant for is checked one by one before that.
def _due(whose: str, wanted: Wanted) -> TextClause:
    return text(
        f"""
        select e.connection, e.kind, array_agg(e.id order by e.id) as ids
        from effects e
        where {IS_DUE} and {whose} {_WANTED[wanted]}
        group by e.connection, e.kind, e.once, e.payload - 'recipient'
        order by min(e.id)
        """  # noqa: S608  # fragments of our own
    )


OF_AN_INCIDENT, OF_NONE = "e.incident_id = :incident_id", "e.incident_id is null"
_DUE = {wanted: _due(OF_AN_INCIDENT, wanted) for wanted in Wanted}
_DUE_UNLINKED = {wanted: _due(OF_NONE, wanted) for wanted in Wanted}


async def due_effects(
    tx: AsyncConnection,
    incident_id: int | None,
    *,
    now: datetime,
    wanted: Wanted = Wanted.ALL,
    at_most: int = 100,
    clock: datetime | None = None,
) -> Sequence[DueEffects]:
    """What can be sent for an incident now, grouped, in the order it was planned. Nothing is leased yet.

    None is for what belongs to no incident. `clock` is what leases are
    compared with; None, as everywhere but in tests, is PostgreSQL's own.
    """
    given = {"now": now, "clock": clock}
    if incident_id is None:
        rows = await tx.execute(_DUE_UNLINKED[wanted], given)
    else:
        rows = await tx.execute(_DUE[wanted], given | {"incident_id": incident_id})
    return [
        DueEffects(
            connection=row.connection,
            kind=EffectKind(row.kind),
            ids=tuple(row.ids[start : start + at_most]),
        )
        for row in rows
        for start in range(0, len(row.ids), at_most)
    ]


def _next_due(whose: str, wanted: Wanted) -> TextClause:
    return text(
        f"""
        select min(greatest(e.not_before, coalesce(e.lease_until, e.not_before))) from effects e
        where {IS_HEAD} and {whose} {_WANTED[wanted]}
            and (cast(:after as timestamptz) is null
                or greatest(e.not_before, coalesce(e.lease_until, e.not_before)) > :after)
        """  # noqa: S608  # fragments of our own
    )


_NEXT_DUE = {wanted: _next_due(OF_AN_INCIDENT, wanted) for wanted in Wanted}
_NEXT_DUE_UNLINKED = {wanted: _next_due(OF_NONE, wanted) for wanted in Wanted}


async def next_due_at(
    tx: AsyncConnection,
    incident_id: int | None,
    *,
    wanted: Wanted = Wanted.ALL,
    after: datetime | None = None,
) -> datetime | None:
    """When the next effect of this incident may be tried; None when all are settled, or wait for another's.

    What waits behind an effect in its lane does not count: it is not due before that one is settled. `after` leaves
    out what may be tried by then.
    """
    if incident_id is None:
        row = await tx.execute(_NEXT_DUE_UNLINKED[wanted], {"after": after})
    else:
        row = await tx.execute(_NEXT_DUE[wanted], {"incident_id": incident_id, "after": after})
    due: datetime | None = row.scalar_one_or_none()
    return due


_INCIDENTS_DUE = text(f"select distinct e.incident_id from effects e where {IS_DUE}")  # noqa: S608


async def incidents_with_due_effects(
    tx: AsyncConnection, *, now: datetime, clock: datetime | None = None
) -> Sequence[int | None]:
    """Incidents that have something to send now; None among them if something is about no incident."""
    rows = await tx.execute(_INCIDENTS_DUE, {"now": now, "clock": clock})
    return [row.incident_id for row in rows]
