"""What a change of a ticket or incident means for its clocks, and that saying it twice means nothing more."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.case import Plan
from incidents.lifecycle import reopen
from incidents.models import Author, Departure, IncidentState, Origin, Severity, TicketStatus
from incidents.policy.policy import SlaPolicy
from incidents.promises.keeping import (
    TicketTransition,
    first_clocks,
    incident_clocks,
    ticket_clocks,
)
from incidents.sla.clock import ClockState, SlaMetric
from tests.incidents.builders import NOW, a_case, a_comment, a_policy, a_ticket, an_incident, with_clocks

M, C, S = SlaMetric, ClockState, IncidentState
MINUTE = timedelta(minutes=1)
GOLD = {
    "name": "gold",
    "when": {"applies_to": "ticket"},
    "targets": {"first_response": "1h", "next_update": "2h", "mitigation": "4h", "resolution": "8h"},
    "pause_on": ["waiting_for_customer"],
}
SLA = a_policy(sla={"policies": [SlaPolicy.model_validate(GOLD)]}).sla
OPENED = a_ticket(created_at=NOW, updated_at=NOW)


def at(minutes):
    return NOW + minutes * MINUTE


def kept(*changes, sla=SLA):
    """The clocks after each change, told so many minutes after NOW."""
    clocks = ticket_clocks(TicketTransition(before=None, after=OPENED), (), sla, now=NOW)
    before = OPENED
    for minutes, changed, more in changes:
        ticket = replace(before, updated_at=at(minutes), **changed)
        change = TicketTransition(before=before, after=ticket, **more)
        clocks = ticket_clocks(change, clocks, sla, now=at(minutes))
        before = ticket
    return clocks


def states(clocks):
    return {
        clock.metric: clock.state
        for clock in clocks
        if clock.generation == max(one.generation for one in clocks)
    }


def reply(minutes, **changes):
    return a_comment(author=Author.AGENT, is_public=True, at=at(minutes), **changes)


WAITING = {"status": TicketStatus.WAITING_FOR_CUSTOMER}
SOLVED = {"status": TicketStatus.SOLVED}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], {M.FIRST_RESPONSE: C.RUNNING, M.MITIGATION: C.RUNNING, M.RESOLUTION: C.RUNNING}),
        (
            [(10, {}, {"comments": (reply(9),)})],
            {
                M.FIRST_RESPONSE: C.STOPPED,
                M.NEXT_UPDATE: C.RUNNING,
                M.MITIGATION: C.RUNNING,
                M.RESOLUTION: C.RUNNING,
            },
        ),
        # A private note and the customer's own words answer nobody.
        (
            [
                (10, {}, {"comments": (replace(reply(9), is_public=False),)}),
                (11, {}, {"comments": (a_comment(at=at(11)),)}),
            ],
            {M.FIRST_RESPONSE: C.RUNNING, M.MITIGATION: C.RUNNING, M.RESOLUTION: C.RUNNING},
        ),
        # The webhook of the answer was lost: one that waits for its customer was answered.
        (
            [(10, WAITING, {})],
            {
                M.FIRST_RESPONSE: C.STOPPED,
                M.NEXT_UPDATE: C.PAUSED,
                M.MITIGATION: C.PAUSED,
                M.RESOLUTION: C.PAUSED,
            },
        ),
        # Its incident is resolved: the customer can work, but was not told yet.
        (
            [(10, {}, {"works_again_at": at(10)})],
            {M.FIRST_RESPONSE: C.RUNNING, M.MITIGATION: C.STOPPED, M.RESOLUTION: C.RUNNING},
        ),
        (
            [(10, {}, {"comments": (reply(9),)}), (20, SOLVED, {})],
            {
                M.FIRST_RESPONSE: C.STOPPED,
                M.NEXT_UPDATE: C.STOPPED,
                M.MITIGATION: C.STOPPED,
                M.RESOLUTION: C.STOPPED,
            },
        ),
        # Solved and opened again: all begins anew.
        (
            [(20, SOLVED, {}), (30, {"status": TicketStatus.OPEN}, {})],
            {M.FIRST_RESPONSE: C.RUNNING, M.MITIGATION: C.RUNNING, M.RESOLUTION: C.RUNNING},
        ),
    ],
)
def test_what_a_change_means(changes, expected):
    assert states(kept(*changes)) == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from([{}, WAITING, SOLVED, {"status": TicketStatus.OPEN}]),
            st.sampled_from(
                [{}, {"severity": Severity.LOW}, {"customers_told_at": at(1)}, {"works_again_at": at(1)}]
            ),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_the_same_change_again_changes_nothing(changes):
    """Webhooks come twice, and the reconciler sees what the webhook told."""
    clocks = ticket_clocks(TicketTransition(before=None, after=OPENED), (), SLA, now=NOW)
    before = OPENED
    for number, (changed, more, has_reply) in enumerate(changes):
        now = at(10 * (number + 1))
        ticket = replace(before, updated_at=now, **changed)
        said = {"comments": (a_comment(author=Author.AGENT, at=now),)} if has_reply else {}
        clocks = ticket_clocks(
            TicketTransition(before=before, after=ticket, **more, **said), clocks, SLA, now=now
        )
        again = ticket_clocks(
            TicketTransition(before=ticket, after=ticket, **more, **said), clocks, SLA, now=now
        )
        assert again == clocks
        before = ticket


def test_nothing_is_kept_where_nothing_is_promised():
    """Neither for a ticket without a policy; an incident has the targets of its severity."""
    sla = a_policy().sla
    assert ticket_clocks(TicketTransition(before=None, after=OPENED), (), sla, now=NOW) == ()
    clocks = first_clocks(an_incident(opened_at=NOW), [OPENED], sla, now=NOW)
    assert {clock.metric for clock in clocks if clock.target is not None} == {M.FIRST_RESPONSE, M.RESOLUTION}


def changed(case, **changes):
    """The case's clocks once its incident is so."""
    incident = replace(case.incident, **changes)
    return incident_clocks(case, Plan(incident=incident), a_policy().sla, now=NOW)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {C.RUNNING}),
        ({"acknowledged_at": NOW}, {C.RUNNING, C.STOPPED}),
        ({"state": S.RESOLVED, "resolved_at": NOW}, {C.STOPPED}),
        ({"state": S.NOT_AN_INCIDENT}, {C.WITHDRAWN}),
        ({"state": S.MERGED}, {C.WITHDRAWN}),
    ],
)
def test_what_an_incidents_change_means(changes, expected):
    clocks = changed(with_clocks(a_case(an_incident(S.ESCALATED))), **changes)
    assert {clock.state for clock in clocks if clock.target is not None} == expected


