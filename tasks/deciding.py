"""How tasks decide on an incident: by the policy in force, at this process's time, in this run's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Case, Plan
from incidents.models import Ticket
from incidents.store.cases import decide
from tasks import resources


async def decide_now(
    tx: AsyncConnection,
    incident_id: int,
    decision: Callable[[Case], Plan],
    *,
    joining: Sequence[Ticket] = (),
    told_at: datetime | None = None,
) -> Plan:
    """As `incidents.store.cases.decide`, which tells what `joining` and `told_at` are."""
    return await decide(
        tx,
        incident_id,
        decision,
        policy=resources.policy(),
        now=resources.utc_now(),
        run_id=resources.run_id(),
        joining=joining,
        told_at=told_at,
    )


def as_it_is(case: Case) -> Plan:
    """The decision that changes nothing: the incident's clocks are looked at anew all the same."""
    return Plan(incident=case.incident)
