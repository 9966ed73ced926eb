"""Incidents and their cases: loaded, under a lock where it matters, and written as planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Row, any_, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import FAREWELL, Case, Entry, LedgerLine, Plan
from incidents.effects import EffectKind, EffectState
from incidents.errors import NotFound, Stale
from incidents.lifecycle import UNSETTLED
from incidents.models import Evidence, Incident, IncidentState, Severity, Stage, TicketRef, Verdict
from incidents.step import Step
from incidents.store.approvals import read_approvals, save_approvals
from incidents.store.customer_updates import read_updates, save_updates
from incidents.store.instance import instance_id
from incidents.store.ledger.affected import read_affected, save_affected
from incidents.store.ledger.effects import plan_effects
from incidents.store.ledger.heard import (
    IS_FAREWELL,
    IS_GIVEN_UP,
    IS_MESSAGE,
    IS_STILL_ITS_TICKET,
    Farewell,
    farewells,
    untold_customers,
)
from incidents.store.ledger.pages import record_sightings
from incidents.store.schema.newer import word_as_written
from incidents.store.schema.tables import (
    bindings,
    effects,
    incidents,
)
from incidents.store.sla.clocks import read_clocks
from incidents.store.tickets import linked_kinds, linked_tickets
from incidents.store.timeline import append_to_all
from incidents.telemetry.spans import current_trace

_EVIDENCE = TypeAdapter(tuple[Evidence, ...])
# One parameter, however many they are: the statement is prepared once.
_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))

_OWN_EFFECTS = (
    select(effects)
    .where(effects.c.incident_id == any_(_NUMBERS), effects.c.about_ticket.is_(False))
    .order_by(effects.c.id)
)
_IS_OPEN = effects.c.state.in_([state.value for state in EffectState if state.is_open])
_TICKET_EFFECTS = (
    select(
        effects.c.incident_id,
        func.count().filter(_IS_OPEN).label("open"),
        func.count().filter(IS_MESSAGE, IS_GIVEN_UP, IS_STILL_ITS_TICKET).label("unsent_messages"),
        func.count().filter(IS_FAREWELL).label("farewells"),
    )
    .where(effects.c.incident_id == any_(_NUMBERS), effects.c.about_ticket)
    .group_by(effects.c.incident_id)
)

_PLANNED = [
    column.name for column in incidents.columns if column.name not in ("id", "version", "sla_fit", "trace")
]
# All rows in one parameter, as with clocks: a statement of many rows is compiled anew.
_WRITE = text(
    f"""
    update incidents i set version = new.version + 1, {", ".join(f"{name} = new.{name}" for name in _PLANNED)}
    from jsonb_populate_recordset(null::incidents, :rows) as new
    where i.id = new.id and i.version = new.version
    returning i.id
    """  # noqa: S608  # our own column names
).bindparams(bindparam("rows", type_=JSONB))


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
    cases = await load_cases(tx, [incident_id], lock=lock)
    if not cases:
        raise _no_such(incident_id)
    return cases[incident_id]


async def load_cases(
    tx: AsyncConnection, incident_ids: Sequence[int], *, lock: bool = False, has_all_tickets: bool = True
) -> Mapping[int, Case]:
    """The cases of those incidents that there are, in as many statements as for one of them.

    Locked in the order that avoids deadlocks. For `has_all_tickets` see `Case`.
    """
    given = {"numbers": list(incident_ids)}
    one_by_one = select(incidents).where(incidents.c.id == any_(_NUMBERS)).order_by(incidents.c.id)
    rows = await tx.execute(one_by_one.with_for_update() if lock else one_by_one, given)
    found = [_incident(row) for row in rows]
    ledgers: dict[int, list[LedgerLine]] = {}
    for row in await tx.execute(_OWN_EFFECTS, given):
        ledgers.setdefault(row.incident_id, []).append(_ledger_line(row))
    counts = {row.incident_id: row for row in await tx.execute(_TICKET_EFFECTS, given)}
    untold = await untold_customers(tx, [number for number, row in counts.items() if row.unsent_messages])
    heard = await farewells(tx, [number for number, row in counts.items() if row.farewells])
    linked = await (linked_tickets if has_all_tickets else linked_kinds)(tx, incident_ids)
    clocks = await read_clocks(tx, [incident.ref for incident in found])
    updates = await read_updates(tx, incident_ids)
    approvals = await read_approvals(tx, incident_ids)
    affected = await read_affected(tx, incident_ids)
    instance = await instance_id(tx)
    return {
        one.id: Case(
            incident=one,
            tickets=tuple(linked.get(one.id, ())),
            ledger=tuple(ledgers.get(one.id, ())),
            open_ticket_effects=counts[one.id].open if one.id in counts else 0,
            unsent_messages=counts[one.id].unsent_messages if one.id in counts else 0,
            untold=tuple(untold.get(one.id, ())),
            instance=instance,
            clocks=clocks.get(one.ref, ()),
            told=_told(one, instance, heard.get(one.id, ())),
            farewells=frozenset(said.ref for said in heard.get(one.id, ())),
            has_all_tickets=has_all_tickets,
            updates=updates.get(one.id, ()),
            approvals=tuple(approvals.get(one.id, ())),
            affected=tuple(affected.get(one.id, ())),
        )
        for one in found
    }


def _told(incident: Incident, instance: str, heard: Sequence[Farewell]) -> frozenset[TicketRef] | None:
    """Whose customers have had this generation's last message; None but while it is closing."""
    if incident.state is not IncidentState.CLOSING:
        return None
    mark = Case(incident=incident, instance=instance).once(FAREWELL)
    return frozenset(one.ref for one in heard if one.once == mark)


