"""Echo, accepted or refused: by what came in, what we wrote and whose field it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.decisions.written.judging import (
    AT_ONCE,
    FieldOwner,
    Incoming,
    Judgement,
    is_our_doing,
    is_overtaken,
    judge_state,
    judge_words,
)
from incidents.effects import StatusChange, Written, WrittenField, value_hash
from incidents.models import TicketStatus
from tests.incidents.builders import NOW, a_ticket

SECOND = timedelta(seconds=1)
ECHO, ACCEPTED, REFUSED = Judgement
THE_TOOL, LIAISON, THE_NEWER = FieldOwner


def wrote(
    value: str = "solved",
    *,
    at: int = 0,
    until: int | None = 1,
    version: int | None = None,
    is_sending: bool = False,
) -> Written:
    """A write of ours, so many seconds after noon."""
    return Written(
        connection="zendesk/support",
        object="7",
        field=WrittenField.TICKET_STATUS,
        hash=value_hash(value),
        at=NOW + at * SECOND,
        until=None if until is None else NOW + until * SECOND,
        version=version,
        is_sending=is_sending,
    )


def told(value: str, *, at: int = 0, version: int | None = None, by_us: bool = False) -> Incoming:
    return Incoming(hash=value_hash(value), at=NOW + at * SECOND, version=version, by_us=by_us)


@pytest.mark.parametrize(
    ("incoming", "known", "written", "expected"),
    [
        pytest.param(told("open"), None, [], ACCEPTED, id="we never wrote it"),
        pytest.param(told("solved", at=1), told("open", at=-60), [wrote()], ECHO, id="the echo"),
        pytest.param(told("solved"), told("open", at=-60), [wrote(until=None)], ECHO, id="before our call returns"),
        pytest.param(told("solved", at=900), told("solved"), [wrote()], ECHO, id="the echo, a quarter of an hour late"),
        pytest.param(told("open", at=30), told("solved"), [wrote()], ACCEPTED, id="opened after our write"),
        pytest.param(told("open", at=1), told("solved"), [wrote()], ACCEPTED, id="opened in the second of our write"),
        pytest.param(told("open", at=-60), told("solved"), [wrote()], ECHO, id="read before our write"),
        pytest.param(
            told("open", at=-60), told("solved"), [wrote(until=None)], ACCEPTED, id="our write may not have been done"
        ),
        pytest.param(
            told("solved", at=60), told("open", at=30), [wrote()], ACCEPTED, id="opened and solved again by an agent"
        ),
        pytest.param(
            told("solved", at=60), told("open", at=30), [wrote(), wrote(at=50, until=51)], ECHO, id="solved again by us"
        ),
        pytest.param(
            told("open", at=5, version=3), told("solved"), [wrote(version=4)], ECHO, id="older by its version"
        ),
        pytest.param(
            told("open", at=-5, version=5), told("solved"), [wrote(version=4)], ACCEPTED, id="newer by its version"
        ),
        pytest.param(
            told("solved", at=9, version=9), told("open", at=-9, version=8), [wrote(version=4)], ACCEPTED,
            id="another's by its version",
        ),
    ],
)  # fmt: skip
def test_a_state(incoming, known, written, expected):
    """The tool's own field: what is neither our echo nor old is a change."""
    assert judge_state(incoming, known, written, THE_TOOL) is expected


@pytest.mark.parametrize("incoming", [told("solved", at=1), told("open", at=-60)])
@pytest.mark.parametrize("owner", FieldOwner)
def test_an_echo_is_one_whoever_owns_the_field(incoming, owner):
    assert judge_state(incoming, told("open", at=-60), [wrote()], owner) is ECHO


@pytest.mark.parametrize(
    ("owner", "at", "expected"),
    [
        (THE_TOOL, 30, ACCEPTED),
        (LIAISON, 30, REFUSED),
        (THE_NEWER, 30, ACCEPTED),
        (THE_NEWER, 0, ACCEPTED),
        (THE_NEWER, -1, REFUSED),
        (THE_TOOL, -1, ACCEPTED),
    ],
)
def test_a_change_is_its_owners_to_make(owner, at, expected):
    """What came a second before our write may be an agent's who did not see it: only the policy says who wins."""
    assert judge_state(told("open", at=at), told("solved"), [wrote()], owner) is expected


HALF = timedelta(milliseconds=500)


@pytest.mark.parametrize(
    ("incoming", "written", "expected"),
    [
        pytest.param(told("open", version=5), wrote(version=4), ACCEPTED, id="the newer version"),
        pytest.param(
            told("open", at=9, version=3), wrote(version=4), ECHO, id="the older version, whatever the time"
        ),
        pytest.param(
            told("open", at=-9, version=4), wrote(version=4), ACCEPTED, id="one version: a person's word"
        ),
        pytest.param(
            told("open"),
            replace(wrote(), at=NOW + HALF),
            ACCEPTED,
            id="one second, told whole: a person's word",
        ),
        pytest.param(told("open", at=-1), replace(wrote(), at=NOW + HALF), REFUSED, id="a second before"),
        pytest.param(told("open", at=-60), wrote(), ECHO, id="long before: old, and no change"),
        pytest.param(
            told("open", at=-60), wrote(until=None), REFUSED, id="before a write that may have been done"
        ),
    ],
)
def test_the_newer_of_two(incoming, written, expected):
    """By the vendor's version, else by the time; what nobody can order is the person's."""
    assert judge_state(incoming, told("solved"), [written], THE_NEWER) is expected


