"""Promises in time: warn before one is broken, go up the ladder when it is, and keep the customers informed.

Moments that have come are told once: they are marked on their clocks in the transaction that plans the telling.
A sweep after a pause tells all that was missed, each clock in one sentence, and does each act once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions import customers
from incidents.decisions.escalation import next_level, person_page
from incidents.decisions.holding.hold import is_held, made_worse
from incidents.decisions.posts import page_notes, tell_room
from incidents.decisions.updates.lapsing import sweep_updates
from incidents.effects import Effect, ticket_note
from incidents.lifecycle import UNSETTLED, WITH_ENGINEERS
from incidents.models import (
    Incident,
    IncidentState,
    InternalText,
    Severity,
    Stage,
    TicketRef,
)
from incidents.notes.sla import tickets_words, told_words
from incidents.policy.sla.ladder import SlaAct
from incidents.sla.clock import (
    Missed,
    SlaClock,
    missed,
    tell,
)
from incidents.texts.messages import internal
from incidents.texts.team import worded

_OVER = frozenset({IncidentState.RESOLVED, IncidentState.CLOSING})
_BEFORE_ENGINEERS = frozenset({IncidentState.REPORTED, IncidentState.VALIDATING, IncidentState.CONFIRMED})


@dataclass(frozen=True, kw_only=True, slots=True)
class DueClock:
    """A clock with all that it has to tell now, in order, and what is to be done about it."""

    missed: tuple[Missed, ...]
    acts: frozenset[SlaAct]

    @property
    def clock(self) -> SlaClock:
        """The clock that it is about; all its moments are of one clock."""
        return self.missed[0].clock

    @property
    def is_breach(self) -> bool:
        """Whether the promise is broken, not merely in danger."""
        return self.missed[-1].moment.is_breach


def due_clocks(clocks: Iterable[SlaClock], basis: Basis) -> list[DueClock]:
    """Clocks that have something to tell, in the order in which their first moments came."""
    by_clock: dict[str, list[Missed]] = {}
    for one in missed(clocks, basis.policy.sla.working_calendars(), now=basis.now):
        by_clock.setdefault(one.clock.key, []).append(one)
    return [
        DueClock(
            missed=tuple(found),
            acts=frozenset(
                act for one in found for act in basis.policy.sla.acts(one.clock.policy, one.moment)
            ),
        )
        for found in by_clock.values()
    ]


def told_clocks(due: Sequence[DueClock], *, now: datetime) -> tuple[SlaClock, ...]:
    """The clocks with these moments marked."""
    return tuple(tell(one.clock, [item.moment for item in one.missed], now=now) for one in due)


def broken(due: Sequence[DueClock]) -> list[Missed]:
    """The promises that are broken, as told."""
    return [one.missed[-1] for one in due if one.is_breach]


def sweep(case: Case, due: Sequence[DueClock], basis: Basis) -> Plan:
    """What is due on this incident and its tickets: warnings, breaches with the next rung, customers' updates."""
    incident, effects, entries = _tell(case, due, basis)
    updates = sweep_updates(replace(case, incident=incident), basis)
    return replace(
        updates,
        effects=(*effects, *updates.effects),
        entries=(*entries, *updates.entries),
        told_clocks=told_clocks(due, now=basis.now),
    )


def sweep_ticket(ticket: TicketRef, due: Sequence[DueClock], basis: Basis, *, instance: str) -> list[Effect]:
    """What is due on a ticket that belongs to no incident: its agent reads it on the ticket, whatever the ladder
    says, because there is no team, room or page to turn to."""
    telling = [one for one in due if one.acts]
    if not telling:
        return []
    once = f"liaison:{instance}:sla:{_digest(telling)}"
    return [ticket_note(None, ticket, once, _note(telling, basis))]


def _tell(case: Case, due: Sequence[DueClock], basis: Basis) -> tuple[Incident, list[Effect], list[Entry]]:
    own = [one for one in due if one.clock.subject == case.incident.ref]
    on_tickets = [one for one in due if one.clock.subject != case.incident.ref]
    lines = _Lines(case, own, on_tickets, basis)
    entries = [
        Entry(kind=EntryKind.SLA_BREACHED if one.is_breach else EntryKind.SLA_WARNED, text=lines.own(one))
        for one in own
    ]
    entries += [Entry(kind=EntryKind.SLA_TICKETS, text=text) for text in lines.tickets(on_tickets)]
    acts = frozenset(act for one in due for act in one.acts)
    what = f"sla:{_digest(due)}"
    effects: list[Effect] = []
    if SlaAct.POST in acts:
        effects += tell_room(case, basis.policy, what, lines.saying(SlaAct.POST))
    if SlaAct.TELL_OWNER in acts:
        effects += _tell_owners(case, own, on_tickets, lines, what, basis=basis)
    team = basis.policy.team_of(case.incident.service)
    for act, who, person in (
        (SlaAct.TELL_LEAD, "lead", team.lead),
        (SlaAct.TELL_MANAGER, "manager", team.manager),
    ):
        if act in acts and person is not None:
            effects.append(person_page(case, who, person, basis))
    incident = case.incident
    can_be_raised = incident.state in UNSETTLED - _OVER and incident.severity > Severity.CRITICAL
    if SlaAct.RAISE_SEVERITY in acts and can_be_raised:
        raised = Severity(incident.severity - 1)
        entries.append(
            Entry(
                kind=EntryKind.SEVERITY,
                text=worded(
                    "Severity raised from {before} to {after} by the SLA's ladder",
                    before=int(incident.severity),
                    after=int(raised),
                ),
            )
        )
        incident = made_worse(incident, raised, now=basis.now)
    if SlaAct.PAGE_NEXT_LEVEL in acts:
        incident, paged, said = _escalate(replace(case, incident=incident), basis)
        effects += paged
        entries += said
    return incident, effects, entries


