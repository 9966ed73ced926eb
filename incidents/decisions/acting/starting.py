"""Whether an action may be started now: what the policy wants to hold just before, whatever was decided earlier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.actions import Pause
from incidents.basis import Basis
from incidents.models import Incident, ProbeResult
from incidents.policy.acting.section import ActionPolicy
from incidents.texts.team import sentence, worded, worded_as
from incidents.texts.times import day_and_clock

HOUR = timedelta(hours=1)
_A_MOMENT = timedelta(seconds=1)
_STANDS = {
    True: sentence("{probe} is healthy ({summary})"),
    False: sentence("{probe} is failing ({summary})"),
    None: sentence("{probe} is unknown ({summary})"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StartConditions:
    """How things stand just before a start.

    `looks` are those of the service's own probes, `healthy` those that the policy wants to be so; `starts` counts the
    starts of this action for this service within the last hour, `pause` is the kill switch while it is on.
    """

    incident: Incident
    looks: Sequence[ProbeResult] = ()
    healthy: Sequence[ProbeResult] = ()
    starts: int = 0
    pause: Pause | None = None


def obstacle(action: ActionPolicy | None, now: StartConditions, basis: Basis) -> str | None:
    """Why it is not started, for people; None where nothing stands in its way."""
    if now.pause is not None:
        return pause_words(now.pause)
    if action is None:
        return worded("the policy has no such action for this service any more")
    if action.most_per_hour is not None and now.starts >= action.most_per_hour:
        return worded(
            "it was started {times} within the last hour, and the policy allows {most_per_hour}",
            times=times(now.starts),
            most_per_hour=action.most_per_hour,
        )
    return _condition_not_met(action, now, basis)


def pause_words(pause: Pause) -> str:
    """Who has paused all actions, since when, and how it ends."""
    why = f" ({pause.why})" if pause.why else ""
    since = day_and_clock(pause.since)
    return worded(
        "actions are paused by {by} since {since}{why}; `liaison resume actions` ends it",
        by=pause.by,
        since=since,
        why=why,
    )


def looks_words(looks: Iterable[ProbeResult]) -> str:
    """What probes say, for people: `http/checkout-health is failing (503)`."""
    return "; ".join(
        worded_as(_STANDS[one.is_healthy], probe=one.probe, summary=one.summary) for one in looks
    )


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: worded("once"), 2: worded("twice")}.get(count) or worded("{count} times", count=count)


def _condition_not_met(action: ActionPolicy, now: StartConditions, basis: Basis) -> str | None:
    wanted = action.only_if
    if wanted.severity is not None and now.incident.severity > wanted.severity:
        severity = int(now.incident.severity)
        return worded(
            "it is for severity {wanted} and worse, and {incident} has {severity}",
            wanted=int(wanted.severity),
            incident=now.incident.name,
            severity=severity,
        )
    if wanted.calendar is not None:
        calendar = basis.policy.sla.working_calendars().get(wanted.calendar)
        if calendar is None or not calendar.working_time(basis.now, basis.now + _A_MOMENT):
            return worded("the calendar {calendar} is closed now", calendar=f"{wanted.calendar!r}")
    if wanted.failing and not any(look.is_healthy is False for look in now.looks):
        return worded(
            "no probe sees the fault: {looks}",
            looks=looks_words(now.looks) or worded("the service has none"),
        )
    if bad := [look for look in now.healthy if look.is_healthy is not True]:
        return worded("what must be healthy is not: {looks}", looks=looks_words(bad))
    return None
