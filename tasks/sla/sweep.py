"""The sweep's commits: what has come due is marked as told, and what tells it is planned, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import task

from incidents.case import Case, Plan
from incidents.decisions import sla
from incidents.effects import Effect
from incidents.store.cases import read_incident
from incidents.store.instance import instance_id
from incidents.store.ledger.effects import plan_effects
from incidents.store.sla.breaches import record_breaches
from incidents.store.sla.clocks import mark_told
from incidents.store.sla.due import lock_due_ticket_clocks, lock_due_unlinked
from incidents.store.sla.keeping import mark_fitted
from incidents.store.sla.refit import incidents_to_refit, refit_tickets
from tasks import resources
from tasks.deciding import as_it_is, decide_now
from tasks.retries import STORE_CALL

CHUNK = 500
MOST_REFITTED = 20 * CHUNK
"""So many tickets are fitted to a changed policy by one sweep; the next one goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """How many clocks had a warning to tell, and how many a breach."""

    warned: int = 0
    breached: int = 0

    def plus(self, other: Swept) -> Swept:
        return Swept(warned=self.warned + other.warned, breached=self.breached + other.breached)


def _count(due: list[sla.Due]) -> Swept:
    breached = sum(one.is_breach for one in due)
    return Swept(warned=len(due) - breached, breached=breached)


@task(name="sweep incident", task_run_name="sweep INC-{incident_id}", **STORE_CALL)
async def sweep_incident(incident_id: int) -> Swept:
    """Tell what is due on an incident and its tickets, and write down what was broken and by whom."""
    policy, now = resources.policy(), resources.utc_now()
    due: list[sla.Due] = []
    async with resources.database().transaction() as tx:
        await read_incident(tx, incident_id, lock=True)
        on_tickets = await lock_due_ticket_clocks(tx, incident_id, now=now)

        def decision(case: Case) -> Plan:
            due.extend(sla.due_clocks((*case.clocks, *on_tickets), policy, now=now))
            plan = sla.sweep(case, due, policy, now=now)
            # All that came up is written again, so that one with nothing to tell any more does not come up for ever.
            told = {clock.key: clock for clock in plan.told}
            seen = tuple(told.get(clock.key, clock) for clock in on_tickets)
            own = tuple(clock for clock in plan.told if clock.subject == case.incident.name)
            return Plan(
                incident=plan.incident, effects=plan.effects, entries=plan.entries, told=(*own, *seen)
            )

        await decide_now(tx, incident_id, decision)
        await record_breaches(tx, sla.broken(due), policy.sla.working_calendars(), now=now)
    return _count(due)


@task(name="sweep tickets", **STORE_CALL)
async def sweep_tickets() -> Swept:
    """The same for tickets that belong to no incident, a chunk to a transaction."""
    total = Swept()
    while True:
        swept, seen = await sweep_some_tickets()
        total = total.plus(swept)
        if seen < CHUNK:
            return total


async def sweep_some_tickets() -> tuple[Swept, int]:
    """One chunk, and how many clocks were in it."""
    policy, now = resources.policy(), resources.utc_now()
    calendars = policy.sla.working_calendars()
    async with resources.database().transaction() as tx:
        clocks = await lock_due_unlinked(tx, now=now, limit=CHUNK)
        instance = await instance_id(tx)
        due = sla.due_clocks(clocks, policy, now=now)
        by_ticket: dict[str, list[sla.Due]] = {}
        for one in due:
            by_ticket.setdefault(one.clock.subject, []).append(one)
        effects: list[Effect] = []
        for subject, found in by_ticket.items():
            ref = sla.ticket_ref(subject)
            effects += sla.sweep_ticket(ref, found, policy, instance=instance, now=now)
        told = {clock.key: clock for clock in sla.told(due, now=now)}
        await mark_told(tx, [told.get(clock.key, clock) for clock in clocks], calendars)
        await plan_effects(tx, effects)
        await record_breaches(tx, sla.broken(due), calendars, now=now)
    return _count(due), len(clocks)


@task(name="refit", **STORE_CALL)
async def refit() -> int:
    """Count open promises by the policy in force, if it has changed since they were last counted."""
    policy, now = resources.policy(), resources.utc_now()
    fitted = 0
    while fitted < MOST_REFITTED:
        async with resources.database().transaction() as tx:
            count = await refit_tickets(tx, policy, now=now, limit=CHUNK)
        fitted += count
        if count < CHUNK:
            break
    async with resources.database().transaction() as tx:
        numbers = await incidents_to_refit(tx, policy.sla.fingerprint, limit=CHUNK)
    for number in numbers:
        async with resources.database().transaction() as tx:
            await decide_now(tx, number, as_it_is)
            await mark_fitted(tx, number, policy.sla.fingerprint)
    return fitted + len(numbers)
