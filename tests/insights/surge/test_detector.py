"""Surges: found soon, told once, and not made by one person, by staff's batches or by the usual rush."""

import pickle
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.surge.detector import SurgeDetector, SurgeSettings
from insights.surge.voices import SurgeEvent

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
"""Six weeks after it the tests' surges begin."""
THEN = MONDAY + timedelta(weeks=6, hours=10)
MINUTE = timedelta(minutes=1)


def an_event(at=THEN, service="checkout", place="EU", **more):
    return SurgeEvent(at=at, keys={"service": service, "place": place}, **more)


def a_burst(count=8, every=2 * MINUTE, start=THEN, **more):
    return [an_event(start + number * every, **more) for number in range(count)]


def calm_weeks(seed=3):
    """Six weeks of two services in three places: some ten reports a day, as chance has them."""
    chance = random.Random(seed)
    at = MONDAY
    while True:
        at += timedelta(minutes=chance.expovariate(1 / 140))
        if at >= THEN:
            return
        yield an_event(at, chance.choice(["checkout", "search"]), chance.choice(["EU", "US", "ASIA"]))


def feed(detector, events):
    return [surge for event in events if (surge := detector.see(event)) is not None]


@pytest.fixture(scope="module")
def learnt():
    """Pickled once: each test gets its own."""
    detector = SurgeDetector()
    feed(detector, calm_weeks())
    return pickle.dumps(detector)


@pytest.fixture
def detector(learnt):
    return pickle.loads(learnt)  # noqa: S301 - we made it


@pytest.mark.parametrize("seed", range(3))
def test_calm_weeks_tell_nothing(seed):
    """Reports that come as chance has them make no surge."""
    assert feed(SurgeDetector(), calm_weeks(seed)) == []


def test_a_surge_is_told_early_and_once(detector):
    """Eight reports in a quarter of an hour, where two an hour are many: told by the sixth, and not again."""
    burst = a_burst()
    told = [detector.see(event) for event in burst]
    (surge,) = [each for each in told if each is not None]
    assert told.index(surge) <= 5
    assert surge.group in ((("service", "checkout"),), (("service", "checkout"), ("place", "EU")))
    assert surge.since == THEN
    assert surge.count == told.index(surge) + 1
    assert surge.expected < 0.5
    assert surge.score >= 5
    first, odds, *_ = surge.evidence
    assert first.startswith(f"{surge.count} reports of service checkout")
    assert first.endswith(f"are usual on a Monday at {burst[told.index(surge)].at:%H:%M}")
    assert odds.startswith("by chance, so many are seen once in ")


def test_an_open_surge_grows_until_it_is_over(detector):
    """Its count goes on; four hours after the last report too many it is over, and the next one is told anew."""
    feed(detector, a_burst(12))
    (growing,) = detector.open_surges()
    assert growing.count == 12
    assert growing.score > 10
    detector.see(an_event(THEN + timedelta(hours=5), "search"))
    assert detector.open_surges() == ()
    (again,) = feed(detector, a_burst(start=THEN + timedelta(hours=6)))
    assert again.since == THEN + timedelta(hours=6)


def test_a_surge_everywhere_is_one(detector):
    """Reports from all places are one surge of the service; no place is told again."""
    events = [
        an_event(THEN + number * MINUTE, place=("EU", "US", "ASIA")[number % 3]) for number in range(60)
    ]
    (surge,) = feed(detector, events)
    assert surge.group == (("service", "checkout"),)
    assert any(line.startswith("place: EU ") for line in surge.evidence)


def test_a_surge_in_one_place_hides_no_other(detector):
    """While one is open in Europe, one in Asia shows all the same."""
    (here,) = feed(detector, a_burst())
    (there,) = feed(detector, a_burst(place="ASIA", start=THEN + timedelta(minutes=30)))
    assert dict(here.group).get("place") == "EU"
    assert there.group == (("service", "checkout"), ("place", "ASIA"))


