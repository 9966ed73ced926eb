"""What breaches next: the rows of the SLA board, found by index however many promises are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.policy.insights import BREACHED, InsightKind
from incidents.sla.clock import SlaClock
from incidents.store.schema.tables import (
    incidents,
    insight_predictions,
    meta,
    sla_clocks,
    tickets,
)
from incidents.store.sla.clocks import clock_of

NEXT, MISSED, PAUSED = 40, 10, 10
_OPEN = sla_clocks.c.stopped_at.is_(None) & sla_clocks.c.due_at.is_not(None)
_STANDS_STILL = sla_clocks.c.paused_because.is_not(None) & sla_clocks.c.target.is_not(None)


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardRow:
    """A promise that is open. `who` is the ticket's agent or the incident's responder, if anybody has it; `risk` is
    its chance to be broken where it was judged, and not only in the shadow."""

    clock: SlaClock
    due_at: datetime | None
    who: str | None
    ticket: str | None
    ticket_url: str | None
    incident: str | None
    service: str | None
    risk: float | None


async def board_rows(tx: AsyncConnection, *, now: datetime) -> Sequence[BoardRow]:
    """What is due next, then what was missed last and is still open, then what stands still, the newest first."""
    due = sla_clocks.c.due_at
    parts = (
        _rows(_OPEN, due > now).order_by(due).limit(NEXT),
        _rows(_OPEN, due <= now).order_by(due.desc()).limit(MISSED),
        _rows(_STANDS_STILL).order_by(sla_clocks.c.started_at.desc()).limit(PAUSED),
    )
    return [_row(row) for part in parts for row in await tx.execute(part)]


async def is_news(tx: AsyncConnection, page: str, digest: str) -> bool:
    """Whether the page of this key and digest is another one than the last; if so, it is remembered."""
    row = await tx.execute(
        insert(meta)
        .values(key=shown_key(page), value=digest)
        .on_conflict_do_update(index_elements=["key"], set_={"value": digest}, where=meta.c.value != digest)
        .returning(meta.c.key)
    )
    return row.scalar_one_or_none() is not None


async def forget_shown(tx: AsyncConnection, page: str) -> None:
    """What `is_news` remembered was not shown after all: the next look is news again."""
    await tx.execute(delete(meta).where(meta.c.key == shown_key(page)))


def shown_key(page: str) -> str:
    """By which it is remembered what a page last showed."""
    return f"shown {page}"


def _rows(*conditions: ColumnElement[bool]) -> Select[Any]:
    its_ticket = (tickets.c.connection == sla_clocks.c.connection) & (tickets.c.id == sla_clocks.c.ticket_id)
    its_judgement = (
        (insight_predictions.c.subject == sla_clocks.c.key)
        & (insight_predictions.c.kind == InsightKind.BREACH.value)
        & insight_predictions.c.is_shadow.is_(False)
    )
    its_incident = incidents.c.id == func.coalesce(sla_clocks.c.incident_id, tickets.c.incident_id)
    return (
        select(
            sla_clocks,
            tickets.c.assignee,
            tickets.c.url,
            incidents.c.id.label("number"),
            incidents.c.responder,
            incidents.c.owner,
            incidents.c.service,
            insight_predictions.c.predicted,
            insight_predictions.c.probability,
        )
        .select_from(
            sla_clocks.outerjoin(tickets, its_ticket)
            .outerjoin(incidents, its_incident)
            .outerjoin(insight_predictions, its_judgement)
        )
        .where(*conditions)
    )


def _row(row: Row[Any]) -> BoardRow:
    is_ticket = row.ticket_id is not None
    return BoardRow(
        clock=clock_of(row),
        due_at=row.due_at,
        who=row.assignee if is_ticket else (row.responder or row.owner),
        ticket=row.subject if is_ticket else None,
        ticket_url=row.url if is_ticket else None,
        incident=f"INC-{row.number}" if row.number is not None else None,
        service=row.service,
        risk=_risk(row),
    )


def _risk(row: Row[Any]) -> float | None:
    """A prediction has the probability of what it says."""
    if row.probability is None:
        return None
    return float(row.probability if row.predicted == BREACHED else 1 - row.probability)
