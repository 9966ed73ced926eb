"""Promises as rows for the breach model: each as it stood when it was made and whenever its ticket or incident changed
hands or state, and nothing that came later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd

from incidents.promises.holders import Holder
from incidents.sla.calendars import Calendars
from incidents.sla.clock import SlaClock, due_at
from insights.breach.rows import (
    LIAISON,
    CaseView,
    breach_rows,
)

PROMISES = replace(
    LIAISON,
    categorical=("metric", *(name for name in LIAISON.categorical if name != "severity")),
    titles={**LIAISON.titles, "metric": "what was promised"},
)
"""What the rows have. Severity is left out: only the newest one is kept, and it is raised when things go wrong."""

MOST_LOOKS = 20
"""A promise is looked at when it was made and after so many changes at most, the first ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """A clock with a target, who had its subject when, and what is known of that.

    `service` is that of the incident, known since `service_since`. Tier, product and channel are the newest ones.
    """

    clock: SlaClock
    holders: tuple[Holder, ...] = ()
    tier: str | None = None
    product: str | None = None
    channel: str | None = None
    service: str | None = None
    service_since: datetime | None = None


def promise_rows(
    promises: Iterable[Promise], calendars: Calendars, *, now: datetime, look_now: bool = False
) -> pd.DataFrame:
    """A row for each look at each promise, in the order of time, with what `PROMISES` describes.

    The verdict is missing where it has not fallen by `now`, and in the row of a promise's end, which is there for the
    queues' load alone. With `look_now` each open promise has a row at `now`, to be asked about. It takes a minute for
    some hundred thousand rows: not for an event loop. Raises `UnusableHistory`.
    """
    known = [promise for promise in promises if promise.clock.target]
    frame = breach_rows(
        view for promise in known for view in _views(promise, calendars, now=now, look_now=look_now)
    )
    metrics = {promise.clock.key: promise.clock.metric.value for promise in known}
    return frame.assign(metric=frame["case"].map(metrics))


def _views(promise: Promise, calendars: Calendars, *, now: datetime, look_now: bool) -> Iterator[CaseView]:
    clock = promise.clock
    target = clock.target or timedelta(0)
    breached, settled_at = _verdict(clock, target, calendars, now=now)
    end = min(clock.stopped_at or now, now)
    changes = [one for one in promise.holders if clock.started_at < one.since < end]
    looks = [clock.started_at, *(one.since for one in changes[:MOST_LOOKS])]
    if look_now and not clock.is_over:
        looks.append(now)
    for at in dict.fromkeys(looks):
        yield _view(promise, target, calendars, at=at, is_open=True, breached=breached, settled_at=settled_at)
    if clock.stopped_at is not None and clock.stopped_at <= now:
        yield _view(
            promise, target, calendars, at=clock.stopped_at, is_open=False, breached=None, settled_at=None
        )


def _view(
    promise: Promise,
    target: timedelta,
    calendars: Calendars,
    *,
    at: datetime,
    is_open: bool,
    breached: bool | None,
    settled_at: datetime | None,
) -> CaseView:
    clock = promise.clock
    worked = worked_by(clock, calendars, at=at)
    team, state, hands = _held(promise.holders, at=at)
    calendar = calendars.get(clock.calendar)
    runs = _runs(clock, at=at) and worked < target and calendar is not None
    is_linked = promise.service_since is None or promise.service_since <= at
    return CaseView(
        case=clock.key,
        at=at,
        is_open=is_open,
        target=target,
        worked=worked,
        due_at=calendar.due(at, target - worked) if runs and calendar is not None else None,
        tier=promise.tier,
        product=promise.product,
        channel=promise.channel,
        service=promise.service if is_linked else None,
        team=team,
        state=state,
        reassignments=hands,
        breached=breached,
        settled_at=settled_at,
    )


def worked_by(clock: SlaClock, calendars: Calendars, *, at: datetime) -> timedelta:
    """Working time that had gone by then, pauses left out."""
    gone = timedelta(0)
    for stretch in clock.stretches:
        calendar = calendars.get(stretch.calendar)
        if stretch.until <= at:
            gone += stretch.worked
        elif stretch.since < at and stretch.count == 1 and calendar is not None:
            gone += calendar.working_time(stretch.since, at)
        elif stretch.since < at:
            # Added up, or of a calendar that is gone: spread evenly.
            gone += stretch.worked * ((at - stretch.since) / (stretch.until - stretch.since))
    calendar = calendars.get(clock.calendar)
    if clock.running_since is not None and clock.running_since < at and calendar is not None:
        gone += calendar.working_time(clock.running_since, at)
    return gone


def _runs(clock: SlaClock, *, at: datetime) -> bool:
    since = clock.running_since
    return (since is not None and since <= at) or any(one.since <= at < one.until for one in clock.stretches)


def _held(holders: Iterable[Holder], *, at: datetime) -> tuple[str | None, str | None, int]:
    """The team that had it last, its state then, and how often it had changed hands.

    People are no queue and are not learnt about: with one of them it is still their team's.
    """
    team = state = holder = None
    hands = 0
    for one in holders:
        if one.since > at:
            break
        hands += holder is not None and one.holder != holder
        holder, state = one.holder, one.state
        if one.kind.is_queue:
            team = holder
    return team, state, hands


def _verdict(
    clock: SlaClock, target: timedelta, calendars: Calendars, *, now: datetime
) -> tuple[bool | None, datetime | None]:
    """Whether it was broken and the due time; for one that was kept, the due time it would have had."""
    due = due_at(clock, calendars)
    if due is not None and due <= now:
        return True, due
    if clock.stopped_at is None:
        return None, None
    calendar = calendars.get(clock.calendar)
    left = target - clock.worked
    would_be = calendar.due(clock.stopped_at, left) if calendar is not None and left > timedelta(0) else None
    return False, would_be or clock.stopped_at + max(left, timedelta(seconds=1))