def test_nothing_is_told_while_all_is_new():
    """In the first two weeks nobody knows what is usual."""
    start = MONDAY + timedelta(days=13)
    assert feed(SurgeDetector(), [an_event(MONDAY), *a_burst(20, start=start)]) == []


def test_one_person_is_one_voice(detector):
    """Twenty reports of one customer are none; of twenty customers they are a surge."""
    assert feed(detector, a_burst(20, reporter="anna")) == []
    by_many = [replace(event, reporter=f"customer {n}") for n, event in enumerate(a_burst(20))]
    assert len(feed(detector, by_many)) == 1


@pytest.mark.parametrize(
    "batch",
    [
        a_burst(30, is_batch=True),
        a_burst(30, source="staff"),
        a_burst(30, every=20 * timedelta(seconds=1), entered_by="bob"),
        a_burst(30, every=3 * MINUTE, entered_by="bob"),
    ],
    ids=["said so", "staff's source", "faster than calls come", "in even intervals"],
)
def test_a_batch_entered_by_staff_is_no_surge(batch):
    """The very same reports without the sign of a batch are one."""
    detector = SurgeDetector(SurgeSettings(staff_sources=frozenset({"staff"})))
    feed(detector, calm_weeks())
    other = pickle.loads(pickle.dumps(detector))  # noqa: S301 - we made it
    assert feed(detector, batch) == []
    plain = [replace(event, is_batch=False, source="", entered_by=None) for event in batch]
    assert len(feed(other, plain)) == 1


def test_an_import_in_one_second_is_no_surge():
    """Of a hundred tickets of one second only the first five count; that many are no surge of a busy service."""
    detector = SurgeDetector(SurgeSettings(at_least=6))
    feed(detector, calm_weeks())
    assert feed(detector, a_burst(100, every=timedelta(0))) == []
    assert len(feed(detector, a_burst(100, every=timedelta(seconds=1), start=THEN + timedelta(hours=5)))) == 1


def test_an_agent_who_takes_call_after_call_is_no_batch(detector):
    """One author, but at a caller's pace: these are customers."""
    pauses = (1, 4, 2, 6, 3, 5, 2, 4)
    events = [an_event(THEN + sum(pauses[:n]) * MINUTE, entered_by="bob") for n in range(len(pauses))]
    assert len(feed(detector, events)) == 1


def test_the_usual_rush_is_no_surge():
    """Twelve reports each Monday at nine are usual then, and a surge on a Sunday night."""
    detector = SurgeDetector()
    rush = [a_burst(12, 4 * MINUTE, MONDAY + timedelta(weeks=week, hours=9)) for week in range(8)]
    daily = [[an_event(MONDAY + timedelta(days=day, hours=15))] for day in range(56)]
    events = sorted((event for events in rush + daily for event in events), key=lambda event: event.at)
    last_six = [surge for surge in feed(detector, events) if surge.since > MONDAY + timedelta(weeks=3)]
    assert last_six == []
    assert len(feed(detector, a_burst(12, 4 * MINUTE, MONDAY + timedelta(weeks=8, hours=-3)))) == 1


def test_a_storm_does_not_blind(detector):
    """Three thousand reports in an hour are no new normal: a week later twelve in that hour are a surge again."""
    assert len(feed(detector, a_burst(3000, timedelta(seconds=1)))) == 1
    assert len(feed(detector, a_burst(12, start=THEN + timedelta(weeks=1)))) == 1


@pytest.mark.parametrize("is_day_and_night", [True, False])
def test_what_stays_becomes_usual(detector, is_day_and_night):
    """Of thirty times as many reports the first are a surge; after some weeks they are neither new nor still open."""
    times = (THEN + number * 10 * MINUTE for number in range(8 * 7 * 144))
    told = feed(detector, [an_event(at) for at in times if is_day_and_night or 8 <= at.hour < 18])
    assert told[0].since < THEN + timedelta(hours=2)
    assert all(surge.since < THEN + timedelta(weeks=4) for surge in told)
    assert detector.open_surges() == ()