@given(
    at=st.integers(-7200, 7200),
    versions=st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
    until=st.none() | st.integers(0, 60),
    owner=st.sampled_from(FieldOwner),
)
def test_of_two_that_differ_one_stands(at, versions, until, owner):
    """Whatever the times: a later change stands unless it is ours to refuse, an earlier one never does where the newer
    counts; and no judgement depends on anything but these two."""
    theirs, ours = versions or (None, None)
    found = judge_state(
        told("open", at=at, version=theirs), told("solved"), [wrote(until=until, version=ours)], owner
    )
    is_later = at >= 0 if versions is None else theirs >= ours
    if is_later:
        assert found is (REFUSED if owner is LIAISON else ACCEPTED)
    elif owner is THE_NEWER:
        assert found is not ACCEPTED


SOLVED, OPEN, PENDING, ON_HOLD = (
    TicketStatus.SOLVED,
    TicketStatus.OPEN,
    TicketStatus.WAITING_FOR_CUSTOMER,
    TicketStatus.WAITING_FOR_VENDOR,
)


@pytest.mark.parametrize(
    ("instead_of", "there", "owner", "expected"),
    [
        (OPEN, OPEN, THE_NEWER, False),
        (OPEN, SOLVED, THE_NEWER, False),
        (OPEN, PENDING, THE_NEWER, True),
        (PENDING, ON_HOLD, THE_NEWER, True),
        (OPEN, TicketStatus.CLOSED, THE_NEWER, True),
        # Our own message has opened it, or a customer: a person who works on it is told, and so is the customer.
        (PENDING, OPEN, THE_NEWER, False),
        # Planned by a version that did not say what it was.
        (None, PENDING, THE_NEWER, False),
        (OPEN, PENDING, THE_TOOL, False),
        (OPEN, PENDING, LIAISON, False),
    ],
)
def test_a_status_that_was_overtaken(instead_of, there, owner, expected):
    """Somebody set another one since we decided: where the newer counts, it is not written over."""
    wanted = StatusChange(status=SOLVED, instead_of=instead_of)
    ticket = a_ticket(status=there)
    assert is_overtaken(wanted, ticket, owner, customer_told_at=None) is expected


@pytest.mark.parametrize(
    ("there", "after", "expected"),
    [
        (PENDING, 0, False),
        (PENDING, 59, False),
        (PENDING, -1, False),
        # A person's, from before our message or a good while after it.
        (PENDING, -60, True),
        (PENDING, 120, True),
        # No rule of a helpdesk sets these because somebody answered.
        (ON_HOLD, 1, True),
        (TicketStatus.CLOSED, 1, True),
    ],
)
def test_a_rule_that_waits_for_the_customer_after_our_message_is_no_persons_word(there, after, expected):
    """The last message goes out just before the status: without this the ticket would never be solved."""
    wanted = StatusChange(status=SOLVED, instead_of=OPEN)
    ticket = a_ticket(status=there, updated_at=NOW + after * SECOND)
    assert is_overtaken(wanted, ticket, THE_NEWER, customer_told_at=NOW) is expected


def test_where_we_never_wrote_there_is_nothing_to_refuse():
    assert judge_state(told("open"), None, [], LIAISON) is ACCEPTED


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("We know of the fault.\n\nYour reference is INC-7.", ECHO),
        ("<div class='c'><p>We know of the fault.</p><p>Your reference is INC-7.</p></div>", ECHO),
        ("we know  of the fault.\r\nYour reference is INC-7", ECHO),
        ("We know of the fault. Your reference is INC-8.", ACCEPTED),
    ],
)
def test_words_are_known_again_however_they_are_shown(shown, expected):
    """Helpdesks give back HTML, other lines, other white space."""
    ours = wrote("We know of the fault.\n\nYour reference is INC-7.")
    assert judge_words(told(shown, at=9999), [wrote("something else"), ours]) is expected


@pytest.mark.parametrize("strangers", [ECHO, ACCEPTED])
def test_words_under_our_user_that_we_did_not_write_are_what_the_policy_says(strangers):
    words = told("I have called them", by_us=True)
    assert judge_words(words, [wrote("a note")], strangers_in_our_name=strangers) is strangers
    assert judge_words(told("a note", by_us=True), [wrote("a note")], strangers_in_our_name=strangers) is ECHO


def test_signs_and_emoji_alone_are_told_apart():
    assert value_hash("🔥") != value_hash("✅")
    assert value_hash("") != value_hash("🔥")


@pytest.mark.parametrize(
    ("at", "written", "expected"),
    [
        (0, wrote(), True),
        (-50, wrote(), True),
        (50, wrote(), True),
        (100, wrote(), False),
        (-90, wrote(), False),
        (100, wrote(until=None, is_sending=True), True),
        (50, wrote(until=None), True),
        (100, wrote(until=None), False),
    ],
)
def test_what_a_vendor_says_we_did_is_a_write_of_ours_near_it(at, written, expected):
    """One that is under way has no end yet; one that is held, or that nobody knows of, is not under way."""
    now = NOW + timedelta(minutes=2)
    assert is_our_doing(NOW + at * SECOND, [written], now=now) is expected
    assert timedelta(seconds=30) < AT_ONCE < timedelta(minutes=5)


def test_without_a_write_nothing_is_our_doing():
    assert not is_our_doing(NOW, [], now=NOW)
