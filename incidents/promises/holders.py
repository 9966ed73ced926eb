"""Who had a ticket or incident, and when: what a broken promise is explained by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.basis import Basis
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import Incident, SubjectRef, Ticket
from incidents.sla.calendars import Calendars
from incidents.sla.clock import SlaClock
from incidents.sla.explain import amount

NOBODY = "nobody"
BEFORE = "before we knew"
"""The holder of the time before the first holder we know of."""


class HolderKind(StrEnum):
    """Who it is that has something. UNKNOWN was written by a version that did not say."""

    PERSON = "person"
    GROUP = "group"
    """A helpdesk's group."""
    TEAM = "team"
    """The engineers who were paged."""
    NOBODY = "nobody"
    UNKNOWN = "unknown"

    @property
    def is_queue(self) -> bool:
        """Whether it waits there for somebody to take it."""
        return self in (HolderKind.GROUP, HolderKind.TEAM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """From `since` on `holder` had the subject, which was in `state`, until the next one says otherwise.

    `holder` is for people and names them for the record; what it is, `kind` says.
    """

    subject: SubjectRef
    since: datetime
    holder: str
    kind: HolderKind
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Working time that somebody had it in a state, before the promise was broken."""

    holder: str
    state: str
    worked: timedelta


def ticket_holder(ticket: Ticket, *, now: datetime) -> Holder:
    """Who has the ticket as it is: its agent, else its group, else nobody."""
    if ticket.assignee:
        holder, kind = ticket.assignee, HolderKind.PERSON
    elif ticket.group:
        holder, kind = f"group {ticket.group}", HolderKind.GROUP
    else:
        holder, kind = NOBODY, HolderKind.NOBODY
    return Holder(
        subject=ticket.ref,
        since=min(ticket.updated_at, now),
        holder=holder,
        kind=kind,
        state=ticket.status.value,
    )


def incident_holder(incident: Incident, basis: Basis) -> Holder:
    """Who has the incident as it is: the engineer who took it, the team that was paged, else Liaison's checks."""
    if incident.responder is not None:
        holder, kind = incident.responder, HolderKind.PERSON
    elif incident.state in WITH_ENGINEERS:
        holder, kind = f"{basis.policy.team_of(incident.service).title}, paged", HolderKind.TEAM
    else:
        holder, kind = NOBODY, HolderKind.NOBODY
    return Holder(subject=incident.ref, since=basis.now, holder=holder, kind=kind, state=incident.state.value)


def held_until(
    breached_at: datetime, clock: SlaClock, holders: Iterable[Holder], calendars: Calendars
) -> tuple[Held, ...]:
    """Who had it in the working time from the clock's start to the breach, the longest first.

    Time in which the clock stood still is nobody's.
    """
    known = sorted(holders, key=lambda one: one.since)
    shares: dict[tuple[str, str], timedelta] = {}
    for since, until, calendar_name in _ran(clock, breached_at):
        calendar = calendars.get(calendar_name)
        if calendar is None:
            continue
        for start, end, holder, state in _turns(known, since, until):
            worked = calendar.working_time(start, end)
            shares[holder, state] = shares.get((holder, state), timedelta(0)) + worked
    found = [
        Held(holder=holder, state=state, worked=worked)
        for (holder, state), worked in shares.items()
        if worked > timedelta(0)
    ]
    return tuple(sorted(found, key=lambda one: (-one.worked, one.holder, one.state)))


def cause(held: Sequence[Held]) -> str:
    """The main reason in one word for the reports: who had it longest, and in which state."""
    if not held:
        return "no working time was left"
    return f"{held[0].holder}: {held[0].state.replace('_', ' ')}"


def held_words(held: Sequence[Held], *, most: int = 5) -> str:
    """`Ann 3 h (open), nobody 20 min (new)`."""
    shown = [f"{one.holder} {amount(one.worked)} ({one.state.replace('_', ' ')})" for one in held[:most]]
    return ", ".join(shown) + (", ..." if len(held) > most else "")


def _ran(clock: SlaClock, until: datetime) -> Iterable[tuple[datetime, datetime, str]]:
    for stretch in clock.stretches:
        if stretch.since < until:
            yield stretch.since, min(stretch.until, until), stretch.calendar
    if clock.running_since is not None and clock.running_since < until:
        yield clock.running_since, until, clock.calendar


def _turns(
    known: Sequence[Holder], since: datetime, until: datetime
) -> Iterable[tuple[datetime, datetime, str, str]]:
    """The time from since to until, cut where it changed hands."""
    at, holder, state = since, BEFORE, "unknown"
    for one in known:
        if one.since <= since:
            holder, state = one.holder, one.state
        elif one.since < until:
            yield at, one.since, holder, state
            at, holder, state = one.since, one.holder, one.state
    yield at, until, holder, state