def test_hours_are_those_of_the_team():
    """When the clocks have changed, nine o'clock in Berlin is still the hour of the usual rush; in UTC it is not."""
    berlin = ZoneInfo("Europe/Berlin")
    expected = {}
    for zone in (berlin, UTC):
        detector = SurgeDetector(SurgeSettings(timezone=zone))
        mornings = [datetime(2026, 2, 2, 9, tzinfo=berlin) + timedelta(days=day) for day in range(56)]
        feed(detector, (event for day in mornings for event in a_burst(8, 5 * MINUTE, day.astimezone(UTC))))
        on_monday = datetime(2026, 3, 30, 9, tzinfo=berlin).astimezone(UTC)
        (surge,) = feed(detector, a_burst(120, MINUTE / 2, on_monday))
        expected[zone] = surge.expected
        assert f"usual on a Monday at {'09' if zone is berlin else '07'}:" in surge.evidence[0]
    assert expected[berlin] > 1.5 * expected[UTC]


def test_a_replay_gives_the_same_state(detector):
    """A detector fed again, or pickled half-way, tells what the first one tells."""
    again = SurgeDetector()
    feed(again, calm_weeks())
    assert feed(again, a_burst()) == feed(detector, a_burst())
    assert again.open_surges() == detector.open_surges()


def test_a_little_disorder_does_no_harm(detector):
    """Reports that come minutes late count; hours late they are learnt, and never told."""
    shuffled = a_burst(12)
    random.Random(1).shuffle(shuffled)
    assert len(feed(detector, shuffled)) == 1
    detector.see(an_event(THEN + timedelta(hours=9), "search"))
    assert feed(detector, a_burst(12, start=THEN + timedelta(hours=5))) == []


def test_a_bad_time_is_refused_and_changes_nothing(detector):
    """Without a zone, or from a year to come: the message says what to do, and the next surge is found."""
    with pytest.raises(ValueError, match="no time zone"):
        detector.see(an_event(THEN.replace(tzinfo=None)))
    with pytest.raises(ValueError, match="replay the last weeks"):
        detector.see(an_event(THEN + timedelta(days=3000)))
    assert len(feed(detector, a_burst())) == 1


def test_reports_without_a_service_are_passed_over(detector):
    """They cannot be counted anywhere, and do no harm."""
    assert (
        feed(detector, [SurgeEvent(at=THEN, keys=keys) for keys in ({}, {"place": "EU"}, {"service": ""})])
        == []
    )


@pytest.mark.parametrize("wrong", [{"groupings": ()}, {"groupings": ((),)}, {"windows": ()}])
def test_settings_without_groups_or_windows_are_refused(wrong):
    with pytest.raises(ValueError, match="SurgeSettings"):
        SurgeDetector(SurgeSettings(**wrong))


def test_what_is_long_gone_is_forgotten():
    """Thousands of places seen once do not stay for ever."""
    detector = SurgeDetector(SurgeSettings(half_life=timedelta(days=3)))
    start = MONDAY
    for week in range(10):
        for number in range(200):
            detector.see(an_event(start + number * timedelta(minutes=50), place=f"place {week} {number}"))
        start += timedelta(weeks=1)
    assert len(detector._recent) < 450
    assert len(detector._baseline._groups) < 2500


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(min_value=0, max_value=60 * 24 * 40),
            st.sampled_from(["checkout", "search", "\x00", "a" * 500]),
            st.sampled_from(["", "EU", "{{ x }}"]),
            st.sampled_from([None, "anna", "bob"]),
        ),
        max_size=80,
    )
)
def test_whatever_comes_in_whatever_order(reports):
    """Any texts and any disorder: no error, and a surge is never without enough reports or probability."""
    detector = SurgeDetector(SurgeSettings(learns_for=timedelta(0)))
    for minutes, service, place, reporter in reports:
        surge = detector.see(an_event(MONDAY + minutes * MINUTE, service, place, reporter=reporter))
        if surge is not None:
            assert surge.count >= 3
            assert surge.score >= 5
            assert 0 < surge.expected < surge.count
    assert all(surge.since >= MONDAY for surge in detector.open_surges())
