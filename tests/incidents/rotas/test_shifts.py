"""Who has a rota when: by table across both clock changes, and for any rota by what its sources say at each instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.policy.calendars import WorkCalendar
from incidents.rotas.rota import Layer, Rota, Shift, Turn, holder, shifts, wall_time

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rota(*layers: Layer, zone: ZoneInfo = BERLIN, overrides: Sequence[Turn] = ()) -> Rota:
    return Rota(name="payments", title="Payments", zone=zone, layers=layers, overrides=tuple(overrides))


def layer(
    people: str, first: str, days: int = 7, *, hours: str = "", zone: str = "Europe/Berlin", until: str = ""
) -> Layer:
    calendar = None
    if hours:
        days_of, _, open_hours = hours.partition(" ")
        calendar = WorkCalendar(timezone=zone, hours={days_of: open_hours.split(",")}).calendar("hours")
    return Layer(
        people=tuple(people),
        first=datetime.fromisoformat(first),
        days=days,
        hours=calendar,
        until=datetime.fromisoformat(until) if until else None,
    )


def told(found: Sequence[Shift]) -> list[tuple[str, str, str | None]]:
    return [(f"{one.start:%m-%dT%H:%M}", f"{one.end:%m-%dT%H:%M}", one.person) for one in found]


@pytest.mark.parametrize(
    ("given_rota", "begin", "end", "expected"),
    [
        pytest.param(
            rota(layer("ab", "2026-03-02T09:00")),
            "2026-03-22T00:00",
            "2026-04-08T00:00",
            [
                ("03-22T00:00", "03-23T08:00", "a"),
                ("03-23T08:00", "03-30T07:00", "b"),
                ("03-30T07:00", "04-06T07:00", "a"),
                ("04-06T07:00", "04-08T00:00", "b"),
            ],
            id="spring, Monday 09:00 in Berlin: a turn of an hour less",
        ),
        pytest.param(
            rota(layer("ab", "2026-10-05T09:00")),
            "2026-10-19T08:00",
            "2026-11-03T00:00",
            [
                ("10-19T08:00", "10-26T08:00", "a"),
                ("10-26T08:00", "11-02T08:00", "b"),
                ("11-02T08:00", "11-03T00:00", "a"),
            ],
            id="autumn, Monday 09:00 in Berlin: a turn of an hour more",
        ),
        pytest.param(
            rota(layer("ab", "2026-03-01T09:00", 1, zone="America/New_York"), zone=NEW_YORK),
            "2026-03-07T14:00",
            "2026-03-09T13:00",
            [("03-07T14:00", "03-08T13:00", "a"), ("03-08T13:00", "03-09T13:00", "b")],
            id="spring in New York, three weeks before Berlin",
        ),
        pytest.param(
            rota(layer("ab", "2026-03-27T02:30", 1)),
            "2026-03-28T00:00",
            "2026-03-30T12:00",
            [
                ("03-28T00:00", "03-28T01:30", "a"),
                ("03-28T01:30", "03-29T01:00", "b"),
                ("03-29T01:00", "03-30T00:30", "a"),
                ("03-30T00:30", "03-30T12:00", "b"),
            ],
            id="a hand-over at a time that the clock skips is when it jumps",
        ),
        pytest.param(
            rota(layer("ab", "2026-10-24T02:30", 1)),
            "2026-10-24T00:30",
            "2026-10-26T01:30",
            [("10-24T00:30", "10-25T00:30", "a"), ("10-25T00:30", "10-26T01:30", "b")],
            id="a hand-over at a time that the clock shows twice is the first of them",
        ),
        pytest.param(
            rota(layer("a", "2026-03-02T09:00", hours="mon-sun 22:00-06:00")),
            "2026-03-28T12:00",
            "2026-03-30T12:00",
            [
                ("03-28T12:00", "03-28T21:00", None),
                ("03-28T21:00", "03-29T04:00", "a"),
                ("03-29T04:00", "03-29T20:00", None),
                ("03-29T20:00", "03-30T04:00", "a"),
                ("03-30T04:00", "03-30T12:00", None),
            ],
            id="a night of seven hours in spring",
        ),
        pytest.param(
            rota(layer("a", "2026-10-05T09:00", hours="mon-sun 22:00-06:00")),
            "2026-10-24T12:00",
            "2026-10-25T12:00",
            [
                ("10-24T12:00", "10-24T20:00", None),
                ("10-24T20:00", "10-25T05:00", "a"),
                ("10-25T05:00", "10-25T12:00", None),
            ],
            id="a night of nine hours in autumn",
        ),
        pytest.param(
            rota(
                layer("ab", "2026-11-02T09:00", hours="mon-fri 09:00-17:00"), layer("c", "2026-11-02T00:00")
            ),
            "2026-11-06T12:00",
            "2026-11-09T12:00",
            [
                ("11-06T12:00", "11-06T16:00", "a"),
                ("11-06T16:00", "11-09T08:00", "c"),
                ("11-09T08:00", "11-09T12:00", "b"),
            ],
            id="where the first layer has nobody, the second one has it",
        ),
        pytest.param(
            rota(
                layer("ab", "2026-12-21T09:00"),
                overrides=[
                    Turn(start=at("2026-12-24T17:00"), end=at("2026-12-26T08:00"), person="c"),
                    Turn(start=at("2026-12-26T08:00"), end=at("2026-12-27T08:00"), person="d"),
                ],
            ),
            "2026-12-24T00:00",
            "2026-12-28T09:00",
            [
                ("12-24T00:00", "12-24T17:00", "a"),
                ("12-24T17:00", "12-26T08:00", "c"),
                ("12-26T08:00", "12-27T08:00", "d"),
                ("12-27T08:00", "12-28T08:00", "a"),
                ("12-28T08:00", "12-28T09:00", "b"),
            ],
            id="overrides",
        ),
        pytest.param(
            rota(layer("ab", "2026-12-07T09:00")),
            "2026-12-06T00:00",
            "2026-12-08T00:00",
            [("12-06T00:00", "12-07T08:00", None), ("12-07T08:00", "12-08T00:00", "a")],
            id="nobody before the first hand-over",
        ),
        pytest.param(
            rota(layer("ab", "2026-12-07T09:00", until="2026-12-16T12:00"), layer("c", "2026-12-07T09:00")),
            "2026-12-13T00:00",
            "2026-12-18T00:00",
            [
                ("12-13T00:00", "12-14T08:00", "a"),
                ("12-14T08:00", "12-16T11:00", "b"),
                ("12-16T11:00", "12-18T00:00", "c"),
            ],
            id="a layer that ends, within a turn",
        ),
    ],
)
def test_shifts(given_rota: Rota, begin: str, end: str, expected: list[tuple[str, str, str | None]]):
    assert told(shifts(given_rota, at(begin), at(end))) == expected


def test_a_feed_comes_between_overrides_and_layers():
    """Of two of its turns at once the one that began later has it."""
    given_rota = rota(
        layer("a", "2026-11-02T00:00"),
        overrides=[Turn(start=at("2026-11-10T12:00"), end=at("2026-11-10T13:00"), person="o")],
    )
    feed = [
        Turn(start=at("2026-11-10T10:00"), end=at("2026-11-10T15:00"), person="f"),
        Turn(start=at("2026-11-10T14:00"), end=at("2026-11-10T16:00"), person="g"),
    ]
    found = shifts(given_rota, at("2026-11-10T09:00"), at("2026-11-10T17:00"), feed)
    assert [one.person for one in found] == ["a", "f", "o", "f", "g", "a"]
    assert [one.by for one in found] == ["layer 1", "feed", "override", "feed", "feed", "layer 1"]


def test_of_two_turns_at_once_the_later_one_has_it():
    """Somebody who steps in for an hour of a long turn, as calendars write it."""
    feed = [
        Turn(start=at("2026-11-10T10:00"), end=at("2026-11-10T15:00"), person="z"),
        Turn(start=at("2026-11-10T12:00"), end=at("2026-11-10T13:00"), person="a"),
    ]
    found = shifts(rota(), at("2026-11-10T10:00"), at("2026-11-10T15:00"), feed)
    assert [one.person for one in found] == ["z", "a", "z"]


def test_an_empty_window_has_no_shift():
    given_rota = rota(layer("a", "2026-11-02T00:00"))
    assert list(shifts(given_rota, at("2026-11-10T12:00"), at("2026-11-10T12:00"))) == []


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
    "America/St_Johns",
]
MINUTES = st.integers(0, 1439)


@st.composite
def rotas(draw: st.DrawFn) -> tuple[Rota, list[Turn]]:
    """Any rota around the year's clock changes, and the turns of its feed."""
    zone = draw(st.sampled_from(ZONES))
    start = at("2026-02-01T00:00") + timedelta(days=draw(st.integers(0, 300)))

    def turns(least_gap: int) -> list[Turn]:
        edges = sorted(draw(st.lists(st.integers(-500, 20_000), max_size=6, unique=True)))
        return [
            Turn(
                start=start + timedelta(minutes=low),
                end=start + timedelta(minutes=high),
                person=draw(st.sampled_from("xyz")),
            )
            for low, high in pairwise(edges)
            if high - low > least_gap
        ]

    layers = []
    for _ in range(draw(st.integers(0, 3))):
        minute = draw(MINUTES)
        first = (start - timedelta(days=draw(st.integers(-10, 40)))).replace(tzinfo=None)
        hours = draw(
            st.sampled_from(["", "mon-fri 09:00-17:00", "mon-sun 22:00-06:00", "sat-sun 00:00-24:00"])
        )
        first = first.replace(hour=minute // 60, minute=minute % 60)
        people = draw(st.text("abcd", min_size=1, max_size=4))
        days = draw(st.integers(1, 14))
        length = draw(st.one_of(st.none(), st.integers(1, 100_000)))
        until = "" if length is None else (first + timedelta(minutes=length)).isoformat()
        layers.append(layer(people, first.isoformat(), days, hours=hours, zone=zone, until=until))
    return rota(*layers, zone=ZoneInfo(zone), overrides=turns(0)), turns(300)


def has_ended(one: Layer, zone: ZoneInfo, moment: datetime) -> bool:
    if one.until is None:
        return False
    return wall_time(one.until.date(), one.until.hour * 60 + one.until.minute, zone) <= moment


def answer(given_rota: Rota, feed: Sequence[Turn], moment: datetime) -> str | None:
    """Who has it at one instant, source by source, by counting hand-overs that have been."""
    for turns in (given_rota.overrides, feed):
        for turn in turns:
            if turn.start <= moment < turn.end:
                return turn.person
    for one in given_rota.layers:
        if has_ended(one, given_rota.zone, moment):
            continue
        if one.hours is not None and not list(one.hours.spans(moment, moment + timedelta(seconds=1))):
            continue
        passed = -1
        while True:
            day = one.first.date() + timedelta(days=(passed + 1) * one.days)
            if wall_time(day, one.first.hour * 60 + one.first.minute, given_rota.zone) > moment:
                break
            passed += 1
        if passed >= 0:
            return one.people[passed % len(one.people)]
    return None


@given(rotas(), st.integers(0, 12_000))
def test_at_each_instant_exactly_the_sources_answer(given_one: tuple[Rota, list[Turn]], minute: int):
    given_rota, feed = given_one
    begin = at("2026-03-20T00:00") + timedelta(minutes=13 * minute)
    found = shifts(given_rota, begin, begin + timedelta(days=7), feed)
    assert sum((one.end - one.start for one in found), timedelta(0)) == timedelta(days=7)
    assert (found[0].start, found[-1].end) == (begin, begin + timedelta(days=7))
    for before, after in pairwise(found):
        assert before.end == after.start, "neither a hole nor two at once"
        assert (before.person, before.by) != (after.person, after.by), "one shift is told as one"
    for one in found:
        for moment in (one.start, one.start + (one.end - one.start) / 2, one.end - timedelta(seconds=1)):
            assert one.person == answer(given_rota, feed, moment)
            assert one.person == holder(given_rota, moment, feed).person


@pytest.mark.parametrize("zone", ZONES)
def test_a_wall_time_is_what_the_clock_shows(zone: str):
    """Every half hour of a year: the instant shows that time, or the clock skips it."""
    clock = ZoneInfo(zone)
    before = at("2025-12-30T00:00")
    for day in range(366):
        date = (at("2026-01-01T00:00") + timedelta(days=day)).date()
        for minute in range(0, 1440, 30):
            found = wall_time(date, minute, clock)
            shown = found.astimezone(clock)
            is_skipped = (shown.hour * 60 + shown.minute, shown.date()) != (minute, date)
            assert (
                not is_skipped
                or (found - timedelta(seconds=1)).astimezone(clock).utcoffset() != shown.utcoffset()
            )
            assert found >= before
            before = found
