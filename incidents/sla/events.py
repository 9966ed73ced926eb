"""What starts, stops and restarts which SLA clock, and when it stands still: one table, and one function.

    event                 first_response   next_update   mitigation   resolution
    opened                starts           (1)           starts       starts
    customer's message    -                -             -            -
    private note          -                -             -            -
    agent's public reply  stops            restarts      -            -
    Liaison's update      - (2)            restarts      -            -
    acknowledged          stops            -             -            -
    mitigated             -                -             stops        -
    solved                stops            stops         stops        stops
    withdrawn             nothing is promised any more: stops, and no further moment comes
    reopened              a new generation, as opened, if all has stopped

(1) Promised updates begin with the first public update; without one, as soon as no first response is owed.
(2) Unless the policy says that Liaison's own message is an answer (`liaison_answers`).

A ticket's status does not act as an event but as a state, so that a lost or late webhook does no lasting
harm: clocks stand still while the ticket is in a state on which its policy pauses, and run in any other. A
first response never stands still: nobody can be waiting for a customer who was not answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from incidents.models import SubjectRef, TicketStatus
from incidents.sla import moves as sla_moves
from incidents.sla.calendars import Calendars
from incidents.sla.clock import (
    SlaClock,
    SlaMetric,
    SlaTerms,
)

Clocks = tuple[SlaClock, ...]

M = SlaMetric


class SlaEvent(StrEnum):
    """`SEEN` is a look at the ticket or incident: status, severity, tier or policy may have changed."""

    OPENED = "opened"
    SEEN = "seen"
    CUSTOMER_MESSAGE = "customer_message"
    PRIVATE_NOTE = "private_note"
    AGENT_REPLY = "agent_reply"
    LIAISON_UPDATE = "liaison_update"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    SOLVED = "solved"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


STOPPED_BY = {
    SlaEvent.AGENT_REPLY: frozenset({M.FIRST_RESPONSE}),
    SlaEvent.ACKNOWLEDGED: frozenset({M.FIRST_RESPONSE}),
    SlaEvent.MITIGATED: frozenset({M.MITIGATION}),
    SlaEvent.SOLVED: frozenset(M),
}
UPDATES = frozenset({SlaEvent.AGENT_REPLY, SlaEvent.LIAISON_UPDATE})
BEGINNINGS = frozenset({SlaEvent.OPENED, SlaEvent.REOPENED})


def advance(
    clocks: Iterable[SlaClock],
    event: SlaEvent,
    *,
    subject: SubjectRef,
    terms: SlaTerms | None,
    status: TicketStatus | None,
    calendars: Calendars,
    at: datetime,
    now: datetime,
) -> Clocks:
    """All the subject's clocks after the event: those given, changed or not, and those that began.

    `terms` are what is promised to it now, `status` is the ticket's (None for an incident). The same again
    changes nothing. A subject that no policy matched until now has no clocks: send it OPENED, at the time it
    was opened.
    """
    moved = tuple(sla_moves.retarget(clock, calendars, terms, now=now) for clock in clocks)
    if event in BEGINNINGS:
        moved = _begin(moved, event, subject, terms, at=at, now=now)
    moved = tuple(one for clock in moved for one in _moved(clock, event, terms, calendars, at=at, now=now))
    if terms is not None:
        moved = _promise_updates(moved, event, subject, terms, at=at, now=now)
        moved = tuple(_paused(clock, terms, status, calendars, at=at, now=now) for clock in moved)
    return moved


def _begin(
    clocks: Clocks,
    event: SlaEvent,
    subject: SubjectRef,
    terms: SlaTerms | None,
    *,
    at: datetime,
    now: datetime,
) -> Clocks:
    """Clocks for what may be promised at the beginning, whether it is promised now or not."""
    is_first = not clocks
    is_again = event is SlaEvent.REOPENED and all(clock.is_over for clock in clocks)
    if terms is None and is_again:  # nothing is promised, but counted, should there be a promise again
        terms = SlaTerms(policy="", calendar=clocks[-1].calendar, targets={})
    if terms is None or not (is_first or is_again):
        return clocks
    generation = max((clock.generation for clock in clocks), default=0) + 1
    began = tuple(
        sla_moves.start(subject, metric, terms, at=at, now=now, generation=generation)
        for metric in (M.FIRST_RESPONSE, M.MITIGATION, M.RESOLUTION)
    )
    return (*clocks, *began)


def _moved(
    clock: SlaClock,
    event: SlaEvent,
    terms: SlaTerms | None,
    calendars: Calendars,
    *,
    at: datetime,
    now: datetime,
) -> Clocks:
    is_answer = event is SlaEvent.LIAISON_UPDATE and terms is not None and terms.liaison_answers
    if event is SlaEvent.WITHDRAWN:
        return (sla_moves.withdraw(clock, calendars, at=at, now=now),)
    if clock.metric in STOPPED_BY.get(event, ()) or (is_answer and clock.metric is M.FIRST_RESPONSE):
        return (sla_moves.stop(clock, calendars, at=at, now=now),)
    if clock.metric is M.NEXT_UPDATE and event in UPDATES:
        return sla_moves.restart(clock, calendars, at=at, now=now)
    return (clock,)


def _promise_updates(
    clocks: Clocks, event: SlaEvent, subject: SubjectRef, terms: SlaTerms, *, at: datetime, now: datetime
) -> Clocks:
    """The first round of promised updates, once there was an update or no first response is owed."""
    running = {clock.metric: clock for clock in clocks if not clock.is_over}
    resolution, response = running.get(M.RESOLUTION), running.get(M.FIRST_RESPONSE)
    is_owed = response is not None and response.target is not None
    if (
        M.NEXT_UPDATE not in terms.targets
        or M.NEXT_UPDATE in running
        or resolution is None
        or (is_owed and event not in UPDATES)
    ):
        return clocks
    generation = resolution.generation
    begun = sla_moves.start(subject, M.NEXT_UPDATE, terms, at=at, now=now, generation=generation)
    return (*clocks, begun)


def _paused(
    clock: SlaClock,
    terms: SlaTerms,
    status: TicketStatus | None,
    calendars: Calendars,
    *,
    at: datetime,
    now: datetime,
) -> SlaClock:
    """The clock standing still if the ticket's state says so, else running."""
    if clock.metric is M.FIRST_RESPONSE:
        return clock
    if status is not None and status in terms.pauses:
        return sla_moves.pause(clock, calendars, status, at=at, now=now)
    return sla_moves.resume(clock, at=at, now=now)
