"""A ticket that does not belong: which is meant, where it may go, and what the incident that it leaves makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.decisions.intake import sort_tickets
from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.split import (
    Splitting,
    check_split,
    opening_of,
    split_off,
    ticket_meant,
)
from incidents.effects import EffectKind
from incidents.errors import Refused
from incidents.models import Departure, IncidentState, JoinOrigin, TicketRef
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    a_ticket,
    an_incident,
    of_kind,
    texts,
)

S = IncidentState
POLICY = a_policy()
BASIS = Basis(POLICY, NOW)
ADA = Merging(by="Ada", why="a question")


def splitting(ticket="1", **changes):
    return Splitting(ticket=ticket, said=ADA, **changes)


@pytest.mark.parametrize("words", ["1", "#1", " 1 ", "zendesk/support#1"])
def test_a_ticket_by_its_number_or_its_whole_name(words):
    assert ticket_meant(a_case(), words).ref == a_ticket(1).ref


def test_a_ticket_that_is_not_there_or_is_there_twice():
    many = [a_ticket(number) for number in range(1, 8)]
    with pytest.raises(Refused, match=r"INC-7 has no ticket 99; it has #1, #2, #3, #4, #5 and 2 more"):
        ticket_meant(a_case(linked=many), "99")
    with pytest.raises(Refused, match=r"INC-7 has no ticket 1; it has none"):
        ticket_meant(a_case(linked=()), "1")
    twice = [a_ticket(1), a_ticket(1, ref=TicketRef(connection="mail/support", id="1"))]
    with pytest.raises(Refused, match="zendesk/support#1 or mail/support#1"):
        ticket_meant(a_case(linked=twice), "#1")
    assert ticket_meant(a_case(linked=twice), "mail/support#1").ref.connection == "mail/support"


@pytest.mark.parametrize(
    ("linked", "wanted", "target", "cure"),
    [
        (2, {}, None, None),
        (1, {"service": "search"}, None, None),
        (1, {}, an_incident(S.ESCALATED, id=9), None),
        (1, {}, None, "#1 is the only ticket of INC-7"),
        (1, {"service": "checkout"}, None, "#1 is the only ticket of INC-7"),
        (2, {}, an_incident(S.ESCALATED), "#1 is of INC-7 already: name another incident"),
        (2, {}, an_incident(S.CLOSED, id=9), "INC-9 is closed: name an open incident"),
        (2, {"service": "sales"}, None, "there is no service 'sales'; there are accounts, checkout, search"),
    ],
)
def test_where_it_may_go(linked, wanted, target, cure):
    case = a_case(S.ESCALATED, [a_ticket(number) for number in range(1, linked + 1)])
    given = splitting(**wanted)
    if cure is None:
        check_split(case, a_ticket(1), given, target, POLICY)
        return
    with pytest.raises(Refused) as refused:
        check_split(case, a_ticket(1), given, target, POLICY)
    assert cure in str(refused.value)


def test_one_that_is_gone_is_left():
    with pytest.raises(Refused, match="gone from its helpdesk"):
        check_split(a_case(), a_ticket(1, gone=Departure.SPAM), splitting(), None, POLICY)


def test_the_incident_that_it_leaves_goes_on():
    case = a_case(S.ESCALATED, ledger=[a_page_line(), ROOM_LINE])
    plan = split_off(case, a_ticket(1), an_incident(id=9), splitting(), BASIS)
    assert plan.incident is case.incident
    assert "#1 does not belong to it, and goes on in INC-9 (split off by Ada: a question)" in texts(plan)
    assert {effect.kind for effect in plan.effects} == {EffectKind.CHAT_POST, EffectKind.PAGE_NOTE}
    assert not of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    assert [entry.kind for entry in plan.entries] == [EntryKind.SPLIT]

    alone = replace(case, tickets=case.tickets[:1])
    plan = split_off(alone, a_ticket(1), an_incident(id=9), splitting(), BASIS)
    assert [entry.kind for entry in plan.entries] == [EntryKind.SPLIT, EntryKind.NO_TICKET_LEFT]
    assert "is it still an incident?" in texts(plan)


def test_one_of_its_own_takes_in_nothing_while_the_first_is_open():
    """Else a storm would go on in what one agent set aside."""
    case = a_case(S.ESCALATED)
    opening = opening_of(case, a_ticket(1), splitting(), POLICY)
    assert (opening.service, opening.split_from) == ("checkout", 7)
    assert opening.joins[0].origin is JoinOrigin.AGENT
    elsewhere = opening_of(case, a_ticket(1), splitting(service="search"), POLICY)
    assert (elsewhere.service, elsewhere.split_from, elsewhere.severity) == ("search", None, 3)

    beside = an_incident(S.REPORTED, id=9, split_from=7)
    for incidents, number in (([case.incident, beside], 7), ([beside], 9)):
        found = sort_tickets([a_ticket(5)], incidents, {}, BASIS)
        assert list(found.joins) == [number]
