"""What people read about promises: one sentence for each clock that has something to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.models import TicketRef
from incidents.sla.calendars import Calendars
from incidents.sla.clock import (
    ClockState,
    Missed,
    SlaClock,
    SlaMetric,
    due_at,
)
from incidents.sla.explain import amount
from incidents.texts.times import clock as time_of_day
from incidents.texts.times import duration

_SHOWN = 10


def metric_words(metric: SlaMetric) -> str:
    """`First response`, `Next update`."""
    return metric.value.replace("_", " ").capitalize()


def told_words(missed: Sequence[Missed], calendars: Calendars, *, now: datetime) -> str:
    """All that one clock has to tell now, the latest first: `First response missed 4 min ago (due 14:30 UTC)`.

    After a pause of ours several of its moments are told at once, in the order in which they came.
    """
    last = missed[-1]
    clock = last.clock
    words = metric_words(clock.metric)
    due = due_at(clock, calendars)
    if last.moment.is_breach:
        text = f"{words} missed {duration(now - last.at)} ago (due {_when(last.at, now)}"
    elif clock.is_over:
        text = f"{words} kept, after {_part(last)} of its time had gone ("
    elif clock.state is ClockState.PAUSED or due is None:
        text = f"{words} stands still with {_part(last)} of its time gone ("
    else:
        text = f"{words} due in {duration(due - now)} (by {_when(due, now)}"
    promised = "" if clock.target is None else f"{amount(clock.target)} by policy {clock.policy}"
    text += f"{'' if text.endswith('(') else ', '}{promised})"
    earlier = [f"{_part(one)} at {_when(one.at, now)}" for one in missed[:-1]]
    return f"{text}; passed before: {', '.join(earlier)}" if earlier else text


def tickets_words(missed: Sequence[Missed]) -> str:
    """The same moment on many tickets in one sentence: `First response missed on 12 tickets: #1, #2, ...`."""
    last = missed[-1]
    words = metric_words(last.clock.metric)
    what = "missed" if last.moment.is_breach else f"at {_part(last)} of its time"
    # By length first, so that numbers stand in the order in which people count.
    tickets = (one.clock.subject for one in missed if isinstance(one.clock.subject, TicketRef))
    names = sorted((f"#{ticket.id}" for ticket in tickets), key=lambda name: (len(name), name))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    count = f"{len(names)} tickets" if len(names) > 1 else "ticket"
    listed = f"{count}: {', '.join(names[:_SHOWN])}{more}" if len(names) > 1 else f"ticket {names[0]}"
    return f"{words} {what} on {listed} (policy {last.clock.policy})"


def left_words(clock: SlaClock, calendars: Calendars, *, now: datetime) -> str:
    """How a clock stands, in few words: `first response within 12 min`, `resolution was due 5 min ago`."""
    name = clock.metric.value.replace("_", " ")
    if clock.state is ClockState.PAUSED:
        because = (clock.paused_because or "").replace("_", " ")
        return f"{name} stands still ({because})"
    due = due_at(clock, calendars)
    if due is None:
        return f"{name} is never due by calendar {clock.calendar}"
    left = due - now
    return f"{name} within {duration(left)}" if left >= timedelta(0) else f"{name} was due {duration(left)}"


def _part(missed: Missed) -> str:
    return f"{missed.moment.per_mille / 10:g} %"


def _when(at: datetime, now: datetime) -> str:
    """`14:30 UTC`, with the date unless it is today's."""
    text = time_of_day(at)
    return text if at.date() == now.date() else f"{at:%Y-%m-%d} {text}"
