"""What waits, and for how long: asked every few seconds by /metrics, so an index answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectState
from incidents.events import Lane

WAITING: Final = (EffectState.PENDING, EffectState.SENDING, EffectState.UNKNOWN, EffectState.HELD)


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneBacklog:
    """Deliveries of a lane that wait; `oldest` is the age of the first of them in seconds, 0 where none waits."""

    waiting: int = 0
    oldest: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreBacklog:
    """`overdue`: seconds since the first waiting effect could have left; `promise_overdue`: since a promise's moment
    that nobody has looked at; `effects`: how many are open or held. `emergency`: a worker goes on without Prefect.
    """

    lanes: Mapping[Lane, LaneBacklog]
    effects: Mapping[EffectState, int]
    overdue: float
    promise_overdue: float
    emergency: bool


_LANES = text(
    "select lane, count(*), extract(epoch from clock_timestamp() - min(received_at))"
    " from deliveries where state = 'pending' group by lane"
)
# Each part by an index of its own.
_EFFECTS = text(
    "select state, count(*), extract(epoch from clock_timestamp() - min(not_before)) from effects"
    " where state in ('pending', 'sending', 'unknown') group by state"
    " union all select 'held', count(*), 0 from effects where state = 'held'"
)
_REST = text(
    "select coalesce(extract(epoch from clock_timestamp() - (select min(next_moment_at) from sla_clocks)), 0),"
    " exists (select 1 from emergencies where ended_at is null and until > clock_timestamp())"
)


async def read_backlog(tx: AsyncConnection) -> StoreBacklog:
    """By PostgreSQL's clock."""
    lanes = {
        Lane(lane): LaneBacklog(waiting=n, oldest=float(age)) for lane, n, age in await tx.execute(_LANES)
    }
    rows = [(EffectState(state), n, float(age)) for state, n, age in await tx.execute(_EFFECTS)]
    overdue = [age for state, _, age in rows if state is EffectState.PENDING]
    promise, emergency = (await tx.execute(_REST)).one()
    return StoreBacklog(
        lanes={lane: lanes.get(lane, LaneBacklog()) for lane in Lane},
        effects=dict.fromkeys(WAITING, 0) | {state: count for state, count, _ in rows},
        overdue=max([0.0, *overdue]),
        promise_overdue=max(0.0, float(promise)),
        emergency=emergency,
    )
