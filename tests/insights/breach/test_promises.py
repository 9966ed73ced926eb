"""Promises as rows: each knows what was known at its moment, and nothing that came later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.models import TicketRef
from incidents.promises.holders import Holder, HolderKind
from incidents.promises.subjects import subject_ref
from incidents.sla.clock import (
    SlaClock,
    SlaMetric,
    Stretch,
)
from insights.breach.promises import (
    PROMISES,
    Promise,
    promise_rows,
    worked_by,
)
from tests.insights.breach.promise_history import CALENDARS, promises

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = START + 1000 * HOUR


def a_clock(*ran, target=8, stopped=None, running=None, key="zendesk/support#1"):
    """Ran from and to so many hours after the start."""
    return SlaClock(
        subject=subject_ref(key),
        metric=SlaMetric.RESOLUTION,
        policy="gold",
        calendar="always",
        target=target * HOUR,
        warnings=(),
        started_at=START,
        running_since=None if running is None else START + running * HOUR,
        paused_because="waiting" if running is None and stopped is None else None,
        stopped_at=None if stopped is None else START + stopped * HOUR,
        stretches=tuple(
            Stretch(
                since=START + since * HOUR,
                until=START + until * HOUR,
                calendar="always",
                worked=(until - since) * HOUR,
                ended_by="waiting",
            )
            for since, until in ran
        ),
    )


def a_holder(hour, holder="Ann", state="open", kind=HolderKind.PERSON):
    return Holder(
        subject=TicketRef(connection="zendesk/support", id="1"),
        since=START + hour * HOUR,
        holder=holder,
        kind=kind,
        state=state,
    )


def frame(clock, *holders, now=LATER, **changes):
    rows = promise_rows([Promise(clock=clock, holders=holders, **changes)], CALENDARS, now=now)
    return rows[rows["is_open"]].reset_index(drop=True)


@pytest.mark.parametrize(
    ("clock", "now", "breached", "settled"),
    [
        (a_clock((0, 5), stopped=5), 1000, False, 8),
        (a_clock((0, 3), (6, 8), stopped=8), 1000, False, 11),
        (a_clock((0, 12), stopped=12), 1000, True, 8),
        (a_clock((0, 8), stopped=8), 1000, True, 8),
        (a_clock(running=0), 1000, True, 8),
        (a_clock(running=0), 7, None, None),
        (a_clock((0, 3)), 1000, None, None),
    ],
    ids=["kept", "kept, paused", "broken", "on the second", "broken and open", "running", "standing still"],
)
def test_the_verdict_and_when_it_counts_as_known(clock, now, breached, settled):
    """Of one that was kept, the due time it would have had; else the newest history held mostly what ended soon."""
    (row,) = frame(clock, now=START + now * HOUR).to_dict("records")
    assert (row["breached"] is None) == (breached is None)
    if breached is not None:
        assert bool(row["breached"]) is breached
        assert row["settled_at"] == START + settled * HOUR


def test_a_row_for_each_change_until_the_end_and_none_of_the_end():
    """The state in which it ended is no row, nor is anything after a stop."""
    holders = (
        a_holder(0, "group web", "new", HolderKind.GROUP),
        a_holder(2),
        a_holder(5, "Ann", "solved"),
        a_holder(9, "Bo"),
    )
    rows = frame(a_clock((0, 5), stopped=5), *holders)
    assert rows["state"].tolist() == ["new", "open"]
    assert rows["elapsed_share"].tolist() == [0.0, 0.25]
    assert rows["reassignments"].tolist() == [0, 1]
    assert rows["team"].tolist() == ["group web", "group web"], "people are no queue"
    assert rows["metric"].tolist() == ["resolution", "resolution"]


def test_working_time_stands_still_while_the_clock_does():
    clock = a_clock((0, 2), (6, 9), stopped=9)
    worked = [
        worked_by(clock, CALENDARS, at=START + hour * HOUR) / HOUR for hour in (0, 1, 2, 4, 6, 7, 9, 20)
    ]
    assert worked == [0, 1, 2, 2, 2, 3, 5, 5]


def test_a_stretch_of_a_calendar_that_is_gone_is_spread_evenly():
    clock = replace(a_clock((0, 10), stopped=10), calendar="gone")
    clock = replace(clock, stretches=(replace(clock.stretches[0], calendar="gone", worked=5 * HOUR),))
    assert worked_by(clock, CALENDARS, at=START + 4 * HOUR) == 2 * HOUR
    assert not frame(clock)["breached"].any()


def test_a_service_counts_from_when_the_ticket_was_joined_to_its_incident():
    rows = frame(a_clock((0, 5), stopped=5), a_holder(3), service="checkout", service_since=START + 2 * HOUR)
    assert rows["service"].fillna("none").tolist() == ["none", "checkout"]


def test_open_promises_can_be_asked_about_now():
    now = START + 3 * HOUR
    rows = promise_rows([Promise(clock=a_clock(running=0))], CALENDARS, now=now, look_now=True)
    asked = rows[rows["at"] == now]
    assert asked["elapsed_share"].tolist() == [0.375]
    assert asked["breached"].isna().all()


def test_no_promises_make_an_empty_frame_with_all_columns():
    rows = promise_rows([], CALENDARS, now=LATER)
    assert rows.empty
    assert {*PROMISES.columns, PROMISES.label, PROMISES.settled_at} <= {*rows.columns}


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(1, 400), seed=st.integers(0, 5))
def test_nothing_that_comes_later_is_in_a_row(cut, seed):
    """What was known by a moment is the same in the whole history as in one that ended then."""
    last = START + 400 * HOUR
    now = START + cut * HOUR
    made = promises(60, first=START, last=last, seed=seed)
    columns = ["case", "at", *PROMISES.columns]
    whole = promise_rows(made, CALENDARS, now=LATER)
    then = promise_rows([_as_of(one, now) for one in made if one.clock.started_at < now], CALENDARS, now=now)
    whole = whole[(whole["at"] < now) & whole["is_open"]][columns].reset_index(drop=True)
    then = then[(then["at"] < now) & then["is_open"]][columns].reset_index(drop=True)
    assert (
        whole.astype(object).where(whole.notna(), None).equals(then.astype(object).where(then.notna(), None))
    )


def _as_of(promise, now):
    """As it stood then: a clock that was still running, and holders known by then."""
    holders = tuple(one for one in promise.holders if one.since < now)
    clock = promise.clock
    if clock.stopped_at >= now:
        clock = replace(clock, stopped_at=None, stretches=(), running_since=clock.started_at)
    return replace(promise, clock=clock, holders=holders)
