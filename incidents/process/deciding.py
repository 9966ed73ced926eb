"""Deciding on an incident: its case under a lock, a pure decision, and what that says written at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.case import Case, Plan
from incidents.decisions.participants.monitors import concerns_monitors, with_monitors
from incidents.decisions.participants.taking_part import with_participants
from incidents.models import Ticket
from incidents.step import Step
from incidents.store.alerts import episodes_of
from incidents.store.cases import load_case, load_cases, write_plan, write_plans
from incidents.store.sla.keeping import Kept, keep_incidents


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingDecision:
    """What is to be decided on an incident. `joining` are tickets that are linked to it in the same transaction."""

    incident_id: int
    decision: Callable[[Case], Plan]
    joining: Sequence[Ticket] = ()


async def decide(
    step: Step,
    incident_id: int,
    decision: Callable[[Case], Plan],
    *,
    customers_told_at: datetime | None = None,
) -> Plan:
    """Lock the incident, show its case to `decision`, and write what it said, with what that means for the
    status page and its SLA.

    The lock makes deciders of one incident take turns, so nobody decides on a state that has moved on.
    `decision` is pure and quick; what it needs from the outside world was gathered before. `customers_told_at` says
    that its customers have had a message of ours.
    Raises `NotFound` when there is no such incident.
    """
    case = await load_case(step.connection, incident_id, lock=True)
    plan = await _with_monitors(step, case, with_participants(case, decision(case), step.basis))
    await write_plan(step, case.incident, plan)
    await keep_incidents(step, [Kept(case=case, plan=plan)], customers_told_at=customers_told_at)
    return plan


async def decide_all(
    step: Step, questions: Sequence[PendingDecision], *, has_all_tickets: bool = True
) -> None:
    """The same for many incidents, one question each, in as many statements as for one of them.

    For `has_all_tickets` see `Case`. Incidents that there are not are left out.
    """
    if not questions:
        return
    numbers = [question.incident_id for question in questions]
    cases = await load_cases(step.connection, numbers, lock=True, has_all_tickets=has_all_tickets)
    kept = [
        Kept(
            case=cases[question.incident_id],
            plan=await _with_monitors(
                step,
                cases[question.incident_id],
                with_participants(
                    cases[question.incident_id], question.decision(cases[question.incident_id]), step.basis
                ),
            ),
            joining=question.joining,
        )
        for question in questions
        if question.incident_id in cases
    ]
    await write_plans(step, [(one.case.incident, one.plan) for one in kept])
    await keep_incidents(step, kept)


async def _with_monitors(step: Step, case: Case, plan: Plan) -> Plan:
    if not step.policy.alerts.acknowledge or not concerns_monitors(case, plan):
        return plan
    return with_monitors(case, plan, await episodes_of(step.connection, case.incident.id), step.basis)


def as_it_is(case: Case) -> Plan:
    """The decision that changes nothing: the incident's clocks are looked at anew all the same."""
    return Plan(incident=case.incident)
