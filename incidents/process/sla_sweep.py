"""The sweep: what has come due is marked as told, and what tells it is planned, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from incidents.case import Case, Plan
from incidents.decisions import sla
from incidents.decisions.ownership.orphans import with_owner_swept
from incidents.effects import Effect
from incidents.process.deciding import as_it_is, decide
from incidents.step import Step
from incidents.store.cases import read_incident
from incidents.store.ledger.effects import plan_effects
from incidents.store.sla.breaches import record_breaches
from incidents.store.sla.clocks import mark_told
from incidents.store.sla.due import lock_due_ticket_clocks, lock_due_unlinked
from incidents.store.sla.keeping import mark_fitted


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """How many clocks had a warning to tell, and how many a breach."""

    warned: int = 0
    breached: int = 0

    def plus(self, other: Swept) -> Swept:
        """Both counts together."""
        return Swept(warned=self.warned + other.warned, breached=self.breached + other.breached)


async def sweep_incident(step: Step, incident_id: int) -> Swept:
    """Tell what is due on an incident and its tickets, and write down what was broken and by whom."""
    tx, now = step.connection, step.now
    due: list[sla.DueClock] = []
    await read_incident(tx, incident_id, lock=True)
    on_tickets = await lock_due_ticket_clocks(tx, incident_id, now=now)

    def decision(case: Case) -> Plan:
        due.extend(sla.due_clocks((*case.clocks, *on_tickets), step.basis))
        plan = with_owner_swept(case, sla.sweep(case, due, step.basis), step.basis)
        # All that came up is written again, so that one with nothing to tell any more does not come up for ever.
        told = {clock.key: clock for clock in plan.told_clocks}
        seen = tuple(told.get(clock.key, clock) for clock in on_tickets)
        own = tuple(clock for clock in plan.told_clocks if clock.subject == case.incident.ref)
        return replace(plan, told_clocks=(*own, *seen))

    await decide(step, incident_id, decision)
    await record_breaches(tx, sla.broken(due), step.policy.sla.working_calendars(), now=now)
    return _count(due)


async def sweep_unlinked(step: Step, *, limit: int) -> tuple[Swept, int]:
    """The same for tickets that belong to no incident: so many of their clocks at most; and how many there were."""
    tx, now = step.connection, step.now
    calendars = step.policy.sla.working_calendars()
    clocks = await lock_due_unlinked(tx, now=now, limit=limit)
    due = sla.due_clocks(clocks, step.basis)
    effects: list[Effect] = []
    for ref, found in sla.by_ticket(due).items():
        effects += sla.sweep_ticket(ref, found, step.basis, instance=step.instance)
    told = {clock.key: clock for clock in sla.told_clocks(due, now=now)}
    await mark_told(tx, [told.get(clock.key, clock) for clock in clocks], calendars)
    await plan_effects(tx, effects)
    await record_breaches(tx, sla.broken(due), calendars, now=now)
    return _count(due), len(clocks)


async def refit_incident(step: Step, incident_id: int) -> None:
    """Count the incident's open promises by the policy in force."""
    await decide(step, incident_id, as_it_is)
    await mark_fitted(step.connection, incident_id, step.policy.sla.fingerprint)


def _count(due: Sequence[sla.DueClock]) -> Swept:
    breached = sum(one.is_breach for one in due)
    return Swept(warned=len(due) - breached, breached=breached)
