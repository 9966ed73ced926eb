"""The record of surges: those that were noted, the incidents that they may have been, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.decisions.surges.surge_name import SOURCE, SurgeName
from incidents.lifecycle import UNSETTLED
from incidents.models import IncidentState, Verdict
from incidents.policy.insights import InsightKind
from incidents.store.schema.tables import incidents, insight_predictions
from insights.surge.outcomes import (
    AFTER,
    BEFORE,
    IncidentThen,
    NotedSurge,
    SurgeEnd,
    SurgeOutcome,
    outcome_of,
)

_SETTLED = (SurgeEnd.INCIDENT, SurgeEnd.NOTHING)


async def noted_surges(
    tx: AsyncConnection, since: datetime, *, services: frozenset[str]
) -> Sequence[NotedSurge]:
    """The surges noted since then, the newest first. Other services than these are none."""
    columns = insight_predictions.c
    rows = await tx.execute(
        select(columns.subject, columns.at, columns.predicted, columns.is_shadow)
        .where(columns.kind == InsightKind.SURGE.value, columns.at >= since)
        .order_by(columns.at.desc(), columns.id.desc())
    )
    return [_noted(row, services) for row in rows]


async def incidents_around(tx: AsyncConnection, since: datetime, until: datetime) -> Sequence[IncidentThen]:
    """Those that surges noted between these times may have been. One that was merged is as real, and as long, as
    the one that it was merged into."""
    columns, whole = incidents.c, incidents.alias("whole")
    rows = await tx.execute(
        select(
            columns.id,
            columns.service,
            columns.opened_at,
            columns.state,
            columns.verdict,
            columns.evidence,
            columns.acknowledged_at,
            columns.resolved_at,
            whole.c.state.label("whole_state"),
            whole.c.verdict.label("whole_verdict"),
            func.coalesce(whole.c.acknowledged_at, whole.c.resolved_at).label("whole_taken_at"),
        )
        .select_from(incidents.outerjoin(whole, whole.c.id == columns.merged_into))
        .where(
            (columns.opened_at >= since - BEFORE) & (columns.opened_at <= until + AFTER)
            # One that is long open is told of surges, too.
            | (columns.opened_at < since) & columns.evidence.contains([{"source": SOURCE}])
        )
    )
    return [
        IncidentThen(
            name=f"INC-{row.id}",
            service=row.service,
            opened_at=row.opened_at,
            was_real=Verdict.CONFIRMED.value in (row.verdict, row.whole_verdict)
            or row.acknowledged_at is not None
            or row.resolved_at is not None
            or row.whole_taken_at is not None,
            is_over=IncidentState(row.whole_state or row.state) not in UNSETTLED,
            surges=frozenset(
                item["about"] for item in row.evidence if item["source"] == SOURCE and item.get("about")
            ),
        )
        for row in rows
    ]


async def surge_outcomes(
    tx: AsyncConnection, since: datetime, *, now: datetime, services: frozenset[str]
) -> Sequence[SurgeOutcome]:
    """What became of each surge noted since then, the newest first. Other services than these are none."""
    noted = await noted_surges(tx, since, services=services)
    known = await incidents_around(tx, since, now)
    return [outcome_of(surge, known, now=now) for surge in noted]


async def settle_surges(tx: AsyncConnection, outcomes: Sequence[SurgeOutcome], *, now: datetime) -> int:
    """Write the ends that are known beside their surges; returns how many are news. One may turn out to be an incident
    after it was taken for nothing."""
    columns, settled = insight_predictions.c, 0
    for end in _SETTLED:
        names = [one.surge.name for one in outcomes if one.end is end]
        written = await tx.execute(
            update(insight_predictions)
            .where(
                columns.kind == InsightKind.SURGE.value,
                columns.subject.in_(names),
                columns.truth.is_distinct_from(end.value),
            )
            .values(truth=end.value, truth_at=now)
        )
        settled += written.rowcount
    return settled


def _noted(row: Row[Any], services: frozenset[str]) -> NotedSurge:
    name = SurgeName.read(row.subject)
    service = dict(name.group).get("service")
    return NotedSurge(
        name=row.subject,
        service=service if service in services else None,
        since=name.since,
        noted_at=row.at,
        words=row.predicted,
        is_shadow=row.is_shadow,
    )
