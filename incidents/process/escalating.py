"""The step towards the engineers: what happened to the service lately is known, and who has it reads of a repeat."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.case import Case, Plan
from incidents.decisions import escalation
from incidents.decisions.commands.escalating import EscalationWord, escalated_by_word
from incidents.decisions.holding.hold import ServiceLately, hold_for, is_engineers, longest, told_of_repeat
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import Incident, ProbeResult
from incidents.process.deciding import decide
from incidents.step import Step
from incidents.store.cases import incidents_by_id, load_case, load_cases, read_incident
from incidents.store.ledger.lately import others_lately, paged_lately, take_turns_waking


async def escalate(
    step: Step,
    incident_id: int,
    looks: Sequence[ProbeResult],
    *,
    by_hand: str | None = None,
    word: EscalationWord | None = None,
) -> Plan:
    """Write the next step towards the engineers; at once, on a person's `word`.

    Raises `NotFound` when there is no such incident."""
    lately = await _lately(step, incident_id)
    beside: list[Incident] = []

    def decision(case: Case) -> Plan:
        if word is not None:
            return escalated_by_word(case, word, step.basis)
        plan = escalation.decide(case, looks, step.basis, lately=lately, by_hand=by_hand)
        hold = hold_for(case, lately, step.basis)
        if hold is not None and hold.beside is not None and plan.incident.held_until == hold.until:
            beside.append(hold.beside)
        return plan

    plan = await decide(step, incident_id, decision)
    if beside:
        repeat = await load_case(step.connection, incident_id)
        await decide(step, beside[0].id, lambda case: told_of_repeat(case, repeat, step.basis))
    return plan


async def _lately(step: Step, incident_id: int) -> ServiceLately:
    """Locks the incident and those of its service that engineers have, in the order in which everybody does."""
    tx, since = step.connection, step.now - longest(step.basis)
    service = (await read_incident(tx, incident_id)).service
    await take_turns_waking(tx, service)
    numbers = await others_lately(tx, service, but=incident_id, since=since)
    others = await incidents_by_id(tx, numbers)
    had = [one.id for one in others.values() if one.state in WITH_ENGINEERS]
    for number in sorted([*had, incident_id]):
        await read_incident(tx, number, lock=True)
    severity = (await read_incident(tx, incident_id)).severity
    cases = await load_cases(tx, had, has_all_tickets=False)
    return ServiceLately(
        others=tuple((await incidents_by_id(tx, numbers)).values()),
        engineers=frozenset(number for number, case in cases.items() if is_engineers(case)),
        paged_at=await paged_lately(tx, service, severity, but=incident_id, since=since),
    )
