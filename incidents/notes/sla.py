"""What people read about promises: one sentence for each clock that has something to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.models import TicketRef
from incidents.notes.notes import and_more
from incidents.notes.states import state_words
from incidents.sla.calendars import Calendars
from incidents.sla.clock import (
    ClockState,
    Missed,
    SlaClock,
    SlaMetric,
    due_at,
)
from incidents.sla.explain import amount
from incidents.texts.team import sentence, worded, worded_as, worded_count
from incidents.texts.times import clock as time_of_day
from incidents.texts.times import day_and_clock, duration

_SHOWN = 10


_NAMES = {
    SlaMetric.FIRST_RESPONSE: sentence("First response"),
    SlaMetric.NEXT_UPDATE: sentence("Next update"),
    SlaMetric.MITIGATION: sentence("Mitigation"),
    SlaMetric.RESOLUTION: sentence("Resolution"),
}
_NAMES_WITHIN = {
    SlaMetric.FIRST_RESPONSE: sentence("first response"),
    SlaMetric.NEXT_UPDATE: sentence("next update"),
    SlaMetric.MITIGATION: sentence("mitigation"),
    SlaMetric.RESOLUTION: sentence("resolution"),
}
"""Within a sentence."""


def metric_words(metric: SlaMetric) -> str:
    """`First response`, `Next update`."""
    return worded_as(_NAMES[metric])


def metric_words_within(metric: SlaMetric) -> str:
    """The same within a sentence: `first response`."""
    return worded_as(_NAMES_WITHIN[metric])


def told_words(missed: Sequence[Missed], calendars: Calendars, *, now: datetime) -> str:
    """All that one clock has to tell now, the latest first: `First response missed 4 min ago (due 14:30 UTC)`.

    After a pause of ours several of its moments are told at once, in the order in which they came.
    """
    last = missed[-1]
    clock = last.clock
    words, part = metric_words(clock.metric), _part(last)
    due = due_at(clock, calendars)
    when = ""
    if last.moment.is_breach:
        text = worded(
            "{promise} missed {ago}", promise=words, ago=worded("{span} ago", span=duration(now - last.at))
        )
        when = worded("due {when}", when=_when(last.at, now))
    elif clock.is_over:
        text = worded("{promise} kept, after {part} of its time had gone", promise=words, part=part)
    elif clock.state is ClockState.PAUSED or due is None:
        text = worded("{promise} stands still with {part} of its time gone", promise=words, part=part)
    else:
        text = worded("{promise} due in {span}", promise=words, span=duration(due - now))
        when = worded("by {when}", when=_when(due, now))
    promised = (
        ""
        if clock.target is None
        else worded("{target} by policy {policy}", target=amount(clock.target), policy=clock.policy)
    )
    beside = ", ".join(filter(None, (when, promised)))
    text += f" ({beside})" if beside else ""
    earlier = [worded("{part} at {when}", part=_part(one), when=_when(one.at, now)) for one in missed[:-1]]
    return text + (worded("; passed before: {earlier}", earlier=", ".join(earlier)) if earlier else "")


def tickets_words(missed: Sequence[Missed]) -> str:
    """The same moment on many tickets in one sentence: `First response missed on 12 tickets: #1, #2, ...`."""
    last = missed[-1]
    # By length first, so that numbers stand in the order in which people count.
    tickets = (one.clock.subject for one in missed if isinstance(one.clock.subject, TicketRef))
    names = sorted((f"#{ticket.id}" for ticket in tickets), key=lambda name: (len(name), name))
    listed = ", ".join(names[:_SHOWN]) + and_more(len(names), _SHOWN)
    promise, policy = metric_words(last.clock.metric), last.clock.policy
    if last.moment.is_breach:
        return worded_count(
            "{promise} missed on ticket {tickets} (policy {policy})",
            "{promise} missed on {count} tickets: {tickets} (policy {policy})",
            len(names),
            promise=promise,
            tickets=listed,
            policy=policy,
        )
    return worded_count(
        "{promise} at {part} of its time on ticket {tickets} (policy {policy})",
        "{promise} at {part} of its time on {count} tickets: {tickets} (policy {policy})",
        len(names),
        promise=promise,
        part=_part(last),
        tickets=listed,
        policy=policy,
    )


def left_words(clock: SlaClock, calendars: Calendars, *, now: datetime) -> str:
    """How a clock stands, in few words: `first response within 12 min`, `resolution was due 5 min ago`."""
    name = worded_as(_NAMES_WITHIN[clock.metric])
    if clock.state is ClockState.PAUSED:
        because = state_words(clock.paused_because or "")
        return worded("{promise} stands still ({because})", promise=name, because=because)
    due = due_at(clock, calendars)
    if due is None:
        return worded("{promise} is never due by calendar {calendar}", promise=name, calendar=clock.calendar)
    left = due - now
    if left < timedelta(0):
        return worded("{promise} was due {ago}", promise=name, ago=duration(left))
    return worded("{promise} within {span}", promise=name, span=duration(left))


def _part(missed: Missed) -> str:
    return f"{missed.moment.per_mille / 10:g} %"


def _when(at: datetime, now: datetime) -> str:
    """`14:30 UTC`, with the date unless it is today's."""
    text = time_of_day(at)
    return text if at.date() == now.date() else day_and_clock(at)
