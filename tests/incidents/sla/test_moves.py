"""One clock: elapsed time is kept through every change, times that jump do no harm, moments are told once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from incidents.models import IncidentRef
from incidents.sla import moves as sla_moves
from incidents.sla.calendars import Calendar
from incidents.sla.clock import (
    BREACH,
    ClockState,
    Moment,
    SlaMetric,
    due_at,
    elapsed,
    missed,
    next_moment,
    reached_at,
    tell,
)
from tests.incidents.sla.builders import CALENDARS, OFFICE, START, a_promise, at, hours

M = SlaMetric
HALF, THREE_QUARTERS = Moment(500), Moment(750)


def started(**changes):
    """A resolution of eight hours around the clock, unless the terms say otherwise."""
    return sla_moves.start(IncidentRef(number=7), M.RESOLUTION, a_promise(**changes), at=START, now=START)


def resolution(number, **changes):
    return a_promise(targets={M.RESOLUTION: hours(number)}, **changes)


def paused(clock, hour):
    return sla_moves.pause(clock, CALENDARS, "waiting_for_customer", at=at(hour), now=at(hour))


def resumed(clock, hour):
    return sla_moves.resume(clock, at=at(hour), now=at(hour))


def stopped(clock, hour):
    return sla_moves.stop(clock, CALENDARS, at=at(hour), now=at(hour))


def retargeted(clock, hour, terms):
    return sla_moves.retarget(clock, CALENDARS, terms, now=at(hour))


def names(clock, hour):
    """The moments to be told then, and when they came, in hours."""
    found = missed([clock], CALENDARS, now=at(hour))
    return [(str(one.moment), (one.at - START) / hours(1)) for one in found]


def swept(clock, hour):
    """The clock after a sweep, and what the sweep told."""
    found = missed([clock], CALENDARS, now=at(hour))
    return tell(clock, [one.moment for one in found], now=at(hour)), [str(one.moment) for one in found]


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(0, []), (3.99, []), (4, ["warn50"]), (7, ["warn50", "warn75"]), (8, ["warn50", "warn75", "breach"])],
)
def test_moments_come_in_order(hour, expected):
    """Each at its very second."""
    assert [name for name, _ in names(started(), hour)] == expected


def test_each_moment_is_told_once():
    """Swept every quarter of an hour, and twice."""
    clock, told = started(), []
    for quarter in range(60):
        for _ in range(2):
            clock, now_told = swept(clock, quarter / 4)
            told += [(quarter / 4, name) for name in now_told]
    assert told == [(4, "warn50"), (6, "warn75"), (8, "breach")]
    assert next_moment(clock, CALENDARS) is None


def test_a_late_sweep_gets_every_missed_moment_in_order():
    """With the time at which each came, over several clocks."""
    one = started()
    other = replace(sla_moves.start(IncidentRef(number=8), M.MITIGATION, a_promise(), at=at(3), now=at(3)))
    found = missed([one, other], CALENDARS, now=at(100))
    assert [(str(item.clock.subject), str(item.moment), item.at) for item in found] == [
        ("INC-7", "warn50", at(4)),
        ("INC-8", "warn50", at(5)),
        ("INC-7", "warn75", at(6)),
        ("INC-8", "warn75", at(6)),
        ("INC-8", "breach", at(7)),
        ("INC-7", "breach", at(8)),
    ]


def test_a_clock_that_jumps_two_hours_back_and_forth_tells_nothing_twice():
    """Forward: told too early. Back: not told again."""
    clock, told = started(), []
    for hour in (3, 5, 3, 5, 4, 6, 8, 6, 8, 10, 8, 9):
        clock, now_told = swept(clock, hour)
        told += now_told
    assert told == ["warn50", "warn75", "breach"]


def test_time_that_jumps_back_takes_nothing_back_and_counts_nothing_twice():
    """Paused at four, then resumed, paused, resumed "at two": between two and four it was counted already."""
    clock = resumed(paused(started(), 4), 2)
    assert clock.running_since == at(4)
    clock = paused(clock, 3)
    assert clock.worked == hours(4)
    assert elapsed(resumed(clock, 3), CALENDARS, now=at(5)) == hours(5)
    assert elapsed(started(), CALENDARS, now=at(-2)) == hours(0)


def test_a_ticket_opened_in_the_future_starts_when_we_see_it():
    """A source's clock may be ahead, by minutes or a century; no event happens after it was seen."""
    future = datetime(2126, 1, 1, tzinfo=UTC)
    clock = sla_moves.start(IncidentRef(number=7), M.RESOLUTION, a_promise(), at=future, now=START)
    assert (clock.started_at, due_at(clock, CALENDARS)) == (START, at(8))
    clock = sla_moves.pause(clock, CALENDARS, "waiting_for_customer", at=future, now=at(1))
    clock = sla_moves.resume(clock, at=future, now=at(2))
    clock = sla_moves.stop(clock, CALENDARS, at=future, now=at(3))
    assert (clock.worked, clock.stopped_at) == (hours(2), at(3))