async def incidents_by_id(tx: AsyncConnection, ids: Iterable[int]) -> Mapping[int, Incident]:
    """As they are now, unlocked."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await tx.execute(select(incidents).where(incidents.c.id.in_(wanted)))
    return {row.id: _incident(row) for row in rows}


async def read_incident(tx: AsyncConnection, incident_id: int, *, lock: bool = False) -> Incident:
    """Raises `NotFound` when there is no such incident."""
    statement = select(incidents).where(incidents.c.id == incident_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None:
        raise _no_such(incident_id)
    return _incident(row)


def _no_such(incident_id: int) -> NotFound:
    return NotFound(f"there is no INC-{incident_id}")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewIncident:
    """What is known of an incident when it begins; `entries` begin its story."""

    service: str
    title: str
    severity: Severity
    owner: str | None = None
    entries: tuple[Entry, ...] = ()
    split_from: int | None = None


async def open_new(step: Step, wanted: Sequence[NewIncident]) -> Sequence[Incident]:
    """New incidents, in the order in which they are given: reported, and due for validation at once."""
    if not wanted:
        return []
    rows = await step.connection.execute(
        insert(incidents).returning(incidents, sort_by_parameter_order=True),
        [
            {
                "version": 1,
                "service": one.service,
                "title": one.title,
                "state": IncidentState.REPORTED.value,
                "severity": int(one.severity),
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
                "owner": one.owner,
                "split_from": one.split_from,
                "trace": current_trace(),
                "sla_fit": step.policy.sla.fingerprint,
            }
            for one in wanted
        ],
    )
    opened = [_incident(row) for row in rows]
    stories = {made.id: one.entries for made, one in zip(opened, wanted, strict=True)}
    await append_to_all(step, stories)
    return opened


async def write_plan(step: Step, before: Incident, plan: Plan) -> None:
    """Write the incident as planned, its effects and its timeline.

    The row should be locked by this transaction. Raises `Stale` when the incident is no longer as it was `before`.
    """
    await write_plans(step, [(before, plan)])


async def write_plans(step: Step, plans: Sequence[tuple[Incident, Plan]]) -> None:
    """The same for many incidents, each as it was `before` and with its plan."""
    changed = {before.id: (before, plan.incident) for before, plan in plans if plan.incident != before}
    if changed:
        rows = [
            _values(after) | {"id": before.id, "version": before.version}
            for before, after in changed.values()
        ]
        written = {row.id for row in await step.connection.execute(_WRITE, {"rows": rows})}
        for number in changed.keys() - written:
            raise Stale(f"{changed[number][0].name} was moved on by somebody else since it was read")
    await plan_effects(step.connection, [effect for _, plan in plans for effect in plan.effects])
    await append_to_all(step, {before.id: plan.entries for before, plan in plans})
    await save_updates(step.connection, [update for _, plan in plans for update in plan.updates])
    await save_approvals(step.connection, [one for _, plan in plans for one in plan.approvals])
    await save_affected(step.connection, [one for _, plan in plans for one in plan.affected], now=step.now)
    await record_sightings(step.connection, [sighting for _, plan in plans for sighting in plan.sightings])


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


async def closed_since(tx: AsyncConnection, since: datetime) -> Sequence[Incident]:
    """Those that were closed since then."""
    closed = (incidents.c.state == IncidentState.CLOSED.value, incidents.c.state_since >= since)
    return [
        _incident(row) for row in await tx.execute(select(incidents).where(*closed).order_by(incidents.c.id))
    ]


async def trace_of(tx: AsyncConnection, incident_id: int) -> str | None:
    """The trace of what opened it; None if that was not recorded."""
    row = await tx.execute(select(incidents.c.trace).where(incidents.c.id == incident_id))
    kept: str | None = row.scalar_one_or_none()
    return kept


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
        kind=word_as_written(EffectKind, row.kind),
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
        owner_seen_at=row.owner_seen_at,
        owner_asked_at=row.owner_asked_at,
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
        split_from=row.split_from,
        held_until=row.held_until,
    )


def _values(incident: Incident) -> dict[str, Any]:
    """What a plan may change, as JSON."""
    values = {name: getattr(incident, name) for name in _PLANNED}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    } | {
        "evidence": _EVIDENCE.dump_python(incident.evidence, mode="json"),
        "severity": int(incident.severity),
    }