def test_a_reopened_incident_has_clocks_of_its_own():
    """The generation before stays as it ended."""
    case = with_clocks(a_case(an_incident(S.ESCALATED)))
    over = replace(case.incident, state=S.RESOLVED, resolved_at=NOW)
    ended = incident_clocks(case, Plan(incident=over), a_policy().sla, now=NOW)
    again = replace(case, incident=over, clocks=ended)
    clocks = incident_clocks(again, Plan(incident=reopen(over, now=at(5))), a_policy().sla, now=at(5))
    assert sorted((clock.generation, clock.state) for clock in clocks if clock.metric is M.RESOLUTION) == [
        (1, C.STOPPED),
        (2, C.RUNNING),
    ]


def test_a_better_customer_who_joins_tightens_the_promise():
    """One gold ticket is enough for the incident's policy, in the very transaction that joins it."""
    promise = {**GOLD, "name": "gold-incidents", "when": {"applies_to": "incident", "tier": "gold"}}
    sla = a_policy(sla={"policies": [SlaPolicy.model_validate(promise)]}).sla
    case = with_clocks(a_case(an_incident(S.ESCALATED)))
    joining = [a_ticket(9, tier="gold")]
    clocks = incident_clocks(case, Plan(incident=case.incident), sla, now=NOW, joining=joining)
    assert {clock.policy for clock in clocks} == {"gold-incidents"}