def test_seconds_are_whole():
    """So that a sum is one that a person can check."""
    ragged = START + timedelta(microseconds=987_654)
    clock = sla_moves.start(IncidentRef(number=7), M.RESOLUTION, a_promise(), at=ragged, now=ragged)
    assert clock.started_at == START


def test_pauses_come_off():
    """Four hours counted in three stretches."""
    clock = paused(started(), 1)
    assert clock.state is ClockState.PAUSED
    clock = paused(resumed(clock, 2), 4)
    clock = resumed(clock, 10)
    assert clock.worked == hours(3)
    assert due_at(clock, CALENDARS) == at(15)
    assert [(str(moment), reached_at(clock, moment, CALENDARS)) for moment in clock.moments] == [
        ("warn50", at(11)),
        ("warn75", at(13)),
        ("breach", at(15)),
    ]


def test_a_moment_that_came_before_a_pause_is_told_after_it():
    """With the time at which it came; what did not come does not come while the clock stands still."""
    clock = paused(started(), 5)
    assert names(clock, 100) == [("warn50", 4)]
    assert next_moment(clock, CALENDARS) == (at(4), HALF)


def test_pausing_without_time_between_leaves_no_trace():
    """A webhook with several changes at one instant."""
    clock = paused(resumed(paused(started(), 0), 0), 0)
    assert clock.stretches == ()
    assert (clock.state, clock.worked) == (ClockState.PAUSED, hours(0))


def test_a_clock_that_was_stopped_in_time_has_no_further_moments():
    """Those that came before can still be told; nothing starts it again."""
    clock = stopped(started(), 5)
    assert names(clock, 100) == [("warn50", 4)]
    assert due_at(clock, CALENDARS) is None
    assert elapsed(clock, CALENDARS, now=at(100)) == hours(5)
    for same in (resumed(clock, 6), paused(clock, 6), stopped(clock, 6), retargeted(clock, 6, resolution(1))):
        assert same == clock


def test_a_clock_that_was_stopped_too_late_stays_late():
    """The breach is told even if nobody swept before it was solved; at the very second is late, too."""
    assert names(stopped(started(), 9), 100)[-1] == ("breach", 8)
    assert names(stopped(started(), 8), 100)[-1] == ("breach", 8)
    just = sla_moves.stop(started(), CALENDARS, at=at(8) - timedelta(seconds=1), now=at(9))
    assert names(just, 100)[-1] == ("warn75", 6)


def test_what_was_withdrawn_says_nothing_more():
    """Merged or spam: not even what came before."""
    clock = sla_moves.withdraw(started(), CALENDARS, at=at(100), now=at(100))
    assert (clock.state, names(clock, 200), due_at(clock, CALENDARS)) == (ClockState.WITHDRAWN, [], None)


def test_a_new_target_keeps_the_time_that_has_gone():
    """Severity goes up after five hours of eight: of four hours none is left, and it was due after four."""
    clock = retargeted(started(), 5, resolution(4))
    assert elapsed(clock, CALENDARS, now=at(5)) == hours(5)
    assert names(clock, 5) == [("warn50", 2), ("warn75", 3), ("breach", 4)]
    longer = retargeted(started(), 5, resolution(24))
    assert due_at(longer, CALENDARS) == at(24)


def test_a_new_calendar_counts_from_now_on():
    """Two hours around the clock, then six by the office, which closes for lunch and for the night."""
    clock = retargeted(started(), 2, resolution(8, calendar="office"))  # 12:00 in Berlin
    assert clock.worked == hours(2)
    assert due_at(clock, CALENDARS) == datetime(2026, 3, 31, 8, 0, tzinfo=UTC)  # 0:30, 4:30, 1:00
    back = retargeted(clock, 100, resolution(8))
    assert due_at(back, CALENDARS) == datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
    assert back.worked == hours(2) + OFFICE.working_time(at(2), at(100))


def test_a_new_policy_with_the_same_calendar_closes_no_stretch():
    """Nothing to see in the explanation but the new name."""
    clock = retargeted(started(), 2, resolution(8, policy="silver"))
    assert (clock.policy, clock.stretches, clock.running_since) == ("silver", (), START)


