"""Whether an action may be started now: what the policy wants to hold just before, whatever was decided earlier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.actions import Pause
from incidents.basis import Basis
from incidents.models import Incident, ProbeResult
from incidents.policy.acting.section import ActionPolicy
from incidents.texts.times import clock

HOUR = timedelta(hours=1)
_A_MOMENT = timedelta(seconds=1)
_STANDS = {True: "healthy", False: "failing", None: "unknown"}


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
        return "the policy has no such action for this service any more"
    if action.most_per_hour is not None and now.starts >= action.most_per_hour:
        return f"it was started {times(now.starts)} within the last hour, and the policy allows {action.most_per_hour}"
    return _condition_not_met(action, now, basis)


def pause_words(pause: Pause) -> str:
    """Who has paused all actions, since when, and how it ends."""
    why = f" ({pause.why})" if pause.why else ""
    since = f"{pause.since:%Y-%m-%d} {clock(pause.since)}"
    return f"actions are paused by {pause.by} since {since}{why}; `liaison resume actions` ends it"


def looks_words(looks: Iterable[ProbeResult]) -> str:
    """What probes say, for people: `http/checkout-health is failing (503)`."""
    return "; ".join(f"{one.probe} is {_STANDS[one.is_healthy]} ({one.summary})" for one in looks)


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _condition_not_met(action: ActionPolicy, now: StartConditions, basis: Basis) -> str | None:
    wanted = action.only_if
    if wanted.severity is not None and now.incident.severity > wanted.severity:
        severity = int(now.incident.severity)
        return f"it is for severity {int(wanted.severity)} and worse, and {now.incident.name} has {severity}"
    if wanted.calendar is not None:
        calendar = basis.policy.sla.working_calendars().get(wanted.calendar)
        if calendar is None or not calendar.working_time(basis.now, basis.now + _A_MOMENT):
            return f"the calendar {wanted.calendar!r} is closed now"
    if wanted.failing and not any(look.is_healthy is False for look in now.looks):
        return f"no probe sees the fault: {looks_words(now.looks) or 'the service has none'}"
    if bad := [look for look in now.healthy if look.is_healthy is not True]:
        return f"what must be healthy is not: {looks_words(bad)}"
    return None
