"""The legal states and moves of an incident, as one table, and the one function that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from incidents.errors import IllegalMove
from incidents.models import Incident, IncidentState, Stage

S = IncidentState

MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    # A person may escalate before anything is proven; that is what "escalate INC-7 now" does.
    S.REPORTED: frozenset({S.VALIDATING, S.CONFIRMED, S.NOT_AN_INCIDENT, S.ESCALATED, S.MERGED}),
    S.VALIDATING: frozenset({S.CONFIRMED, S.NOT_AN_INCIDENT, S.ESCALATED, S.MERGED}),
    # Until somebody is woken a person may call it off.
    S.CONFIRMED: frozenset({S.MITIGATING, S.ESCALATED, S.RESOLVED, S.NOT_AN_INCIDENT, S.MERGED}),
    S.MITIGATING: frozenset({S.ESCALATED, S.RESOLVED, S.MERGED}),
    S.ESCALATED: frozenset({S.ACKNOWLEDGED, S.RESOLVED, S.MERGED}),
    S.ACKNOWLEDGED: frozenset({S.ESCALATED, S.RESOLVED, S.MERGED}),
    S.RESOLVED: frozenset({S.CLOSING, S.REOPENED}),
    S.CLOSING: frozenset({S.CLOSED, S.REOPENED}),
    S.CLOSED: frozenset({S.REOPENED}),
    S.REOPENED: frozenset({S.MITIGATING, S.ESCALATED, S.RESOLVED, S.MERGED}),
    # A false alarm that turns out true is validated again, not resurrected half-way.
    S.NOT_AN_INCIDENT: frozenset({S.VALIDATING, S.ESCALATED}),
    S.MERGED: frozenset(),
}

UNSETTLED = frozenset(S) - {S.CLOSED, S.NOT_AN_INCIDENT, S.MERGED}
"""States in which somebody still owes somebody something."""

WITH_ENGINEERS = frozenset({S.ESCALATED, S.ACKNOWLEDGED})
"""States in which a page is out."""

WORKS_AGAIN = frozenset({S.RESOLVED, S.CLOSING, S.CLOSED})
"""States in which it is said to be fixed: customers can work, whether they were told or not."""


class IncidentProgress(StrEnum):
    """How far it is, in the words of public hand-books: how often customers hear from us goes by it.

    Nobody tells Liaison when the cause is found: an engineer who has taken the page is the nearest that it sees.
    """

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"


def standing_of(state: IncidentState) -> IncidentProgress:
    """Monitoring once it is said to be fixed, identified while an engineer has it, else investigating."""
    if state in WORKS_AGAIN:
        return IncidentProgress.MONITORING
    return IncidentProgress.IDENTIFIED if state is S.ACKNOWLEDGED else IncidentProgress.INVESTIGATING


OWES_UPDATES = WITH_ENGINEERS | {S.RESOLVED, S.REOPENED, S.MITIGATING}
"""States in which customers who were told when they hear from us again, do."""


def reopen(incident: Incident, *, now: datetime) -> Incident:
    """The incident open again, as a new generation: its SLA clock, its pages and its messages start anew.

    It is due for escalation at once; whoever opens it because engineers already have it says otherwise.
    """
    return replace(
        move(incident, IncidentState.REOPENED, now=now),
        generation=incident.generation + 1,
        clock_from=now,
        next_stage=Stage.ESCALATION,
        next_stage_at=now,
        resolved_at=None,
        acknowledged_at=None,
        responder=None,
        page_level=0,
        checks=0,
        held_until=None,
    )


def is_beside(incident: Incident, open_incidents: Sequence[Incident]) -> bool:
    """Whether it was split off another one that is still open: what is reported meanwhile is of that one."""
    return incident.split_from in {one.id for one in open_incidents if one.service == incident.service}


def move(incident: Incident, to: IncidentState, *, now: datetime) -> Incident:
    """The incident in its new state; moving to the state it is in changes nothing.

    Raises `IllegalMove` with the moves that would be legal.
    """
    if to == incident.state:
        return incident
    if to not in MOVES[incident.state]:
        legal = ", ".join(sorted(MOVES[incident.state])) or "none"
        raise IllegalMove(
            f"{incident.name} is {incident.state} and cannot become {to}; it can become: {legal}"
        )
    return replace(incident, state=to, state_since=now)
