"""The board at one moment: a handful of statements, however many incidents are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.approval import Approval, ApprovalState
from incidents.board.next_steps import by_urgency
from incidents.board.standing import Backlog, Board, OpenIncident, UnwellConnection
from incidents.models import Incident, IncidentState
from incidents.store.approvals import read_approvals
from incidents.store.cases import incidents_by_id, unsettled_incidents
from incidents.store.ledger.pauses import current_pause
from incidents.store.schema.tables import incidents
from incidents.store.sla.board import board_rows

LATELY = timedelta(hours=24)
LATELY_SHOWN = 10
IN_FULL = 60
"""Of so many, the most urgent, it is read who is hit; nobody reads further down."""
UNWELL_AFTER = 2
"""So many attempts without success say something about the connection."""

_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))
_TICKETS = text(
    """
    select incident_id, count(*) as tickets, count(distinct (connection, requester_id)) as customers,
        array_agg(distinct tier) filter (where tier is not null) as tiers
    from tickets where incident_id = any(:numbers) and gone is null group by incident_id
    """
).bindparams(_NUMBERS)
_PROMISED = text(
    "select incident as incident_id, min(next_by) as at from customer_updates"
    " where incident = any(:numbers) and state = 'open' group by incident"
).bindparams(_NUMBERS)
_SLA_DUE = text(
    """
    select incident_id, min(due_at) as at from (
        select incident_id, due_at from sla_clocks
        where incident_id = any(:numbers) and stopped_at is null and due_at is not null
        union all
        select t.incident_id, c.due_at from tickets t
        join sla_clocks c on c.subject = t.ref and c.stopped_at is null and c.due_at is not null
        where t.incident_id = any(:numbers)
    ) due group by incident_id
    """
).bindparams(_NUMBERS)
_STUCK = text(
    "select incident_id, count(*) as stuck from effects"
    " where (incident_id = any(:numbers) or incident_id is null) and state in ('held', 'dead') group by incident_id"
).bindparams(_NUMBERS)
_PARKED = text("select count(*) from deliveries where state = 'parked'")
_IN = text("select count(*) as waiting, min(received_at) as since from deliveries where state = 'pending'")
_OUT = text(
    "select count(*) as waiting, min(not_before) as since from effects"
    " where state in ('pending', 'sending', 'unknown') and not_before <= :now"
)
_UNWELL = text(
    """
    select connection, count(*) as waiting, min(planned_at) as since,
        (array_agg(detail order by id desc) filter (where detail <> ''))[1] as said
    from effects
    where state in ('pending', 'sending', 'unknown') and attempts >= :attempts
    group by connection order by connection
    """
)


async def read_board(tx: AsyncConnection, *, now: datetime) -> Board:
    """All open incidents, the most urgent first, and what is around them."""
    shown = sorted(await _with_what_is_due(tx, await unsettled_incidents(tx)), key=by_urgency)
    shown[:IN_FULL] = await _with_who_is_hit(tx, shown[:IN_FULL])
    stuck = await _by_incident(tx, _STUCK, [one.incident.id for one in shown])
    come, out = (await tx.execute(_IN)).one(), (await tx.execute(_OUT, {"now": now})).one()
    return Board(
        at=now,
        incidents=shown,
        in_full=IN_FULL,
        breaching=[
            row for row in await board_rows(tx, now=now) if row.due_at is not None and row.due_at > now
        ],
        lately=await _over_lately(tx, now=now),
        unwell=[
            UnwellConnection(name=row.connection, waiting=row.waiting, since=row.since, said=row.said or "")
            for row in await tx.execute(_UNWELL, {"attempts": UNWELL_AFTER})
        ],
        backlog=Backlog(
            deliveries=come.waiting,
            deliveries_since=come.since,
            effects=out.waiting,
            effects_since=out.since,
        ),
        parked=(await tx.execute(_PARKED)).scalar_one(),
        stuck_elsewhere=stuck[None].stuck if None in stuck else 0,
        pause=await current_pause(tx),
    )


async def read_open_incident(tx: AsyncConnection, incident: Incident) -> OpenIncident:
    """One incident as the board has it, also if it is over."""
    return (await _with_who_is_hit(tx, await _with_what_is_due(tx, [incident])))[0]


async def _with_what_is_due(tx: AsyncConnection, found: Sequence[Incident]) -> list[OpenIncident]:
    numbers = [one.id for one in found]
    promised = await _by_incident(tx, _PROMISED, numbers)
    due = await _by_incident(tx, _SLA_DUE, numbers)
    stuck = await _by_incident(tx, _STUCK, numbers)
    asked = await read_approvals(tx, numbers)
    return [
        OpenIncident(
            incident=one,
            promised_by=promised[one.id].at if one.id in promised else None,
            sla_due_at=due[one.id].at if one.id in due else None,
            stuck=stuck[one.id].stuck if one.id in stuck else 0,
            questions=_open_questions(asked.get(one.id, ())),
        )
        for one in found
    ]


async def _with_who_is_hit(tx: AsyncConnection, shown: Sequence[OpenIncident]) -> list[OpenIncident]:
    tickets = await _by_incident(tx, _TICKETS, [one.incident.id for one in shown])
    counts = [(one, tickets.get(one.incident.id)) for one in shown]
    return [
        one
        if row is None
        else replace(one, tickets=row.tickets, customers=row.customers, tiers=tuple(row.tiers or ()))
        for one, row in counts
    ]


def _open_questions(asked: Sequence[Approval]) -> tuple[Approval, ...]:
    return tuple(one for one in asked if one.state is ApprovalState.ASKED)


async def _by_incident(
    tx: AsyncConnection, statement: Any, numbers: Sequence[int]
) -> Mapping[int | None, Row[Any]]:
    return {row.incident_id: row for row in await tx.execute(statement, {"numbers": list(numbers)})}


async def _over_lately(tx: AsyncConnection, *, now: datetime) -> list[Incident]:
    numbers = await tx.execute(
        select(incidents.c.id)
        .where(
            incidents.c.state.in_([IncidentState.CLOSED.value, IncidentState.NOT_AN_INCIDENT.value]),
            incidents.c.state_since > now - LATELY,
        )
        .order_by(incidents.c.state_since.desc())
        .limit(LATELY_SHOWN)
    )
    order = list(numbers.scalars())
    found = await incidents_by_id(tx, order)
    return [found[number] for number in order]