@dataclass(frozen=True, slots=True)
class _Lines:
    """The sentences about what is due."""

    case: Case
    incident_clocks: Sequence[DueClock]
    ticket_clocks: Sequence[DueClock]
    basis: Basis

    def own(self, one: DueClock) -> str:
        return told_words(one.missed, self.basis.policy.sla.working_calendars(), now=self.basis.now)

    def tickets(self, due: Sequence[DueClock]) -> list[str]:
        """One sentence for each moment of a metric, however many tickets it came on."""
        alike: dict[tuple[str, str, int], list[Missed]] = {}
        for one in due:
            last = one.missed[-1]
            alike.setdefault((last.clock.metric, last.clock.policy, last.moment.per_mille), []).append(last)
        return [tickets_words(found) for found in alike.values()]

    def saying(self, act: SlaAct) -> str:
        own = [self.own(one) for one in self.incident_clocks if act in one.acts]
        return worded("SLA: ") + "\n".join(
            [*own, *self.tickets([one for one in self.ticket_clocks if act in one.acts])]
        )


def _tell_owners(
    case: Case,
    own: Sequence[DueClock],
    on_tickets: Sequence[DueClock],
    lines: _Lines,
    what: str,
    *,
    basis: Basis,
) -> list[Effect]:
    """Whoever holds the page, the agent who has the incident, and the agents of the tickets it is about."""
    effects: list[Effect] = []
    telling = [one for one in own if SlaAct.TELL_OWNER in one.acts]
    if telling:
        text = worded("SLA: ") + "\n".join(lines.own(one) for one in telling)
        effects += page_notes(case, what, text)
        ticket = customers.owners_ticket(case)
        if ticket is not None:
            note = internal(f"{case.incident.name}: {text}")
            effects.append(ticket_note(case.incident.id, ticket.ref, case.once(what), note))
    for ref, found in by_ticket(one for one in on_tickets if SlaAct.TELL_OWNER in one.acts).items():
        once = case.once(f"sla:{_digest(found)}")
        note = _note(found, basis)
        effects.append(ticket_note(case.incident.id, ref, once, note))
    return effects


def _note(due: Sequence[DueClock], basis: Basis) -> InternalText:
    calendars = basis.policy.sla.working_calendars()
    return internal(
        worded("SLA: ") + "\n".join(told_words(one.missed, calendars, now=basis.now) for one in due)
    )


def by_ticket(due: Iterable[DueClock]) -> Mapping[TicketRef, Sequence[DueClock]]:
    """What each ticket has to tell; an incident's own clocks are left out."""
    found: dict[TicketRef, list[DueClock]] = {}
    for one in due:
        if isinstance(one.clock.subject, TicketRef):
            found.setdefault(one.clock.subject, []).append(one)
    return found


def _digest(due: Sequence[DueClock]) -> str:
    """Names this telling: the same moments under the same targets are told once."""
    marks = sorted(one.clock.mark(item.moment) for one in due for item in one.missed)
    return hashlib.sha256("\n".join(marks).encode("utf-8", "replace")).hexdigest()[:16]


def _escalate(case: Case, basis: Basis) -> tuple[Incident, list[Effect], list[Entry]]:
    """The next rung of the ladder, one a sweep; before the engineers have it at all, the escalation stage itself."""
    incident = case.incident
    if incident.state in _BEFORE_ENGINEERS or is_held(incident, now=basis.now):
        return replace(incident, next_stage=Stage.ESCALATION, next_stage_at=basis.now), [], []
    ladder = basis.policy.team_of(incident.service).ladder
    if incident.state not in WITH_ENGINEERS or incident.page_level >= len(ladder):
        return incident, [], []
    plan = next_level(case, basis, Plan(incident=incident))
    return plan.incident, list(plan.effects), list(plan.entries)
