"""What starts, stops, restarts and pauses which clock: the table of `incidents.sla.events`, cell by cell."""

import pytest

from incidents.models import TicketStatus
from incidents.sla.clock import (
    ClockState,
    SlaMetric,
    due_at,
    elapsed,
    missed,
    next_moment,
)
from incidents.sla.events import SlaEvent
from tests.incidents.sla.builders import CALENDARS, a_promise, after, at, hours, newest, without

E, M, S = SlaEvent, SlaMetric, ClockState
METRICS = (M.FIRST_RESPONSE, M.NEXT_UPDATE, M.MITIGATION, M.RESOLUTION)
RUNS, STILL, DONE, GONE, NONE = S.RUNNING, S.PAUSED, S.STOPPED, S.WITHDRAWN, None


def opened(**changes):
    return after((), E.OPENED, 0, **changes)


def answered():
    """Answered after half an hour, so that updates are promised, too."""
    return after(opened(), E.AGENT_REPLY, 0.5)


def states(clocks):
    return tuple(clock.state if (clock := newest(clocks, metric)) else None for metric in METRICS)


@pytest.mark.parametrize(
    ("event", "from_opened", "from_answered"),
    [
        (E.SEEN, (RUNS, NONE, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
        (E.OPENED, (RUNS, NONE, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
        (E.CUSTOMER_MESSAGE, (RUNS, NONE, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
        (E.PRIVATE_NOTE, (RUNS, NONE, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
        (E.AGENT_REPLY, (DONE, RUNS, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
        (E.LIAISON_UPDATE, (RUNS, RUNS, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
        (E.ACKNOWLEDGED, (DONE, RUNS, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
        (E.MITIGATED, (RUNS, NONE, DONE, RUNS), (DONE, RUNS, DONE, RUNS)),
        (E.SOLVED, (DONE, NONE, DONE, DONE), (DONE, DONE, DONE, DONE)),
        (E.WITHDRAWN, (GONE, NONE, GONE, GONE), (DONE, GONE, GONE, GONE)),
        (E.REOPENED, (RUNS, NONE, RUNS, RUNS), (DONE, RUNS, RUNS, RUNS)),
    ],
)
def test_what_each_event_does(event, from_opened, from_answered):
    """Every cell of the table, before and after the first answer; the same event again changes nothing."""
    for clocks, expected in ((opened(), from_opened), (answered(), from_answered)):
        once = after(clocks, event, 1)
        assert states(once) == expected
        assert after(once, event, 1) == once


def test_the_table_has_every_event():
    """A new event needs a line here."""
    (parameters,) = (mark.args[1] for mark in test_what_each_event_does.pytestmark)
    assert {line[0] for line in parameters} == set(SlaEvent)


@pytest.mark.parametrize("event", [E.CUSTOMER_MESSAGE, E.PRIVATE_NOTE, E.SEEN, E.LIAISON_UPDATE, E.OPENED])
def test_what_does_not_restart_a_first_response(event):
    """Neither a customer's own note nor anything but a person's answer moves the promise of an answer."""
    clock = newest(after(opened(), event, 0.75), M.FIRST_RESPONSE)
    assert due_at(clock, CALENDARS) == at(1)


@pytest.mark.parametrize("event", [E.CUSTOMER_MESSAGE, E.PRIVATE_NOTE, E.SEEN, E.ACKNOWLEDGED, E.MITIGATED])
def test_what_does_not_restart_the_next_update(event):
    """Only what the customer can read."""
    clock = newest(after(answered(), event, 1), M.NEXT_UPDATE)
    assert (clock.round, due_at(clock, CALENDARS)) == (1, at(2.5))


@pytest.mark.parametrize("event", [E.AGENT_REPLY, E.LIAISON_UPDATE])
def test_each_public_update_starts_the_next_round(event):
    """The old round is kept as it ended, so that a promise that was broken stays so."""
    clocks = after(answered(), event, 3)
    rounds = [clock for clock in clocks if clock.metric is M.NEXT_UPDATE]
    assert [(clock.round, clock.state, due_at(clock, CALENDARS)) for clock in rounds] == [
        (1, DONE, at(2.5)),
        (2, RUNS, at(5)),
    ]
    assert [str(one.moment) for one in missed(rounds, CALENDARS, now=at(3))] == ["warn50", "warn75", "breach"]


def test_updates_that_come_late_or_twice_start_nothing():
    """Webhooks are neither in order nor single."""
    clocks = after(answered(), E.AGENT_REPLY, 3)
    assert after(clocks, E.AGENT_REPLY, 2, now=at(4)) == clocks
    assert after(clocks, E.AGENT_REPLY, 3, now=at(4)) == clocks


def test_a_policy_without_a_first_response_promises_updates_from_the_beginning():
    """There is no answer to wait for."""
    clock = newest(opened(terms=without(M.FIRST_RESPONSE)), M.NEXT_UPDATE)
    assert due_at(clock, CALENDARS) == at(2)


def test_a_policy_may_count_our_own_message_as_an_answer():
    """Then Liaison's progress message stops the first response."""
    terms = a_promise(liaison_answers=True)
    clocks = after(opened(terms=terms), E.LIAISON_UPDATE, 0.5, terms=terms)
    assert states(clocks) == (DONE, RUNS, RUNS, RUNS)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (TicketStatus.WAITING_FOR_CUSTOMER, (RUNS, NONE, STILL, STILL)),
        (TicketStatus.WAITING_FOR_VENDOR, (RUNS, NONE, RUNS, RUNS)),
        (TicketStatus.OPEN, (RUNS, NONE, RUNS, RUNS)),
        (None, (RUNS, NONE, RUNS, RUNS)),
    ],
)
def test_clocks_stand_still_in_the_states_their_policy_names(status, expected):
    """A first response never does: nobody can wait for a customer who was not answered."""
    assert states(after(opened(), E.SEEN, 1, status=status)) == expected


def test_time_in_a_waiting_state_does_not_count():
    """One hour worked, two waited for the customer, one for a vendor (which counts here)."""
    clocks = after(answered(), E.SEEN, 1, status=TicketStatus.WAITING_FOR_CUSTOMER)
    waiting = newest(clocks, M.RESOLUTION)
    assert (due_at(waiting, CALENDARS), next_moment(waiting, CALENDARS)) == (None, None)
    assert elapsed(waiting, CALENDARS, now=at(2.9)) == hours(1)
    clocks = after(clocks, E.SEEN, 3, status=TicketStatus.WAITING_FOR_VENDOR)
    clocks = after(clocks, E.CUSTOMER_MESSAGE, 4)
    assert elapsed(newest(clocks, M.RESOLUTION), CALENDARS, now=at(4)) == hours(2)
    assert due_at(newest(clocks, M.RESOLUTION), CALENDARS) == at(10)
    assert due_at(newest(clocks, M.NEXT_UPDATE), CALENDARS) == at(4.5)


def test_an_update_that_asks_the_customer_back_starts_a_round_that_stands_still():
    """Answer and status come in one webhook."""
    clocks = after(answered(), E.AGENT_REPLY, 1, status=TicketStatus.WAITING_FOR_CUSTOMER)
    assert newest(clocks, M.NEXT_UPDATE).state is STILL
    clocks = after(clocks, E.AGENT_REPLY, 5, status=TicketStatus.WAITING_FOR_CUSTOMER)
    clocks = after(clocks, E.CUSTOMER_MESSAGE, 6)
    clock = newest(clocks, M.NEXT_UPDATE)
    assert (clock.round, due_at(clock, CALENDARS)) == (3, at(8))


def test_a_policy_that_pauses_on_another_state_takes_effect_at_once():
    """The ticket waits for a vendor already when its policy changes to one that pauses on it, and back."""
    pauses = a_promise(pauses=frozenset({TicketStatus.WAITING_FOR_VENDOR}))
    vendor = TicketStatus.WAITING_FOR_VENDOR
    clocks = after(opened(), E.SEEN, 1, status=vendor)
    clocks = after(clocks, E.SEEN, 2, status=vendor, terms=pauses)
    clocks = after(clocks, E.SEEN, 5, status=vendor)
    assert due_at(newest(clocks, M.RESOLUTION), CALENDARS) == at(11)


def test_reopening_starts_a_new_generation():
    """All promises anew, from the reopening; what became of the old ones is kept."""
    solved = after(answered(), E.SOLVED, 3)
    clocks = after(solved, E.REOPENED, 30)
    assert clocks[: len(solved)] == solved
    assert [
        (clock.metric, clock.generation, due_at(clock, CALENDARS)) for clock in clocks[len(solved) :]
    ] == [
        (M.FIRST_RESPONSE, 2, at(31)),
        (M.MITIGATION, 2, at(34)),
        (M.RESOLUTION, 2, at(38)),
    ]
    assert len({clock.key for clock in clocks}) == len(clocks)
    again = after(after(clocks, E.AGENT_REPLY, 30.5), E.SOLVED, 31)
    assert newest(after(again, E.REOPENED, 40), M.RESOLUTION).generation == 3


def test_a_promise_that_no_policy_makes_is_counted_all_the_same():
    """Severity goes down and up again: the mitigation has waited all the time, less what was waited for."""
    less = without(M.MITIGATION)
    clocks = after(opened(), E.SEEN, 1, terms=less)
    unpromised = newest(clocks, M.MITIGATION)
    assert (due_at(unpromised, CALENDARS), next_moment(unpromised, CALENDARS)) == (None, None)
    clocks = after(clocks, E.SEEN, 2, terms=less, status=TicketStatus.WAITING_FOR_CUSTOMER)
    clocks = after(clocks, E.SEEN, 3, terms=less)
    assert due_at(newest(after(clocks, E.SEEN, 3.5), M.MITIGATION), CALENDARS) == at(5)
    done = after(after(clocks, E.MITIGATED, 3.2, terms=less), E.SEEN, 3.5)
    assert newest(done, M.MITIGATION).state is DONE


def test_updates_that_are_promised_in_mid_flight_begin_then():
    """Nobody could have kept a promise that was not made."""
    clocks = after(opened(terms=without(M.NEXT_UPDATE)), E.AGENT_REPLY, 0.5, terms=without(M.NEXT_UPDATE))
    assert newest(clocks, M.NEXT_UPDATE) is None
    assert due_at(newest(after(clocks, E.SEEN, 6), M.NEXT_UPDATE), CALENDARS) == at(8)


def test_without_any_policy_nothing_is_promised_and_nothing_is_lost():
    """A tier that was set wrongly for a while costs neither time nor promise."""
    clocks = opened()
    gone = after(clocks, E.SEEN, 0.25, terms=None)
    assert missed(gone, CALENDARS, now=at(100)) == ()
    assert due_at(newest(after(gone, E.SEEN, 0.5), M.RESOLUTION), CALENDARS) == at(8)
    answer = after(gone, E.AGENT_REPLY, 0.4, terms=None)
    assert newest(after(answer, E.SEEN, 0.5), M.FIRST_RESPONSE).state is DONE
    assert after((), E.OPENED, 0, terms=None) == ()
    again = after(after(after(clocks, E.SOLVED, 1), E.REOPENED, 2, terms=None), E.SEEN, 3)
    assert due_at(newest(again, M.RESOLUTION), CALENDARS) == at(10)
