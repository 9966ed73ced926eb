"""How far an update to many tickets has come, as people watch it: begun when it takes a while, ended when all are told.

What was told and what is left is counted in the ledger. Only when it began and what was planned last is kept beside it,
so that whoever goes on after a crash goes on with the same page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectKind
from incidents.store.schema.tables import fan_outs


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpdeskProgress:
    """Customers `told` since it began, `left`, and `given_up` as only a person can decide; `others_left` are notes and
    statuses. The times are those of the last plan; None where nothing was planned yet."""

    connection: str
    told: int
    left: int
    given_up: int
    others_left: int
    next_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send."""
        return not self.left and not self.others_left


@dataclass(frozen=True, kw_only=True, slots=True)
class FanOutProgress:
    """`shown_at` is when its page was written last; None before the first time."""

    began_at: datetime
    shown_at: datetime | None
    helpdesks: tuple[HelpdeskProgress, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send, at any helpdesk."""
        return all(one.is_over for one in self.helpdesks)


async def note_plan(
    tx: AsyncConnection,
    incident_id: int,
    connection: str,
    *,
    next_at: datetime | None,
    ends_at: datetime,
    begins: bool,
    now: datetime,
) -> bool:
    """Keep what was planned last for a helpdesk; False where no fan-out is under way and none `begins`."""
    began_at: datetime | None = (
        await tx.execute(select(func.min(fan_outs.c.began_at)).where(fan_outs.c.incident_id == incident_id))
    ).scalar_one_or_none()
    if began_at is None and not begins:
        return False
    plan = insert(fan_outs).values(
        incident_id=incident_id,
        connection=connection,
        began_at=began_at or now,
        next_at=next_at,
        ends_at=ends_at,
    )
    said = {"next_at": plan.excluded.next_at, "ends_at": plan.excluded.ends_at}
    await tx.execute(plan.on_conflict_do_update(index_elements=["incident_id", "connection"], set_=said))
    return True


async def note_shown(tx: AsyncConnection, incident_id: int, *, now: datetime) -> None:
    """Its page was written just now."""
    await tx.execute(update(fan_outs).where(fan_outs.c.incident_id == incident_id).values(shown_at=now))


async def end_fan_out(tx: AsyncConnection, incident_id: int) -> None:
    """All are told, and its page says so."""
    await tx.execute(delete(fan_outs).where(fan_outs.c.incident_id == incident_id))


async def fan_outs_under_way(tx: AsyncConnection) -> Sequence[int]:
    """The incidents whose page does not say yet that all are told."""
    rows = await tx.execute(select(fan_outs.c.incident_id).distinct().order_by(fan_outs.c.incident_id))
    return list(rows.scalars())


_COUNTS = text(
    """
    select e.connection,
        count(*) filter (where e.kind = :message and e.state = 'done') as told,
        count(*) filter (where e.kind = :message and e.state in ('pending', 'sending', 'unknown')) as left,
        count(*) filter (where e.kind = :message and e.state in ('held', 'dead')) as given_up,
        count(*) filter (where e.kind <> :message and e.state in ('pending', 'sending', 'unknown')) as others
    from effects e
    where e.incident_id = :incident_id and e.about_ticket
        and (e.state in ('pending', 'sending', 'unknown') or e.settled_at >= :began_at)
    group by e.connection order by e.connection
    """
)


async def read_progress(tx: AsyncConnection, incident_id: int) -> FanOutProgress | None:
    """How far it is; None where none is under way."""
    query = select(fan_outs).where(fan_outs.c.incident_id == incident_id)
    plans = {row.connection: row for row in await tx.execute(query)}
    if not plans:
        return None
    began_at = min(plan.began_at for plan in plans.values())
    rows = await tx.execute(
        _COUNTS,
        {"incident_id": incident_id, "message": EffectKind.CUSTOMER_MESSAGE.value, "began_at": began_at},
    )
    shown = [plan.shown_at for plan in plans.values() if plan.shown_at is not None]
    return FanOutProgress(
        began_at=began_at,
        shown_at=max(shown, default=None),
        helpdesks=tuple(_helpdesk(row, plans.get(row.connection)) for row in rows),
    )


def _helpdesk(counts: Row[Any], plan: Row[Any] | None) -> HelpdeskProgress:
    return HelpdeskProgress(
        connection=counts.connection,
        told=counts.told,
        left=counts.left,
        given_up=counts.given_up,
        others_left=counts.others,
        next_at=None if plan is None else plan.next_at,
        ends_at=None if plan is None else plan.ends_at,
    )
