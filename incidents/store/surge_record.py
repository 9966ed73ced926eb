"""The record of surges: those that were noted, the incidents that they may have been, and what became of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.insights.learning import InsightKind
from incidents.insights.surge_outcomes import AFTER, BEFORE, IncidentThen, NotedSurge, SurgeEnd, SurgeOutcome
from incidents.models import IncidentState, Verdict
from incidents.store.schema import incidents, insight_predictions

_SERVICE = re.compile(r"\bservice=(.+?)(?= \w+=| \d{4}-)")
_SINCE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d$")
_OVER = (IncidentState.CLOSED.value, IncidentState.NOT_AN_INCIDENT.value, IncidentState.MERGED.value)
_SETTLED = (SurgeEnd.INCIDENT, SurgeEnd.NOTHING)


async def noted_surges(
    tx: AsyncConnection, since: datetime, *, services: frozenset[str]
) -> Sequence[NotedSurge]:
    """The surges noted since then, the newest first. Other services than these are none."""
    columns = insight_predictions.c
    rows = await tx.execute(
        select(columns.subject, columns.at, columns.predicted, columns.reasons, columns.is_shadow)
        .where(columns.kind == InsightKind.SURGE.value, columns.at >= since)
        .order_by(columns.at.desc(), columns.id.desc())
    )
    return [
        NotedSurge(
            name=row.subject,
            service=_service(row.subject, services),
            since=_since(row.subject, row.at),
            noted_at=row.at,
            words=row.predicted,
            evidence=tuple(reason["text"] for reason in row.reasons),
            is_shadow=row.is_shadow,
        )
        for row in rows
    ]


async def incidents_around(tx: AsyncConnection, since: datetime, until: datetime) -> Sequence[IncidentThen]:
    """Those that surges noted between these times may have been."""
    columns = incidents.c
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
        ).where(
            (columns.opened_at >= since - BEFORE) & (columns.opened_at <= until + AFTER)
            # One that is long open is told of surges, too.
            | (columns.opened_at < since) & columns.evidence.contains([{"source": "surge"}])
        )
    )
    return [
        IncidentThen(
            name=f"INC-{row.id}",
            service=row.service,
            opened_at=row.opened_at,
            was_real=row.verdict == Verdict.CONFIRMED.value
            or row.acknowledged_at is not None
            or row.resolved_at is not None,
            is_over=row.state in _OVER,
            surges=frozenset(item["text"] for item in row.evidence if item["source"] == "surge"),
        )
        for row in rows
    ]


async def settle_surges(tx: AsyncConnection, outcomes: Sequence[SurgeOutcome], *, now: datetime) -> int:
    """Write the ends that are known beside their surges; returns how many are new. One may turn out to be an incident
    after it was taken for nothing."""
    columns = insight_predictions.c
    changed = 0
    for one in outcomes:
        if one.end in _SETTLED:
            written = await tx.execute(
                update(insight_predictions)
                .where(
                    columns.kind == InsightKind.SURGE.value,
                    columns.subject == one.surge.name,
                    columns.truth.is_distinct_from(one.end.value),
                )
                .values(truth=one.end.value, truth_at=now)
            )
            changed += written.rowcount
    return changed


def _service(name: str, services: frozenset[str]) -> str | None:
    found = _SERVICE.search(name)
    return found[1] if found is not None and found[1] in services else None


def _since(name: str, noted_at: datetime) -> datetime:
    """As its name says, which has it to the minute."""
    found = _SINCE.search(name)
    return datetime.fromisoformat(f"{found[0]}+00:00") if found is not None else noted_at