SOLVED_IT = (10, {"status": TicketStatus.SOLVED}, {"comments": (reply(10),)})


@pytest.mark.parametrize("why", Departure)
def test_nothing_is_owed_on_a_ticket_that_is_gone(why):
    """Its clocks are withdrawn: no moment comes any more, and none began where there were none."""
    clocks = kept((5, {"gone": why}, {}))
    assert all(clock.is_withdrawn for clock in clocks)
    gone = replace(OPENED, gone=why)
    assert ticket_clocks(TicketTransition(before=None, after=gone), (), SLA, now=NOW) == ()


def test_a_ticket_that_is_back_is_owed_anew():
    """Deleted by mistake and restored: a new generation."""
    clocks = kept((5, {"gone": Departure.DELETED}, {}), (20, {"gone": None}, {}))
    assert max(clock.generation for clock in clocks) == 2
    assert states(clocks)[M.FIRST_RESPONSE] is C.RUNNING


@pytest.mark.parametrize(
    ("text", "origin", "is_owed"),
    [
        ("Thanks a lot!", Origin.PERSON, False),
        ("It is still broken", Origin.AUTOMATIC, False),
        ("It is still broken", Origin.PERSON, True),
        ("Thanks! When is my refund coming?", Origin.PERSON, True),
    ],
)
@pytest.mark.parametrize("pieces", ["together", "words first", "words last"])
def test_thanks_open_the_ticket_and_owe_nothing(text, origin, is_owed, pieces):
    """Whether words and opened ticket come in one piece or in two."""
    said = {"comments": (a_comment(text, at=at(60), origin=origin),)}
    opened = {"status": TicketStatus.OPEN}
    changes = {
        "together": [(60, opened, said)],
        "words first": [(60, {}, said), (60, opened, {})],
        "words last": [(60, opened, {}), (60, {}, said)],
    }[pieces]
    clocks = kept(SOLVED_IT, *changes)
    running = [clock for clock in clocks if clock.state is C.RUNNING]
    # Opened after the words, and without any of its own, it was opened for somebody.
    assert bool(running) is (is_owed or pieces == "words first")


def test_a_ticket_that_we_solved_is_solved_when_it_opens_again():
    """Our own change sends no event, so its clocks may still run when the customer says thanks."""
    clocks = ticket_clocks(TicketTransition(before=None, after=OPENED), (), SLA, now=NOW)
    noted = replace(OPENED, status=TicketStatus.SOLVED)
    opened = replace(OPENED, status=TicketStatus.OPEN, updated_at=at(60), version=9)
    thanks = (a_comment("Thank you!", at=at(60)),)
    change = TicketTransition(before=noted, after=opened, comments=thanks)
    clocks = ticket_clocks(change, clocks, SLA, now=at(60))
    assert {clock.state for clock in clocks} == {C.STOPPED}


def test_who_writes_again_after_thanks_is_owed_an_answer():
    """The ticket was open all the while; its first thank-you owed nothing, the question after it does."""
    thanks = {"comments": (a_comment("Thank you!", at=at(60)),)}
    question = {"comments": (a_comment("And where is my invoice?", id="c2", at=at(90)),)}
    clocks = kept(SOLVED_IT, (60, {"status": TicketStatus.OPEN}, thanks), (90, {}, question))
    newest = [clock for clock in clocks if clock.generation == 2]
    assert {clock.started_at for clock in newest} == {at(90)}


def test_an_automatic_reply_of_the_helpdesk_is_no_first_response():
    """A trigger's acknowledgement answers nobody."""
    clocks = kept((5, {}, {"comments": (reply(5, origin=Origin.AUTOMATIC),)}))
    assert states(clocks)[M.FIRST_RESPONSE] is C.RUNNING
