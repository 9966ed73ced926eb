"""What starts, stops, pauses and restarts which SLA clock: one table, and the two functions that apply it.

    event                 first_response   next_update          mitigation   resolution
    opened                start            start (1)            start        start
    customer's message    -                -                    -            -
    private note          -                -                    -            -
    agent's public reply  stop             start or restart     -            -
    Liaison's update      - (2)            start or restart     -            -
    acknowledged          stop             -                    -            -
    mitigated             -                -                    stop         -
    waiting (3)           -                pause                pause        pause
    working               -                resume               resume       resume
    solved                stop             stop                 stop         stop
    withdrawn             withdraw         withdraw             withdraw     withdraw
    reopened              a new generation: as opened, for those that have stopped

(1) Where a first response is promised, the promise of updates begins with it.
(2) Unless the policy counts Liaison's own message as an answer (`liaison_answers`).
(3) Where the policy pauses on that state; on any other state the clock runs on. A first response never waits
    for a customer: nobody has answered yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incidents import sla_moves
from incidents.calendars import Calendars
from incidents.sla_clock import ClockState, SlaClock, SlaMetric, SlaTerms

PAUSABLE = frozenset({SlaMetric.NEXT_UPDATE, SlaMetric.MITIGATION, SlaMetric.RESOLUTION})


class SlaEvent(StrEnum):
    OPENED = "opened"
    CUSTOMER_MESSAGE = "customer_message"
    PRIVATE_NOTE = "private_note"
    AGENT_REPLY = "agent_reply"
    LIAISON_UPDATE = "liaison_update"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    WAITING_FOR_VENDOR = "waiting_for_vendor"
    WORKING = "working"
    SOLVED = "solved"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


WAITING = frozenset({SlaEvent.WAITING_FOR_CUSTOMER, SlaEvent.WAITING_FOR_VENDOR})
_ANSWERS = frozenset({SlaEvent.AGENT_REPLY, SlaEvent.ACKNOWLEDGED})
_UPDATES = frozenset({SlaEvent.AGENT_REPLY, SlaEvent.LIAISON_UPDATE})

Clocks = tuple[SlaClock, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """What a change is made with."""

    event: SlaEvent
    terms: SlaTerms
    calendars: Calendars
    at: datetime
    now: datetime


def advance(
    clocks: Iterable[SlaClock],
    event: SlaEvent,
    *,
    subject: str,
    terms: SlaTerms | None,
    calendars: Calendars,
    at: datetime,
    now: datetime,
) -> Clocks:
    """The subject's clocks after the event: those given, changed or not, and those that began.

    `clocks` are the newest of each metric. `terms` are what is promised now: they are applied first, as
    `apply_terms` does; None promises nothing, and withdraws what was promised.
    """
    clocks = apply_terms(clocks, terms, calendars=calendars, now=now)
    if terms is None:
        return clocks
    change = _Change(event=event, terms=terms, calendars=calendars, at=at, now=now)
    if event in (SlaEvent.OPENED, SlaEvent.REOPENED):
        return _open(clocks, subject, change)
    advanced = [changed for clock in clocks for changed in _MOVES[clock.metric](clock, change)]
    if event in _UPDATES and clocks and not any(_is_open(clock, SlaMetric.NEXT_UPDATE) for clock in clocks):
        advanced += _first_update_promise(advanced, change)
    return tuple(advanced)


def apply_terms(
    clocks: Iterable[SlaClock],
    terms: SlaTerms | None,
    *,
    calendars: Calendars,
    now: datetime,
    waiting: SlaEvent | None = None,
    is_answered: bool = True,
) -> Clocks:
    """The clocks under these terms, because severity, tier or the policy file may have changed.

    Working time gone by is kept. What is promised newly has already waited as long as the resolution has; a
    first response only if nobody `is_answered` yet, an update from now on. `waiting` is the waiting state the
    ticket is in: the new policy may pause where the old one did not, or the other way round. The same terms
    again change nothing.
    """
    if terms is None:
        return tuple(sla_moves.withdraw(clock, calendars, at=now, now=now) for clock in clocks)
    retargeted = [sla_moves.retarget(clock, calendars, terms, now=now) for clock in clocks]
    change = _Change(event=waiting or SlaEvent.WORKING, terms=terms, calendars=calendars, at=now, now=now)
    return tuple(retargeted) if not change else tuple(retargeted)
