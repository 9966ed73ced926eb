"""What happened to a service lately: its incidents, and when its team was last paged about one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from incidents.lifecycle import UNSETTLED
from incidents.models import Severity

_OTHERS = text(
    """
    select id from incidents where service = :service and id <> :but and (state = any(:open) or clock_from >= :since)
    order by id
    """
).bindparams(bindparam("open", type_=ARRAY(Text)))
_PAGED = text(
    """
    select max(e.planned_at) from effects e join incidents i on i.id = e.incident_id
    where i.service = :service and i.id <> :but and e.kind = 'page' and e.key like '%\\:page\\:0' and e.state <> 'dead'
        and e.planned_at >= :since and i.severity <= :severity
    """
)
_TURN = text("select pg_advisory_xact_lock(:all, hashtext(:service))")
# Any number will do, as long as nobody else locks it.
_WAKING = 0x11A152
_OPEN = [state.value for state in UNSETTLED]


async def take_turns_waking(tx: AsyncConnection, service: str) -> None:
    """Until the transaction ends nobody else wakes engineers about this service: of two at once one knows of the other.

    To be taken before any incident is locked.
    """
    await tx.execute(_TURN, {"all": _WAKING, "service": service})


async def others_lately(tx: AsyncConnection, service: str, *, but: int, since: datetime) -> Sequence[int]:
    """The numbers of the service's incidents but this one that are open, or were opened (again) since then."""
    rows = await tx.execute(_OTHERS, {"service": service, "but": but, "open": _OPEN, "since": since})
    return list(rows.scalars())


async def paged_lately(
    tx: AsyncConnection, service: str, severity: Severity, *, but: int, since: datetime
) -> datetime | None:
    """When the service's team was last paged about another incident than this one, at least as bad, if since then."""
    found: datetime | None = (
        await tx.execute(_PAGED, {"service": service, "but": but, "since": since, "severity": int(severity)})
    ).scalar_one()
    return found
