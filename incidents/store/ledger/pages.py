"""Pages in the ledger: what became of them at the on-call tool, once it has taken them.

A page that was taken is done. Its result is its id at the on-call tool, empty until it was seen there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from incidents.case import PageSighting
from incidents.effects import EffectKind, EffectState
from incidents.lifecycle import WITH_ENGINEERS
from incidents.store.schema.tables import effects

UNSEEN_FOR = timedelta(seconds=30)
"""So long after a page was taken somebody looks whether it is there, if no webhook has told of it."""

# What is older was looked for in vain; `reconcile` goes on looking.
UNSEEN = """
    select e.incident_id from effects e join incidents i on i.id = e.incident_id
    where e.kind = 'page' and e.state = 'done' and e.result = ''
        and e.settled_at between cast(:now as timestamptz) - interval '1 hour' and :unseen_since
        and i.state = any(:states)
"""
WITH_ENGINEERS_NAMES = [state.value for state in WITH_ENGINEERS]
_UNSEEN = text(f"select distinct p.incident_id from ({UNSEEN}) p").bindparams(  # noqa: S608  # our own words
    bindparam("states", type_=ARRAY(Text))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenPage:
    """A page as the on-call tool took it: for whom, and when."""

    key: str
    connection: str
    target: str
    taken_at: datetime


async def incidents_with_unseen_pages(tx: AsyncConnection, *, now: datetime) -> Sequence[int]:
    """Incidents that engineers should have, and whose page nobody has seen at the on-call tool."""
    given = {"now": now, "unseen_since": now - UNSEEN_FOR, "states": WITH_ENGINEERS_NAMES}
    return [row.incident_id for row in await tx.execute(_UNSEEN, given)]


async def taken_pages(tx: AsyncConnection, incident_id: int) -> Sequence[TakenPage]:
    """The incident's pages that were taken, in the order in which they were planned."""
    rows = await tx.execute(
        select(
            effects.c.key,
            effects.c.connection,
            effects.c.payload["target"].astext.label("target"),
            effects.c.settled_at,
        )
        .where(
            effects.c.incident_id == incident_id,
            effects.c.about_ticket.is_(False),
            effects.c.kind == EffectKind.PAGE.value,
            effects.c.state == EffectState.DONE.value,
        )
        .order_by(effects.c.id)
    )
    return [
        TakenPage(key=row.key, connection=row.connection, target=row.target or "", taken_at=row.settled_at)
        for row in rows
    ]


async def page_keys(tx: AsyncConnection, connection: str, page_id: str) -> Sequence[str]:
    """The keys of the pages that have this id at the on-call tool: several where some were merged into it."""
    rows = await tx.execute(
        select(effects.c.key)
        .where(
            effects.c.kind == EffectKind.PAGE.value,
            effects.c.result == page_id,
            effects.c.connection == connection,
        )
        .order_by(effects.c.id)
    )
    return [row.key for row in rows]


async def record_sightings(tx: AsyncConnection, sightings: Iterable[PageSighting]) -> None:
    """Write where pages were seen; one that is not there is given up with the reason, and taken up if it shows."""
    for sighting in sightings:
        is_there = sighting.page_id is not None
        await tx.execute(
            update(effects)
            .where(
                effects.c.key == sighting.key,
                effects.c.kind == EffectKind.PAGE.value,
                effects.c.state.in_([EffectState.DONE.value, EffectState.DEAD.value]),
            )
            .values(
                state=(EffectState.DONE if is_there else EffectState.DEAD).value,
                result=sighting.page_id or "",
                **({} if is_there else {"detail": sighting.why[:500]}),
            )
        )
