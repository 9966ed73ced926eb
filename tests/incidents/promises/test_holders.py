"""Who had it when: shares of the working time until a promise was broken, pauses left out."""

from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.models import IncidentState, TicketRef, TicketStatus
from incidents.promises.holders import (
    BEFORE,
    Held,
    Holder,
    HolderKind,
    cause,
    held_until,
    held_words,
    incident_holder,
    ticket_holder,
)
from incidents.sla.clock import SlaMetric
from incidents.sla.events import SlaEvent
from tests.incidents.builders import NOW, a_policy, a_ticket, an_incident
from tests.incidents.sla.builders import CALENDARS, after, at, hours, newest

SUBJECT = TicketRef(connection="zendesk/support", id="1")


def had(hour, holder, state="open"):
    return Holder(subject=SUBJECT, since=at(hour), holder=holder, kind=HolderKind.PERSON, state=state)


def held(clock, *holders, until):
    found = held_until(at(until), clock, holders, CALENDARS)
    return [(one.holder, one.state, one.worked / timedelta(hours=1)) for one in found]


def a_clock(*events):
    clocks = after((), SlaEvent.OPENED, 0)
    for event, hour, status in events:
        clocks = after(clocks, event, hour, status=status)
    return newest(clocks, SlaMetric.RESOLUTION)


def test_each_holder_has_the_time_until_the_next():
    clock = a_clock()
    turns = [had(0, "nobody", "new"), had(2, "Ada"), had(3, "Ada", "waiting_for_vendor"), had(5, "Bob")]
    assert held(clock, *turns, until=8) == [
        ("Bob", "open", 3),
        ("Ada", "waiting_for_vendor", 2),
        ("nobody", "new", 2),
        ("Ada", "open", 1),
    ]


def test_what_nobody_told_us_of_is_nobodys_fault():
    """Before the first holder we know of; and a holder of before the clock counts from its start."""
    assert held(a_clock(), had(6, "Ada"), until=8) == [(BEFORE, "unknown", 6), ("Ada", "open", 2)]
    assert held(a_clock(), had(-5, "Ada"), until=8) == [("Ada", "open", 8)]
    assert held(a_clock(), until=8) == [(BEFORE, "unknown", 8)]


def test_time_that_did_not_count_is_in_no_share():
    """Four hours of waiting for the customer: the clock stood still, whoever had the ticket."""
    waiting = (SlaEvent.SEEN, 2, TicketStatus.WAITING_FOR_CUSTOMER)
    clock = a_clock(waiting, (SlaEvent.SEEN, 6, TicketStatus.OPEN))
    assert held(clock, had(0, "Ada"), had(4, "Bob"), until=8) == [("Ada", "open", 2), ("Bob", "open", 2)]


def test_the_cause_is_who_had_it_longest():
    assert cause(()) == "no working time was left"
    shares = (Held(holder="Ada", state="waiting_for_vendor", worked=hours(3)),)
    assert cause(shares) == "Ada: waiting for vendor"
    assert held_words(shares * 7) == ", ".join(["Ada 3 h (waiting for vendor)"] * 5) + ", ..."


@pytest.mark.parametrize(
    ("ticket", "holder", "kind"),
    [
        (a_ticket(assignee="Ada", group="billing"), "Ada", HolderKind.PERSON),
        (a_ticket(assignee="group of one, paged"), "group of one, paged", HolderKind.PERSON),
        (a_ticket(group="billing"), "group billing", HolderKind.GROUP),
        (a_ticket(), "nobody", HolderKind.NOBODY),
    ],
)
def test_who_has_a_ticket(ticket, holder, kind):
    """What kind of holder it is does not hang on what people call themselves."""
    found = ticket_holder(ticket, now=NOW)
    assert (found.holder, found.kind) == (holder, kind)


@pytest.mark.parametrize(
    ("state", "responder", "holder", "kind"),
    [
        (IncidentState.VALIDATING, None, "nobody", HolderKind.NOBODY),
        (IncidentState.ESCALATED, None, "Payments team, paged", HolderKind.TEAM),
        (IncidentState.ACKNOWLEDGED, "Ana", "Ana", HolderKind.PERSON),
    ],
)
def test_who_has_an_incident(state, responder, holder, kind):
    found = incident_holder(an_incident(state, responder=responder), Basis(a_policy(), NOW))
    assert (str(found.subject), found.holder, found.kind, found.state) == ("INC-7", holder, kind, state.value)