@pytest.mark.parametrize("clock", [started(), paused(started(), 1)])
def test_new_terms_while_paused_or_running_can_go_to_and_fro(clock):
    """Back to the old terms is as it was; the same terms again change nothing."""
    other = resolution(3, policy="silver")
    assert retargeted(retargeted(clock, 2, other), 2, a_promise()) == clock
    assert retargeted(clock, 2, a_promise()) == clock


def test_what_was_told_is_not_told_again_for_a_shorter_target_nor_when_it_comes_back():
    """Breached at four hours; with eight all but half is still to come, each once; back at four nothing is."""
    four, eight = resolution(4), resolution(8)
    clock, told = swept(retargeted(started(), 0, four), 5)
    assert told == ["warn50", "warn75", "breach"]
    clock, told = swept(retargeted(clock, 5, eight), 5)
    assert told == ["warn50"]  # four of eight hours: it is true again, and about another promise
    clock, told = swept(retargeted(clock, 5, four), 5)
    assert told == []
    clock, told = swept(retargeted(clock, 5, eight), 20)
    assert told == ["warn75", "breach"]
    clock, told = swept(retargeted(clock, 20, four), 20)
    assert told == []


def test_every_telling_has_a_key_of_its_own():
    """What is sent because of a moment is sent once, whichever target it was told under."""
    short, long = retargeted(started(), 0, resolution(4)), started()
    marks = [clock.mark(moment) for clock in (short, long) for moment in clock.moments]
    assert marks[-1] == "sla:INC-7:resolution:g1r1:breach:28800s"
    assert len(set(marks)) == len(marks)


def test_an_empty_calendar_is_never_due():
    """And nothing is told."""
    calendars = {"empty": Calendar(name="empty", week=((),) * 7)}
    clock = started(calendar="empty")
    assert due_at(clock, calendars) is None
    assert missed([clock], calendars, now=at(10_000)) == ()


def test_a_calendar_that_left_the_policy_does_no_harm():
    """Nothing comes until new terms do; then the stretch that ran is counted by their calendar."""
    clock = started(calendar="gone")
    assert due_at(clock, CALENDARS) is None
    assert elapsed(clock, CALENDARS, now=at(5)) == hours(0)
    clock = retargeted(clock, 5, a_promise())
    assert (elapsed(clock, CALENDARS, now=at(5)), due_at(clock, CALENDARS)) == (hours(5), at(8))


def test_a_moment_in_a_stretch_whose_calendar_is_gone_came_at_its_end_at_the_latest():
    """Its working time is known, its hours are not."""
    clock = paused(started(calendar="office"), 6)
    calendars = {"always": CALENDARS["always"]}
    assert reached_at(clock, HALF, CALENDARS) == at(5)  # an hour of lunch in between
    assert reached_at(clock, HALF, calendars) == at(6)


def test_a_ticket_that_goes_back_and_forth_for_ever_stays_small():
    """The oldest stretches are added up; not a second is lost."""
    clock = started()
    for number in range(500):
        clock = resumed(paused(clock, number + 0.5), number + 1)
    assert len(clock.stretches) == sla_moves.MAX_STRETCHES
    assert clock.worked == hours(250)
    assert sum(stretch.count for stretch in clock.stretches) == 500
    assert reached_at(clock, BREACH, CALENDARS) is not None


@pytest.mark.parametrize("target", [timedelta(0), hours(-8)])
def test_a_target_that_was_over_before_it_began_is_due_at_once(target):
    """A source's own target time may lie before the time of opening."""
    clock = started(targets={M.RESOLUTION: target})
    assert due_at(clock, CALENDARS) == START
    assert names(clock, 0)[-1] == ("breach", 0)


def test_what_nobody_promised_needs_no_new_round():
    """It is counted from the last update, in one clock."""
    clock = started(targets={})
    (again,) = sla_moves.restart(clock, CALENDARS, at=at(2), now=at(2))
    assert (again.round, elapsed(again, CALENDARS, now=at(3))) == (1, hours(1))
    assert tell(again, [BREACH], now=at(3)) == again


@pytest.mark.parametrize(
    ("moment", "name"),
    [(Moment(500), "warn50"), (Moment(875), "warn87.5"), (Moment(1), "warn0.1"), (BREACH, "breach")],
)
def test_moments_are_written_and_read(moment, name):
    """As the store keeps them."""
    assert str(moment) == name
    assert Moment.parse(name) == moment


def test_every_moment_survives_being_written():
    """All thousand of them."""
    assert all(Moment.parse(str(Moment(number))) == Moment(number) for number in range(1, 1001))


@pytest.mark.parametrize("per_mille", [0, -1, 1001])
def test_there_is_no_moment_before_the_start_or_after_the_end(per_mille):
    """A part of the time is more than nothing and not more than all."""
    with pytest.raises(ValueError, match="thousandths"):
        Moment(per_mille)
