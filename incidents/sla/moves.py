"""What can happen to an SLA clock: it starts, stands still, runs on, is restarted, retargeted, stopped, withdrawn.

Every change takes two times: `at`, when it happened by the source's word, and `now`, by ours. A source that is
ahead of us counts as now, so a ticket "opened in the future" starts when we see it; a time that jumps back
takes nothing back. Changes that come twice, or to a clock that has stopped, change nothing. Times are kept in
whole seconds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from incidents.models import SubjectRef
from incidents.sla.calendars import Calendars
from incidents.sla.clock import (
    ClockState,
    SlaClock,
    SlaMetric,
    SlaTerms,
    Stretch,
)

MAX_STRETCHES = 50
"""Stretches kept one by one; a ticket that goes back and forth for ever has its oldest ones added up."""


def start(
    subject: SubjectRef,
    metric: SlaMetric,
    terms: SlaTerms,
    *,
    at: datetime,
    now: datetime,
    generation: int = 1,
    round: int = 1,
) -> SlaClock:
    """A clock that runs from `at`."""
    began = _second(at, now)
    return SlaClock(
        subject=subject,
        metric=metric,
        policy=terms.policy,
        calendar=terms.calendar,
        target=terms.targets.get(metric),
        warnings=terms.warnings,
        started_at=began,
        running_since=began,
        generation=generation,
        round=round,
    )


def pause(clock: SlaClock, calendars: Calendars, because: str, *, at: datetime, now: datetime) -> SlaClock:
    """Stand still, because of a state such as `waiting_for_customer`."""
    if clock.state is ClockState.PAUSED:
        return replace(clock, paused_because=because)
    if clock.is_over:
        return clock
    closed = _close(clock, calendars, because, at=at, now=now)
    return replace(closed, paused_because=because)


def resume(clock: SlaClock, *, at: datetime, now: datetime) -> SlaClock:
    """Run on. No second is counted twice: it runs at the earliest from where it last stood still."""
    if clock.state is not ClockState.PAUSED:
        return clock
    since = max(_second(at, now), clock.stretches[-1].until if clock.stretches else clock.started_at)
    return replace(clock, running_since=since, paused_because=None)


def stop(clock: SlaClock, calendars: Calendars, *, at: datetime, now: datetime) -> SlaClock:
    """What was promised is done. Moments that came before and were not told yet can still be told."""
    if clock.is_over:
        return clock
    closed = _close(clock, calendars, "done", at=at, now=now)
    stopped_at = max(_second(at, now), closed.stretches[-1].until if closed.stretches else clock.started_at)
    return replace(closed, stopped_at=stopped_at, paused_because=None)


def withdraw(clock: SlaClock, calendars: Calendars, *, at: datetime, now: datetime) -> SlaClock:
    """Nothing is promised any more (merged, spam, no policy): no further moment comes."""
    return clock if clock.is_over else replace(stop(clock, calendars, at=at, now=now), is_withdrawn=True)


def restart(
    clock: SlaClock, calendars: Calendars, *, at: datetime, now: datetime
) -> tuple[SlaClock, SlaClock] | tuple[SlaClock]:
    """The promise was kept and is given anew: the clock stopped, and its next round.

    A restart that is not later than the last one changes nothing, so updates may come twice or out of order.
    A clock that stands still is followed by one that stands still. What nobody promised needs no new round.
    """
    began = _second(at, now)
    if clock.is_over or began <= clock.started_at:
        return (clock,)
    is_running = clock.running_since is not None
    following = replace(
        clock,
        started_at=began,
        running_since=began if is_running else None,
        stretches=(),
        told=(),
        round=clock.round + (clock.target is not None),
    )
    if clock.target is None:
        return (following,)
    return (stop(clock, calendars, at=at, now=now), following)


def retarget(clock: SlaClock, calendars: Calendars, terms: SlaTerms | None, *, now: datetime) -> SlaClock:
    """Other terms, because severity, tier or the policy file changed: the working time gone by is kept.

    Until now it counts by the old calendar, from now on by the new one. If the old one is not in the policy
    any more, the stretch that runs is counted by the new one. Without terms, or without a target in them,
    nothing is promised; it is counted on, should there be a promise again.
    """
    if clock.is_over:
        return clock
    if terms is None:
        return replace(clock, policy="", target=None, warnings=()) if clock.target is not None else clock
    if clock.calendar != terms.calendar and clock.running_since is not None and clock.calendar in calendars:
        running_since = max(_second(now, now), clock.running_since)
        closed = _close(clock, calendars, f"now by calendar {terms.calendar}", at=now, now=now)
        clock = replace(closed, running_since=running_since)
    return replace(
        clock,
        policy=terms.policy,
        calendar=terms.calendar,
        target=terms.targets.get(clock.metric),
        warnings=terms.warnings,
    )


def _close(clock: SlaClock, calendars: Calendars, by: str, *, at: datetime, now: datetime) -> SlaClock:
    """The clock with its running stretch, if any, counted and closed; one of no length leaves no trace."""
    if clock.running_since is None:
        return clock
    until = max(_second(at, now), clock.running_since)
    if until == clock.running_since:
        return replace(clock, running_since=None)
    calendar = calendars.get(clock.calendar)
    stretch = Stretch(
        since=clock.running_since,
        until=until,
        calendar=clock.calendar,
        worked=calendar.working_time(clock.running_since, until) if calendar is not None else timedelta(0),
        ended_by=by,
    )
    return replace(clock, running_since=None, stretches=_kept((*clock.stretches, stretch)))


def _kept(stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    if len(stretches) <= MAX_STRETCHES:
        return stretches
    first, second, *others = stretches
    both = replace(
        second, since=first.since, worked=first.worked + second.worked, count=first.count + second.count
    )
    return (both, *others)


def _second(at: datetime, now: datetime) -> datetime:
    """The whole second of the event, not later than now."""
    return min(at, now).astimezone(UTC).replace(microsecond=0)
