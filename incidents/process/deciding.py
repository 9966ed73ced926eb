"""Deciding on an incident: its case under a lock, a pure decision, and what that says written at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from incidents.case import Case, Plan
from incidents.models import Ticket
from incidents.step import Step
from incidents.store.cases import load_case, write_plan
from incidents.store.sla.keeping import keep_incident


async def decide(
    step: Step,
    incident_id: int,
    decision: Callable[[Case], Plan],
    *,
    joining: Sequence[Ticket] = (),
    customers_told_at: datetime | None = None,
) -> Plan:
    """Lock the incident, show its case to `decision`, and write what it said, with what that means for its SLA.

    The lock makes deciders of one incident take turns, so nobody decides on a state that has moved on.
    `decision` is pure and quick; what it needs from the outside world was gathered before. `joining` are tickets
    that are linked to it in the same transaction; `customers_told_at` says that its customers have had a message of
    ours.
    Raises `NotFound` when there is no such incident.
    """
    case = await load_case(step.connection, incident_id, lock=True)
    plan = decision(case)
    await write_plan(step, case.incident, plan)
    await keep_incident(step, case, plan, joining=joining, customers_told_at=customers_told_at)
    return plan


def as_it_is(case: Case) -> Plan:
    """The decision that changes nothing: the incident's clocks are looked at anew all the same."""
    return Plan(incident=case.incident)
