"""Is there anything to do? Asked every few seconds by whoever would start a run for it, so an index answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from incidents.lifecycle import OWES_UPDATES
from incidents.store.ledger.due import CLOCK, IS_DUE
from incidents.store.ledger.pages import UNSEEN, UNSEEN_FOR, WITH_ENGINEERS_NAMES


@dataclass(frozen=True, kw_only=True, slots=True)
class ThingsToDo:
    """`has_work`: stages that are due, effects that can be sent, pages that nobody has seen, questions that nobody has
    answered in time, or deliveries that nobody drains; `has_promises`: promises with something to tell."""

    has_work: bool
    has_promises: bool


_LOOK = text(
    f"""
    select
        exists (select 1 from incidents where next_stage is not null and next_stage_at <= :now)
            or exists (select 1 from effects e where {IS_DUE})
            or exists ({UNSEEN})
            or exists (select 1 from approvals where state = 'asked' and expires_at <= :now)
            or exists (
                select 1 from deliveries w where w.state = 'pending' and w.received_at <= :now
                    and not exists (select 1 from drains d where d.lane = w.lane and d.until > {CLOCK}))
            as has_work,
        exists (select 1 from sla_clocks where next_moment_at <= :now)
            or exists (select 1 from customer_updates where next_look_at <= :now)
            or exists (select 1 from incidents where next_update_at <= :now and state = any(:owing))
            as has_promises
    """  # noqa: S608  # fragments of our own
).bindparams(bindparam("states", type_=ARRAY(Text)), bindparam("owing", type_=ARRAY(Text)))


async def things_to_do(tx: AsyncConnection, *, now: datetime, clock: datetime | None = None) -> ThingsToDo:
    """What was due at `now` and is not done. `clock` is what leases are compared with: PostgreSQL's, but in tests."""
    given = {"now": now, "clock": clock, "states": WITH_ENGINEERS_NAMES, "unseen_since": now - UNSEEN_FOR}
    given |= {"owing": [state.value for state in OWES_UPDATES]}
    row = (await tx.execute(_LOOK, given)).one()
    return ThingsToDo(has_work=row.has_work, has_promises=row.has_promises)
