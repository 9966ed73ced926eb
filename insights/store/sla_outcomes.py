"""Reads what became of promises in a span of weeks: one query, counted by nobody but pandas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.policy.policy import Policy
from incidents.promises.holders import NOBODY
from incidents.promises.updates import PromiseState
from incidents.sla.clock import SlaMetric
from incidents.sla.facts import folded
from insights.sla_report.iso_week import IsoWeek
from insights.sla_report.outcomes import (
    ALL,
    CUSTOMER_UPDATES,
    NONE,
    NOT_RECORDED,
    PromiseOutcome,
    outcomes_frame,
)

_MINUTE = timedelta(minutes=1)
_AT_ONCE = 2000
# A stopped clock is due at some time only if its target was used up before it stopped.
_COUNTED = text(
    """
    select c.key, c.stopped_at, c.due_at, c.metric, c.policy, c.worked, c.incident_id is null as is_ticket,
        i.service, t.tier, t.channel, b.cause, cast(b.held -> 0 ->> 'worked' as interval) as held
    from sla_clocks c
    left join tickets t on t.connection = c.connection and t.id = c.ticket_id
    left join incidents i on i.id = coalesce(c.incident_id, t.incident_id)
    left join sla_breaches b on b.clock_key = c.key and c.due_at is not null
    where c.target is not null and not c.is_withdrawn and (
        c.stopped_at >= :since and c.stopped_at < :until
        or c.stopped_at is null and c.due_at >= :since and c.due_at < :until and c.due_at <= :now
    )
    """
)
_UPDATES = text(
    """
    select u.incident, u.number, u.said_at, u.settled_at, u.state, u.standing, u.owner, i.service
    from customer_updates u join incidents i on i.id = u.incident
    where u.state in ('kept', 'broken') and u.settled_at >= :since and u.settled_at < :until
    """
)


async def read_outcomes(tx: AsyncConnection, week: IsoWeek, basis: Basis, *, weeks: int = 1) -> pd.DataFrame:
    """The frame that `insights.sla_report.outcomes` tells of, for so many weeks; `week` is the last of them.

    What `now` was still to come does not count.
    """
    span = {"since": week.before(weeks - 1).start, "until": week.end, "now": basis.now}
    rows: list[tuple[object, ...]] = []
    # In parts: a quarter's promises may be hundreds of thousands, and others run in this loop.
    async with tx.stream(_COUNTED, span) as found:
        async for part in found.partitions(_AT_ONCE):
            rows.extend(_values(row, basis.policy) for row in part)
    async with tx.stream(_UPDATES, {"since": span["since"], "until": span["until"]}) as found:
        async for part in found.partitions(_AT_ONCE):
            rows.extend(_update_values(row, basis.policy) for row in part)
    return outcomes_frame(rows)


def _values(row: Row[Any], policy: Policy) -> tuple[object, ...]:
    """In the order of the frame's columns."""
    service = policy.services.get(row.service) if row.service else None
    if row.stopped_at is None:
        at, outcome = row.due_at, PromiseOutcome.OPEN
    else:
        at, outcome = row.stopped_at, PromiseOutcome.KEPT if row.due_at is None else PromiseOutcome.MISSED
    return (
        row.key,
        str(IsoWeek.of(at)),
        outcome.value,
        row.metric,
        row.policy,
        row.service or NONE,
        service.team if service is not None else NONE,
        (folded(row.tier or "") or NONE) if row.is_ticket else ALL,
        (folded(row.channel or "") or NONE) if row.is_ticket else ALL,
        None if outcome is PromiseOutcome.OPEN else row.worked / _MINUTE,
        "" if outcome is PromiseOutcome.KEPT else row.cause or NOT_RECORDED,
        0.0 if row.held is None else row.held / _MINUTE,
    )


def _update_values(row: Row[Any], policy: Policy) -> tuple[object, ...]:
    """A promised update to customers, in the same columns: from when it was promised to when it was kept or broken."""
    service = policy.services.get(row.service)
    is_kept = row.state == PromiseState.KEPT.value
    waited = (row.settled_at - row.said_at) / _MINUTE
    return (
        f"INC-{row.incident}:update:{row.number}",
        str(IsoWeek.of(row.settled_at)),
        (PromiseOutcome.KEPT if is_kept else PromiseOutcome.MISSED).value,
        SlaMetric.NEXT_UPDATE.value,
        CUSTOMER_UPDATES,
        row.service,
        service.team if service is not None else NONE,
        ALL,
        ALL,
        waited,
        "" if is_kept else f"{row.owner or NOBODY}: {row.standing}",
        0.0 if is_kept else waited,
    )
