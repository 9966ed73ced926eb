"""How far an update to many tickets has come, as people watch it: begun when it takes a while, ended when all are told.

What was told and what is left is counted in the ledger. Only when it began and what was planned last is kept beside it,
so that whoever goes on after a crash goes on with the same page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectKind
from incidents.store.schema.tables import incidents, meta

KEY = "fan_out:"
"""Of its row in `meta`, before the number of the incident."""


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
    """`shown_at` is when its page was written last; None before the first time. `goes_on_in` is the incident that this
    one was merged into: its tickets are counted there."""

    began_at: datetime
    shown_at: datetime | None
    helpdesks: tuple[HelpdeskProgress, ...]
    goes_on_in: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens here: nothing is left to send, at any helpdesk, or it goes on elsewhere."""
        return self.goes_on_in is not None or all(one.is_over for one in self.helpdesks)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    next_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _Begun:
    """What is kept beside the ledger; the plans are by connection."""

    began_at: datetime
    shown_at: datetime | None = None
    plans: dict[str, _Plan] = field(default_factory=dict)


_JSON = TypeAdapter(_Begun)


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
    known = await _read(tx, incident_id, for_update=True)
    if known is None:
        if not begins:
            return False
        known = _Begun(began_at=now)
    plan = _Plan(next_at=next_at, ends_at=ends_at)
    await _write(tx, incident_id, replace(known, plans={**known.plans, connection: plan}))
    return True


async def note_shown(tx: AsyncConnection, incident_id: int, *, now: datetime) -> None:
    """Its page was written just now."""
    known = await _read(tx, incident_id, for_update=True)
    if known is not None:
        await _write(tx, incident_id, replace(known, shown_at=now))


async def hand_fan_out_on(tx: AsyncConnection, loser: int, survivor: int) -> None:
    """Where an update of the loser is under way, it goes on in the survivor, counted from its beginning. The loser's
    own is kept until its page says so."""
    theirs = await _read(tx, loser, for_update=True)
    if theirs is None:
        return
    ours = await _read(tx, survivor, for_update=True)
    known = (
        replace(theirs, shown_at=None)
        if ours is None
        else replace(ours, began_at=min(ours.began_at, theirs.began_at), plans={**theirs.plans, **ours.plans})
    )
    await _write(tx, survivor, known)


async def end_fan_out(tx: AsyncConnection, incident_id: int) -> None:
    """All are told, or are told elsewhere, and its page says so."""
    await tx.execute(delete(meta).where(meta.c.key == f"{KEY}{incident_id}"))


async def fan_outs_under_way(tx: AsyncConnection) -> Sequence[int]:
    """The incidents whose page does not say yet how it ended."""
    rows = await tx.execute(select(meta.c.key).where(meta.c.key.startswith(KEY)))
    return sorted(int(row.key.removeprefix(KEY)) for row in rows)


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
    known = await _read(tx, incident_id)
    if known is None:
        return None
    message = EffectKind.CUSTOMER_MESSAGE.value
    given = {"incident_id": incident_id, "message": message, "began_at": known.began_at}
    rows = await tx.execute(_COUNTS, given)
    goes_on_in = await tx.execute(select(incidents.c.merged_into).where(incidents.c.id == incident_id))
    return FanOutProgress(
        began_at=known.began_at,
        shown_at=known.shown_at,
        helpdesks=tuple(_helpdesk(row, known.plans.get(row.connection)) for row in rows),
        goes_on_in=goes_on_in.scalar_one_or_none(),
    )


def _helpdesk(counts: Row[Any], plan: _Plan | None) -> HelpdeskProgress:
    return HelpdeskProgress(
        connection=counts.connection,
        told=counts.told,
        left=counts.left,
        given_up=counts.given_up,
        others_left=counts.others,
        next_at=None if plan is None else plan.next_at,
        ends_at=None if plan is None else plan.ends_at,
    )


async def _read(tx: AsyncConnection, incident_id: int, *, for_update: bool = False) -> _Begun | None:
    query = select(meta.c.value).where(meta.c.key == f"{KEY}{incident_id}")
    found = (await tx.execute(query.with_for_update() if for_update else query)).scalar_one_or_none()
    return None if found is None else _JSON.validate_json(found)


async def _write(tx: AsyncConnection, incident_id: int, known: _Begun) -> None:
    statement = insert(meta).values(key=f"{KEY}{incident_id}", value=_JSON.dump_json(known).decode())
    await tx.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
    )
