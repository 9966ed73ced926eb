"""Incidents and their cases: loaded, under a lock where it matters, and written as planned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Case, Entry, LedgerLine, Plan, UntoldCustomer
from incidents.effects import EffectKind, EffectState
from incidents.errors import NotFound, Stale
from incidents.lifecycle import UNSETTLED
from incidents.models import Evidence, Incident, IncidentState, Severity, Stage, TicketRef, Verdict
from incidents.step import Step
from incidents.store.instance import instance_id
from incidents.store.ledger.effects import plan_effects
from incidents.store.schema.tables import (
    bindings,
    effects,
    incidents,
)
from incidents.store.sla.clocks import read_clocks
from incidents.store.tickets import linked_tickets
from incidents.store.timeline import append_entries

_EVIDENCE = TypeAdapter(tuple[Evidence, ...])


def incident_number(name: str) -> int:
    """`INC-42` as 42. Raises `NotFound` saying how incidents are named."""
    prefix, _, digits = name.strip().upper().partition("-")
    if prefix != "INC" or not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise NotFound(f"{name[:40]!r} is no incident: incidents are named like INC-42")
    return int(digits)


async def load_case(tx: AsyncConnection, incident_id: int, *, lock: bool = False) -> Case:
    """An incident with its tickets, its ledger and its clocks. `lock` keeps others from deciding on it until the
    transaction ends. Raises `NotFound`.
    """
    incident = await read_incident(tx, incident_id, lock=lock)
    lines = await tx.execute(
        select(effects)
        .where(effects.c.incident_id == incident_id, effects.c.about_ticket.is_(False))
        .order_by(effects.c.id)
    )
    is_open = effects.c.state.in_([state.value for state in EffectState if state.is_open])
    is_given_up = effects.c.state.in_([EffectState.HELD.value, EffectState.DEAD.value])
    is_message = effects.c.kind == EffectKind.CUSTOMER_MESSAGE.value
    counts = await tx.execute(
        select(
            func.count().filter(is_open).label("open"),
            func.count().filter(is_message, is_given_up).label("unsent_messages"),
        )
        .select_from(effects)
        .where(effects.c.incident_id == incident_id, effects.c.about_ticket)
    )
    about_tickets = counts.one()
    return Case(
        incident=incident,
        tickets=tuple(await linked_tickets(tx, incident_id)),
        ledger=tuple(_ledger_line(row) for row in lines),
        open_ticket_effects=about_tickets.open,
        unsent_messages=about_tickets.unsent_messages,
        untold=await _untold(tx, incident_id) if about_tickets.unsent_messages else (),
        instance=await instance_id(tx),
        clocks=(await read_clocks(tx, [incident.ref])).get(incident.ref, ()),
    )


async def _untold(tx: AsyncConnection, incident_id: int) -> tuple[UntoldCustomer, ...]:
    """Tickets whose newest message is given up or waits for a person; an older one was overtaken."""
    newest = (
        select(effects)
        .where(effects.c.incident_id == incident_id, effects.c.kind == EffectKind.CUSTOMER_MESSAGE.value)
        .distinct(effects.c.connection, effects.c.target)
        .order_by(effects.c.connection, effects.c.target, effects.c.id.desc())
        .subquery()
    )
    given_up = newest.c.state.in_([EffectState.HELD.value, EffectState.DEAD.value])
    rows = await tx.execute(select(newest).where(given_up).order_by(newest.c.id))
    return tuple(
        UntoldCustomer(
            ref=TicketRef(connection=row.connection, id=row.target),
            state=EffectState(row.state),
            why=row.detail,
        )
        for row in rows
    )


async def read_incident(tx: AsyncConnection, incident_id: int, *, lock: bool = False) -> Incident:
    """Raises `NotFound` when there is no such incident."""
    statement = select(incidents).where(incidents.c.id == incident_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None:
        raise NotFound(f"there is no INC-{incident_id}")
    return _incident(row)


async def open_incident(
    step: Step,
    *,
    service: str,
    title: str,
    severity: Severity,
    owner: str | None = None,
    entries: Sequence[Entry],
) -> Incident:
    """A new incident, reported and due for validation at once."""
    values = {
        "version": 1,
        "service": service,
        "title": title,
        "state": IncidentState.REPORTED.value,
        "severity": int(severity),
        "opened_at": step.now,
        "clock_from": step.now,
        "state_since": step.now,
        "generation": 1,
        "evidence": [],
        "next_stage": Stage.VALIDATION.value,
        "next_stage_at": step.now,
        "updates_sent": 0,
        "checks": 0,
        "page_level": 0,
        "owner": owner,
    }
    row = (await step.connection.execute(insert(incidents).values(values).returning(incidents))).one()
    await append_entries(step, row.id, entries)
    return _incident(row)


async def write_plan(step: Step, before: Incident, plan: Plan) -> None:
    """Write the incident as planned, its effects and its timeline.

    The row should be locked by this transaction. Raises `Stale` when the incident is no longer as it was `before`.
    """
    if plan.incident != before:
        written = await step.connection.execute(
            update(incidents)
            .where(incidents.c.id == before.id, incidents.c.version == before.version)
            .values(_values(plan.incident) | {"version": before.version + 1})
        )
        if written.rowcount == 0:
            raise Stale(f"{before.name} was moved on by somebody else since it was read")
    await plan_effects(step.connection, plan.effects)
    await append_entries(step, before.id, plan.entries)


async def open_incidents(
    tx: AsyncConnection, services: Sequence[str], *, lock: bool = False
) -> Sequence[Incident]:
    """Incidents of these services that are not settled, in the order that avoids deadlocks."""
    statement = (
        select(incidents)
        .where(
            incidents.c.service.in_(services),
            incidents.c.state.in_([state.value for state in UNSETTLED]),
        )
        .order_by(incidents.c.id)
    )
    return [_incident(row) for row in await tx.execute(statement.with_for_update() if lock else statement)]


async def list_incidents(tx: AsyncConnection, *, limit: int = 100) -> Sequence[Incident]:
    """The newest incidents, whatever their state."""
    rows = await tx.execute(select(incidents).order_by(incidents.c.id.desc()).limit(limit))
    return [_incident(row) for row in rows]


async def unsettled_incidents(tx: AsyncConnection) -> Sequence[Incident]:
    """All in which somebody still owes somebody something, the worst first."""
    rows = await tx.execute(
        select(incidents)
        .where(incidents.c.state.in_([state.value for state in UNSETTLED]))
        .order_by(incidents.c.severity, incidents.c.id)
    )
    return [_incident(row) for row in rows]


async def due_incidents(tx: AsyncConnection, *, now: datetime) -> Sequence[Incident]:
    """Incidents whose next stage is due, the worst first."""
    rows = await tx.execute(
        select(incidents)
        .where(incidents.c.next_stage.is_not(None), incidents.c.next_stage_at <= now)
        .order_by(incidents.c.severity, incidents.c.next_stage_at)
    )
    return [_incident(row) for row in rows]


async def incident_bound_to(tx: AsyncConnection, connection: str, kind: str, external_id: str) -> int | None:
    """Whose page, room or message this is at the vendor, or None."""
    row = await tx.execute(
        select(bindings.c.incident_id).where(
            bindings.c.connection == connection,
            bindings.c.kind == kind,
            bindings.c.external_id == external_id,
        )
    )
    return row.scalar_one_or_none()


def _ledger_line(row: Row[tuple[object, ...]]) -> LedgerLine:
    return LedgerLine(
        key=row.key,
        kind=EffectKind(row.kind),
        state=EffectState(row.state),
        connection=row.connection,
        target=row.target,
        result=row.result,
        detail=row.detail,
    )


def _incident(row: Row[tuple[object, ...]]) -> Incident:
    return Incident(
        id=row.id,
        version=row.version,
        service=row.service,
        title=row.title,
        state=IncidentState(row.state),
        severity=Severity(row.severity),
        opened_at=row.opened_at,
        clock_from=row.clock_from,
        state_since=row.state_since,
        generation=row.generation,
        owner=row.owner,
        responder=row.responder,
        verdict=Verdict(row.verdict) if row.verdict else None,
        evidence=_EVIDENCE.validate_python(row.evidence),
        next_stage=Stage(row.next_stage) if row.next_stage else None,
        next_stage_at=row.next_stage_at,
        next_update_at=row.next_update_at,
        updates_sent=row.updates_sent,
        checks=row.checks,
        page_level=row.page_level,
        acknowledged_at=row.acknowledged_at,
        resolved_at=row.resolved_at,
        merged_into=row.merged_into,
    )


def _values(incident: Incident) -> dict[str, Any]:
    """Every column but the key, the version and what the SLA keeps there."""
    values: dict[str, Any] = {
        column.name: getattr(incident, column.name)
        for column in incidents.columns
        if column.name not in ("id", "version", "sla_fit")
    }
    return values | {
        "evidence": _EVIDENCE.dump_python(incident.evidence, mode="json"),
        "severity": int(incident.severity),
    }
