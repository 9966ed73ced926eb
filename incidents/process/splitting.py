"""Splitting a ticket off: both incidents are locked, and the ticket is of the other one in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from incidents.case import Case, Plan
from incidents.decisions.intake import tickets_joined
from incidents.decisions.merging.split import (
    Splitting,
    came_over,
    check_split,
    join_of,
    opening_of,
    split_note,
    split_off,
    ticket_meant,
)
from incidents.errors import NotFound
from incidents.models import Incident, Ticket
from incidents.process.deciding import PendingDecision, decide, decide_all
from incidents.process.opening import link_joins, open_with_tickets
from incidents.promises.keeping import TicketTransition
from incidents.step import Step
from incidents.store.cases import load_cases, open_incidents, read_incident
from incidents.store.inbox.drains import take_turns
from incidents.store.ledger.effects import plan_effects
from incidents.store.merging.handing import let_go, lock_in_order, where_it_goes_on
from incidents.store.sla.keeping import keep_tickets, severities_of
from incidents.store.timeline import append_entries
from incidents.texts.team import worded


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitOff:
    """What to say of it. Both incidents may have something to send now."""

    said: str
    source: int
    target: int


async def split(step: Step, incident_id: int, splitting: Splitting) -> SplitOff:
    """Split the ticket off the incident. Raises `NotFound`, and `Refused` with what to do instead.

    Takes turns with whoever joins tickets. What was not sent yet about it is not sent; where it belongs is an agent's
    word from now on, which no rule undoes.
    """
    tx = step.connection
    await take_turns(tx)
    source = await where_it_goes_on(tx, incident_id)
    into = None if splitting.into is None else await where_it_goes_on(tx, splitting.into)
    numbers = [source] if into is None else [source, into]
    if into is None:
        # The one that it opens meets what fires about its service, and that may be told in these.
        service = splitting.service or (await read_incident(tx, source)).service
        await lock_in_order(tx, [source, *(one.id for one in await open_incidents(tx, [service]))])
    cases = await load_cases(tx, numbers, lock=True)
    for number in numbers:
        if number not in cases:
            raise NotFound(worded("there is no INC-{number}", number=number))
    case = cases[source]
    ticket = ticket_meant(case, splitting.ticket)
    target = None if into is None else cases[into].incident
    check_split(case, ticket, splitting, target, step.policy)
    await let_go(tx, source, ticket.ref, now=step.now)
    to = await _joined(step, case, ticket, splitting, target)

    def leave(now: Case) -> Plan:
        # The case as it was knows the ticket that goes; the clocks are those of the tickets that are left.
        plan = split_off(case, ticket, to, splitting, step.basis)
        return replace(plan, incident=now.incident)

    await decide(step, source, leave)
    if target is not None:
        await append_entries(step, to.id, [came_over(case, ticket, splitting)])
    await plan_effects(tx, [split_note(case, to, ticket, splitting, now=step.now)])
    await keep_its_promises(step, ticket, to)
    said = worded(
        "#{ticket} was split off {incident}; it goes on in {to}.",
        ticket=ticket.ref.id,
        incident=case.incident.name,
        to=to.name,
    )
    return SplitOff(said=said, source=source, target=to.id)


async def _joined(
    step: Step, case: Case, ticket: Ticket, splitting: Splitting, target: Incident | None
) -> Incident:
    if target is None:
        (opened,) = await open_with_tickets(step, [opening_of(case, ticket, splitting, step.policy)])
        return opened
    join = join_of(case, ticket, splitting)
    question = PendingDecision(
        incident_id=target.id,
        decision=partial(tickets_joined, joins=[join], basis=step.basis),
        joining=[ticket],
    )
    await decide_all(step, [question], has_all_tickets=False)
    await link_joins(step, {target.id: [join]})
    return target


async def keep_its_promises(step: Step, ticket: Ticket, to: Incident) -> None:
    """What is promised to a ticket that an incident has taken in, by the severity of that one."""
    if not step.policy.sla.concerns_tickets:
        return
    severity = (await severities_of(step.connection, [to.id])).get(to.id)
    await keep_tickets(step, [TicketTransition(before=ticket, after=ticket, severity=severity)])
