"""A clock through any sequence of changes, against a model that counts each minute as it passes."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from incidents.models import IncidentRef
from incidents.sla import moves as sla_moves
from incidents.sla.clock import (
    BREACH,
    ClockState,
    Moment,
    SlaMetric,
    elapsed,
    missed,
    next_moment,
    tell,
)
from tests.incidents.sla.builders import CALENDARS, START, a_promise

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
METRIC = SlaMetric.NEXT_UPDATE
WARNINGS = (Moment(500), Moment(750), Moment(900))

some_time = st.sampled_from([1, 7, 30, 90, 240, 1000, 4000])
targets = st.sampled_from([20, 60, 240, 480, 1440])  # minutes of which every warning is a whole one
CLOSED = {(4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (6, 4)}
"""Bavaria's holidays on working days from April to June 2026."""

offices = st.sampled_from(["always", "office"])


def is_worked(calendar, at):
    """What the wall shows, and the wall calendar."""
    there = at.astimezone(BERLIN)
    if calendar == "always":
        return True
    minute = there.hour * 60 + there.minute
    if there.weekday() > 4 or (there.month, there.day) in CLOSED:
        return False
    return 540 <= minute < 750 or 810 <= minute < 1080


class ClockMachine(RuleBasedStateMachine):
    """The model: a count of minutes, whether it runs, and the longest target each moment was told under."""

    @initialize(promised=targets, calendar=offices)
    def begin(self, promised, calendar):
        self.now = START
        self.target, self.calendar = promised, calendar
        self.is_running, self.is_over = True, False
        self.worked = 0
        self.told = {}
        self.marks = set()
        self.clock = sla_moves.start(IncidentRef(number=7), METRIC, self.terms(), at=self.now, now=self.now)

    def terms(self):
        return a_promise(
            calendar=self.calendar, targets={METRIC: self.target * MINUTE}, warnings=WARNINGS, policy="model"
        )

    def reached(self):
        """By the model: the moments whose time was counted and that were not told for this target or a longer one."""
        return [
            moment
            for moment in (*WARNINGS, BREACH)
            if self.worked * 1000 >= self.target * moment.per_mille and self.told.get(moment, 0) < self.target
        ]

    @rule(minutes=some_time)
    def time_passes(self, minutes):
        for _ in range(minutes):
            if self.is_running and not self.is_over and is_worked(self.calendar, self.now):
                self.worked += 1
            self.now += MINUTE

    @rule()
    def wait_for_the_customer(self):
        self.clock = sla_moves.pause(self.clock, CALENDARS, "waiting_for_customer", at=self.now, now=self.now)
        self.is_running = False

    @rule()
    def go_on(self):
        self.clock = sla_moves.resume(self.clock, at=self.now, now=self.now)
        self.is_running = True

    @rule(promised=targets, calendar=offices)
    def promise_something_else(self, promised, calendar):
        if not self.is_over:
            self.target, self.calendar = promised, calendar
        self.clock = sla_moves.retarget(self.clock, CALENDARS, self.terms(), now=self.now)

    @precondition(lambda self: self.now > self.clock.started_at and not self.is_over)
    @rule()
    def update_publicly(self):
        old, self.clock = sla_moves.restart(self.clock, CALENDARS, at=self.now, now=self.now)
        assert [one.moment for one in missed([old], CALENDARS, now=self.now)] == self.reached()
        assert elapsed(old, CALENDARS, now=self.now) == self.worked * MINUTE
        self.worked, self.told = 0, {}

    @rule(hours_off=st.sampled_from([0, 0, -2, 2]))
    def sweep(self, hours_off):
        """By a clock that may be two hours off; nothing is ever told twice."""
        now = self.now + timedelta(hours=hours_off)
        found = missed([self.clock], CALENDARS, now=now)
        for one in found:
            mark = self.clock.mark(one.moment)
            assert mark not in self.marks
            self.marks.add(mark)
            self.told[one.moment] = self.target
        self.clock = tell(self.clock, [one.moment for one in found], now=now)
        assert missed([self.clock], CALENDARS, now=now) == ()

    @precondition(lambda self: self.worked > 0)
    @rule()
    def solve(self):
        self.clock = sla_moves.stop(self.clock, CALENDARS, at=self.now, now=self.now)
        self.is_over = True

    @invariant()
    def the_same_time_has_gone(self):
        assert elapsed(self.clock, CALENDARS, now=self.now) == self.worked * MINUTE

    @invariant()
    def the_same_moments_are_due(self):
        found = missed([self.clock], CALENDARS, now=self.now)
        assert [one.moment for one in found] == self.reached()
        assert sorted(one.at for one in found) == [one.at for one in found]
        following = next_moment(self.clock, CALENDARS)
        assert (following is not None and following[0] <= self.now) == bool(found)
        if found:
            assert following == (found[0].at, found[0].moment)

    @invariant()
    def it_is_in_one_state(self):
        expected = ClockState.RUNNING if self.is_running else ClockState.PAUSED
        assert self.clock.state is (ClockState.STOPPED if self.is_over else expected)


TestClockModel = ClockMachine.TestCase
TestClockModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
