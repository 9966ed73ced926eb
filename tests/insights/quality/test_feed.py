"""A connection's feed against its own past: what has gone missing, stale, strange or out of hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.learning import NotEnoughHistory, UnusableHistory
from insights.quality.feed import check_feed, learn_usual
from insights.quality.measures import (
    before,
    longest_silence,
    population_stability,
    rows_a_day,
    stability_by_chance,
    usual_volume,
)
from insights.quality.report import Check

NOW = datetime(2026, 3, 3, tzinfo=UTC)
"""A Tuesday, midnight."""
SINCE = NOW - timedelta(days=1)
COLUMNS = ("service", "tier", "subject")


def a_feed(days=28, until=SINCE, every=timedelta(minutes=30)):
    """A ticket each half an hour; a tenth have no tier."""
    rows = int(timedelta(days=days) / every)
    chance = np.random.default_rng(rows)
    return pd.DataFrame(
        {
            "created": [until - every * (rows - n) for n in range(rows)],
            "service": chance.choice(["checkout", "search"], rows),
            "tier": np.where(np.arange(rows) % 10 == 0, None, "gold"),
            "subject": [f"it does not work, {n}" for n in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def usual():
    return learn_usual(a_feed(), time="created", columns=COLUMNS)


def findings(recent, usual, **more):
    return check_feed(recent, usual, connection="zendesk/eu", since=SINCE, now=NOW, **more).findings


def test_what_is_usual_is_learnt(usual):
    assert usual.a_day == (48.0,) * 7
    assert usual.empty["tier"] == pytest.approx(0.1, abs=0.005)
    assert usual.values == {"service": {"checkout", "search"}, "tier": {"gold"}}
    assert usual.silence == timedelta(minutes=30)


TODAY = a_feed(1, NOW)


@pytest.mark.parametrize(
    ("recent", "found"),
    [
        (TODAY, []),
        (TODAY.iloc[:0], [(Check.VOLUME, "")]),
        (pd.DataFrame(), [(Check.VOLUME, ""), *((Check.COLUMNS, name) for name in COLUMNS)]),
        (TODAY.iloc[-9:], [(Check.VOLUME, "")]),
        (TODAY.iloc[-10:], []),
        (pd.concat([TODAY] * 5), [(Check.VOLUME, "")]),
        (pd.concat([TODAY] * 4), []),
        (TODAY.iloc[:-3], [(Check.FRESHNESS, "created")]),
        (TODAY.assign(created=lambda f: f["created"] + timedelta(hours=2)), [(Check.FRESHNESS, "created")]),
        (TODAY.assign(created="?"), [(Check.FRESHNESS, "created")]),
        (TODAY.drop(columns="tier"), [(Check.COLUMNS, "tier")]),
        (TODAY.assign(service=" "), [(Check.COMPLETENESS, "service")]),
        (TODAY.assign(tier=lambda f: f["tier"].where(f.index % 2 > 0, None)), [(Check.COMPLETENESS, "tier")]),
        (TODAY.assign(tier=lambda f: f["tier"].where(f.index % 4 > 0, None)), []),
        (TODAY.assign(service="shop"), [(Check.VALUES, "service")]),
        (TODAY.assign(service=lambda f: f["service"].where(f.index > 1, "shop")), []),
        (TODAY.assign(tier=7), [(Check.VALUES, "tier")]),
    ],
    ids=[
        "as usual",
        "nothing at all",
        "not even columns",
        "a fifth",
        "a little more than a fifth",
        "five times",
        "four times",
        "silent for two hours",
        "from the time to come",
        "no times",
        "a field is gone",
        "a field is blank",
        "half are empty",
        "a quarter are empty",
        "all renamed",
        "two new ones are no change",
        "numbers for names",
    ],
)
def test_each_change_is_found_and_nothing_else(recent, found, usual):
    assert [(one.check, one.column) for one in findings(recent, usual)] == found


HOLIDAY = frozenset({SINCE.date()})


@pytest.mark.parametrize(
    ("recent", "closed", "found"),
    [
        (TODAY.iloc[:0], HOLIDAY, []),
        (TODAY.iloc[:5], HOLIDAY, []),
        (TODAY.iloc[:0], (), [(Check.VOLUME, "")]),
        (TODAY.iloc[:0], {SINCE.date() - timedelta(days=1)}, [(Check.VOLUME, "")]),
        (pd.concat([TODAY] * 5), HOLIDAY, [(Check.VOLUME, "")]),
    ],
    ids=[
        "none on a holiday",
        "few on a holiday",
        "none on a working day",
        "it was yesterday",
        "a holiday's outage",
    ],
)
def test_holidays_are_quiet(recent, closed, found):
    """Fewer tickets, and a longer silence, are nothing to tell then; many are."""
    usual = learn_usual(a_feed(), time="created", columns=COLUMNS, closed=closed)
    assert [(one.check, one.column) for one in findings(recent, usual)] == found


def test_a_holiday_is_no_measure_of_its_weekday():
    """A closed Monday of four would make Mondays look a quarter quieter; and silence is counted without it."""
    quiet = NOW - timedelta(days=8)
    feed = a_feed()
    feed = feed[feed["created"].dt.date != quiet.date()]
    assert quiet.weekday() == 0
    assert learn_usual(feed, time="created", columns=COLUMNS).a_day[0] < 40
    assert learn_usual(feed, time="created", columns=COLUMNS, closed={quiet.date()}).a_day[0] == 48
    assert before(NOW, timedelta(hours=3), without={SINCE.date()}) == SINCE - timedelta(hours=3)
    assert before(NOW + timedelta(hours=1), timedelta(hours=3), without={SINCE.date()}) == (
        SINCE - timedelta(hours=2)
    )
    assert before(NOW, timedelta(days=2), without=()) == NOW - timedelta(days=2)


def test_a_percentage_is_of_what_was_compared(usual):
    """Where a field is empty nothing was compared: two of four, not two of forty-eight."""
    few = TODAY.assign(tier=[None] * 44 + ["gold", "brass", "brass", "brass"])
    told = {one.check: str(one) for one in findings(few, usual)}
    assert told[Check.VALUES].endswith("(3 of 4 rows)")
    assert told[Check.COMPLETENESS].endswith("(44 of 48 rows)")


@pytest.mark.parametrize(
    ("rows", "usually_empty", "is_found"),
    [(48, 0.1, True), (5, 0.2, True), (5, 0.3, False), (3, 0.0, True), (2, 0.0, False), (48, 0.97, False)],
)
def test_a_field_that_is_always_empty_fails(usual, rows, usually_empty, is_found):
    """Unless so few rows, that lack it so often, may all lack it by chance."""
    other = replace(usual, empty={"tier": usually_empty}, a_day=(0.0,) * 7)
    found = [one.check for one in findings(TODAY.iloc[-rows:].assign(tier=None), other)]
    assert (Check.COMPLETENESS in found) is is_found


def test_a_finding_names_the_connection(usual):
    """Whoever reads it has more than one."""
    told = [str(one) for one in findings(TODAY.iloc[:0], usual)]
    assert told[0].startswith("zendesk/eu usually sends about 48 tickets in this time")
    assert told[0].endswith("(seen: 0)")


def test_a_quiet_feed_may_be_silent():
    """Where three tickets a day are usual, a day without any says nothing."""
    usual = learn_usual(a_feed(56, every=timedelta(hours=8)), time="created", columns=COLUMNS)
    empty = a_feed(1).iloc[:0]
    assert findings(empty, usual) == ()


def test_the_page_is_there_for_who_asks(usual):
    report = check_feed(TODAY, usual, connection="zendesk/eu", since=SINCE, now=NOW, with_html=True)
    assert report.html is not None
    assert "tier" in report.html


def test_too_little_or_unusable_history_is_told():
    """The message says how much there is, how much is needed, or which column is missing."""
    with pytest.raises(NotEnoughHistory, match=r"48 rows with a time over 0 days; 50 over 7 days are needed"):
        learn_usual(a_feed(1), time="created", columns=COLUMNS)
    with pytest.raises(NotEnoughHistory, match="0 rows"):
        learn_usual(a_feed().iloc[:0], time="created", columns=COLUMNS)
    with pytest.raises(UnusableHistory, match="lacks the columns nosuch"):
        learn_usual(a_feed(), time="created", columns=("nosuch",))


def test_the_stability_index_against_the_formula():
    """(0.5 - 0.2) ln(0.5 / 0.2) + (0.5 - 0.8) ln(0.5 / 0.8) = 0.4159; equal samples have none."""
    before = pd.Series(["a"] * 2_000 + ["b"] * 8_000)
    after = pd.Series(["a"] * 5_000 + ["b"] * 5_000)
    assert population_stability(before, after) == pytest.approx(0.4159, abs=0.001)
    assert population_stability(before, before) == 0


def test_chance_reaches_its_bound_once_in_a_thousand_times():
    """Of 200 pairs of samples from one distribution, a few at most are beyond it."""
    chance = np.random.default_rng(1)
    beyond = 0
    for _ in range(200):
        one, other = (pd.Series(chance.integers(0, 6, size)) for size in (300, 100))
        beyond += population_stability(one, other) > stability_by_chance(one, other)
    assert beyond <= 3


def test_volumes_and_silences_by_hand():
    """Ten on Mondays and none else: two and a half days from Sunday noon hold ten."""
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    assert (
        usual_volume((10, 0, 0, 0, 0, 0, 0), monday - timedelta(hours=12), monday + timedelta(days=2)) == 10
    )
    assert usual_volume((10, 0, 0, 0, 0, 0, 0), monday, monday + timedelta(hours=6)) == 2.5
    times = pd.Series([monday, monday + timedelta(hours=5), monday + timedelta(days=7)])
    assert rows_a_day(times) == (1.5, 0, 0, 0, 0, 0, 0)
    assert longest_silence(times) == timedelta(days=6, hours=19)
    assert longest_silence(times.iloc[:1]) == timedelta(0)


ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.datetimes(),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(*[ANYTHING] * 4), max_size=9))
def test_whatever_a_feed_sends(usual, rows):
    """Mixed kinds and lists, too few for the day: a finding, never an error."""
    recent = pd.DataFrame(rows, columns=["created", *COLUMNS], dtype=object)
    assert Check.VOLUME in [finding.check for finding in findings(recent, usual)]
