"""Sorting tickets into incidents: a storm is one incident, and nothing is joined to what it is not about."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.basis import Basis
from incidents.decisions.intake import (
    Join,
    Sorted,
    learnt_notes,
    opening_entries,
    services_of,
    sort_tickets,
    tickets_joined,
)
from incidents.effects import EffectKind
from incidents.lifecycle import UNSETTLED
from incidents.models import IncidentState, JoinOrigin, Severity, Stage, TicketRef, TicketStatus, Verdict
from incidents.policy.policy import Route
from tests.incidents.builders import (
    NOW,
    a_case,
    a_page_line,
    a_policy,
    a_ticket,
    after,
    an_incident,
    keys,
    kinds,
    of_kind,
    texts,
    tickets,
)

S = IncidentState
POLICY = a_policy()
OPENED = NOW - timedelta(minutes=5)


def sort(found, incidents=(), linked=None, *, now=NOW):
    return sort_tickets(found, list(incidents), linked or {}, Basis(POLICY, now))


def joins(*found, severity=None):
    return [
        Join(ticket=ticket, origin=JoinOrigin.RULE, reason="keyword 'checkout'", severity=severity)
        for ticket in found
    ]


def test_a_storm_is_one_incident():
    """Two hundred tickets at once open one incident, with all of them, named by the first report."""
    storm = tickets(200)
    storm[120] = a_ticket(121, created_at=OPENED - timedelta(hours=1), subject="Checkout is dead")
    found = sort(storm)
    (opening,) = found.openings
    assert found.joins == {}
    assert [join.ticket for join in opening.joins] == storm
    assert (opening.service, opening.severity) == ("checkout", Severity.HIGH)
    assert opening.title == "Checkout: Checkout is dead"
    (entry,) = opening_entries(opening, None)
    assert entry.text == "Opened by ticket zendesk/support#1 (keyword 'checkout'), and 199 more with it"
    assert opening_entries(replace(opening, joins=opening.joins[:1]), None)[0].text.endswith(
        "(keyword 'checkout')"
    )


def test_two_services_are_two_incidents():
    """One chunk may tell of two faults; the services concerned are known before incidents are looked up."""
    chunk = [a_ticket(1), a_ticket(2, subject="search is empty"), a_ticket(3)]
    assert services_of(chunk, POLICY, {}) == ["checkout", "search"]
    found = sort(chunk)
    assert [(opening.service, len(opening.joins)) for opening in found.openings] == [
        ("checkout", 2),
        ("search", 1),
    ]


def test_what_is_no_incident_is_left_alone():
    """Ignored by a rule, matched by none, or settled already: no incident is opened or joined."""
    left = [
        a_ticket(1, tags=("spam",)),
        a_ticket(2, subject="Opening hours?"),
        a_ticket(3, status=TicketStatus.SOLVED),
        a_ticket(4, status=TicketStatus.CLOSED),
    ]
    assert sort(left, [an_incident()]) == Sorted(unrouted=4)
    assert services_of(left[:2], POLICY, {}) == []


def test_the_worst_severity_a_rule_named_counts():
    """One of the reports is about cards, which a rule calls critical."""
    (opening,) = sort([a_ticket(1), a_ticket(2, subject="my card is refused")]).openings
    assert opening.severity is Severity.CRITICAL


def test_a_title_holds_nothing_confidential():
    """A card number in the first subject does not become the incident's name."""
    (opening,) = sort([a_ticket(subject="checkout refuses 4111 1111 1111 1111")]).openings
    assert "4111" not in opening.title
    assert "[card removed]" in opening.title


@pytest.mark.parametrize("state", sorted(UNSETTLED - {S.RESOLVED, S.CLOSING}))
@pytest.mark.parametrize(("age", "is_warm"), [(0, True), (119, True), (120, True), (121, False)])
def test_a_warm_incident_is_joined(state, age, is_warm):
    """Two hours after its last ticket an incident takes no more: the next report opens another one."""
    incident = an_incident(state)
    last = {incident.id: NOW - timedelta(minutes=age)}
    found = sort([a_ticket()], [incident], last)
    assert (list(found.joins), len(found.openings)) == (([7], 0) if is_warm else ([], 1))


def test_an_incident_without_tickets_is_as_warm_as_its_opening():
    """Nothing linked yet: the time it was opened counts."""
    assert list(sort([a_ticket()], [an_incident()]).joins) == [7]
    assert not sort([a_ticket()], [an_incident()], now=NOW + timedelta(hours=3)).joins


def test_only_its_own_service_and_the_newest():
    """Of two open incidents of a service the newer takes the ticket; another service's never does."""
    incidents = [an_incident(id=7), an_incident(id=9), an_incident(id=12, service="search")]
    assert list(sort([a_ticket()], incidents).joins) == [9]


@pytest.mark.parametrize("state", [S.RESOLVED, S.CLOSING])
@pytest.mark.parametrize(("seconds", "is_late"), [(-60, True), (0, True), (1, False)])
def test_a_late_report_joins_the_incident_that_is_over(state, seconds, is_late):
    """Written before it was resolved it is about that fault; written after, it may be a new one."""
    resolved = an_incident(state)
    report = a_ticket(created_at=resolved.resolved_at + timedelta(seconds=seconds))
    found = sort([report], [resolved])
    assert (list(found.joins), len(found.openings)) == (([7], 0) if is_late else ([], 1))


def test_one_new_report_among_late_ones_opens_an_incident():
    """In doubt it is a new fault: nobody's report is buried in an incident that is over."""
    resolved = an_incident(S.RESOLVED)
    found = sort([a_ticket(1), a_ticket(2, created_at=NOW)], [resolved])
    assert [len(opening.joins) for opening in found.openings] == [2]
    assert found.joins == {}


def test_a_new_fault_is_not_hidden_by_one_that_is_over():
    """A warm incident of the same service behind a resolved one is found."""
    found = sort([a_ticket(created_at=NOW)], [an_incident(S.ESCALATED, id=5), an_incident(S.RESOLVED, id=7)])
    assert list(found.joins) == [5]


@pytest.mark.parametrize("state", [S.REPORTED, S.VALIDATING])
def test_more_reports_are_looked_into_at_once(state):
    """They are evidence: the next look is now, the count of looks without proof starts again, no note yet."""
    later = NOW + timedelta(minutes=2)
    case = a_case(an_incident(state, next_stage_at=later, checks=2))
    plan = tickets_joined(case, joins(a_ticket(3)), Basis(POLICY, NOW))
    incident = plan.incident
    assert (incident.next_stage, incident.next_stage_at) == (Stage.VALIDATION, NOW)
    assert (incident.state, incident.checks) == (state, 0)
    assert plan.effects == ()
    assert plan.entries[0].text == "1 more: zendesk/support#3"


def test_a_missed_response_target_is_not_forgotten_for_a_report():
    """The sweep has asked for engineers: a new ticket does not send the incident back to validation."""
    case = a_case(an_incident(S.VALIDATING, next_stage=Stage.ESCALATION))
    assert (
        tickets_joined(case, joins(a_ticket(3)), Basis(POLICY, NOW)).incident.next_stage is Stage.ESCALATION
    )


@pytest.mark.parametrize("state", sorted(UNSETTLED - {S.REPORTED, S.VALIDATING}))
def test_a_joined_tickets_agent_knows_at_once(state):
    """The note says what it was joined to and why, the verdict, and who has it; the stage stays as it was."""
    incident = an_incident(state, verdict=Verdict.CONFIRMED)
    case = a_case(incident, ledger=[a_page_line()])
    plan = tickets_joined(case, joins(a_ticket(3), a_ticket(4)), Basis(POLICY, NOW))
    assert plan.incident == incident
    notes = of_kind(plan, EffectKind.TICKET_NOTE)
    assert [note.target for note in notes] == ["3", "4"]
    text = notes[0].payload.text
    assert (
        f"This ticket belongs to INC-7 (Checkout): keyword 'checkout'.\nIt is {state.replace('_', ' ')}."
        in text
    )
    assert "Verdict: confirmed: customers are hit." in text
    assert (
        "Ana is on it."
        if state is S.ACKNOWLEDGED
        else "Payments team has been paged; nobody has taken it yet."
    ) in text


@pytest.mark.parametrize("state", sorted(UNSETTLED))
def test_only_who_missed_a_message_catches_up(state):
    """Acknowledged: the others know it is being worked on. Closing: the others are told it is fixed."""
    case = a_case(an_incident(state, next_update_at=NOW + timedelta(minutes=30)))
    plan = tickets_joined(case, joins(a_ticket(3)), Basis(POLICY, NOW))
    said = [effect.payload.text for effect in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)]
    expected = {S.ACKNOWLEDGED: ["PROGRESS Checkout INC-7 12:30 UTC"], S.CLOSING: ["FIXED Checkout"]}
    assert said == expected.get(state, [])


def test_a_report_that_comes_while_closing_is_answered_and_solved():
    """Joined after everybody was told: it is told too, and then its ticket is solved, in this order."""
    plan = tickets_joined(a_case(S.CLOSING), joins(a_ticket(3)), Basis(POLICY, NOW))
    assert kinds(plan) == [EffectKind.TICKET_NOTE, EffectKind.CUSTOMER_MESSAGE, EffectKind.TICKET_STATUS]
    assert {effect.lane for effect in plan.effects} == {"zendesk/support:3"}


@pytest.mark.parametrize(
    ("now_at", "reported", "expected"),
    [
        (Severity.HIGH, Severity.CRITICAL, Severity.CRITICAL),
        (Severity.HIGH, Severity.LOW, Severity.HIGH),
        (Severity.HIGH, None, Severity.HIGH),
    ],
)
def test_severity_is_raised_and_never_lowered(now_at, reported, expected):
    """A worse report makes the incident worse, and the timeline says so."""
    case = a_case(an_incident(S.ESCALATED, severity=now_at))
    plan = tickets_joined(case, joins(a_ticket(3), severity=reported), Basis(POLICY, NOW))
    assert plan.incident.severity is expected
    assert ("Severity raised from 2 to 1" in texts(plan)) is (expected is not now_at)


def test_a_long_list_of_joined_tickets_is_cut():
    """Nobody reads two hundred numbers."""
    plan = tickets_joined(a_case(S.VALIDATING), joins(*tickets(200)), Basis(POLICY, NOW))
    assert (
        plan.entries[0].text
        == "200 more: " + "".join(f"zendesk/support#{number}, " for number in range(1, 6)) + "..."
    )


@pytest.mark.parametrize("state", sorted(UNSETTLED))
def test_joining_the_same_tickets_again_says_nothing_new(state):
    """A chunk decided twice plans the same keys."""
    case = a_case(state)
    plan = tickets_joined(case, joins(a_ticket(3)), Basis(POLICY, NOW))
    again = tickets_joined(after(case, plan), joins(a_ticket(3)), Basis(POLICY, NOW))
    assert keys(again) == keys(plan)
    assert again.incident == plan.incident


CHUNKS = st.lists(
    st.builds(
        a_ticket,
        subject=st.sampled_from(["checkout", "my card", "search", "hello", "search checkout"]),
        tags=st.sampled_from([(), ("spam",)]),
        status=st.sampled_from(TicketStatus),
        created_at=st.integers(-600, 10).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    ),
    max_size=30,
).map(
    lambda chunk: [
        replace(ticket, ref=TicketRef(connection="zendesk/support", id=str(number)))
        for number, ticket in enumerate(chunk)
    ]
)
INCIDENTS = st.lists(
    st.builds(
        an_incident,
        st.sampled_from(sorted(UNSETTLED)),
        service=st.sampled_from(["checkout", "search", "accounts"]),
        opened_at=st.integers(-600, 0).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    ),
    max_size=6,
).map(lambda found: [replace(incident, id=number) for number, incident in enumerate(found, 1)])


@given(chunk=CHUNKS, incidents=INCIDENTS, linked=st.dictionaries(st.integers(1, 6), st.integers(-600, 0)))
def test_each_ticket_has_one_place_and_each_service_one_incident(chunk, incidents, linked):
    """Whatever comes: nothing is lost or joined twice, and one chunk never makes two incidents of one fault."""
    last = {number: NOW + timedelta(minutes=minutes) for number, minutes in linked.items()}
    found = sort(chunk, incidents, last)
    groups = [*found.joins.values(), *(opening.joins for opening in found.openings)]
    placed = Counter(join.ticket.ref for group in groups for join in group)
    assert set(placed.values()) <= {1}
    assert placed.total() + found.unrouted == len(chunk)
    by_id = {incident.id: incident for incident in incidents}
    services = [by_id[number].service for number in found.joins]
    services += [opening.service for opening in found.openings]
    assert len(services) == len(set(services))
    for service, group in zip(services, groups, strict=True):
        assert group
        assert all(POLICY.route(join.ticket).service == service for join in group)
        assert not any(join.ticket.status.is_settled for join in group)


def test_what_is_learnt_routes_only_what_no_rule_does():
    """Rules go first; a ticket that neither knows is left to people."""
    ruled, open_question, unknown = (
        a_ticket(1),
        a_ticket(2, subject="Hm", body=""),
        a_ticket(3, subject="?", body=""),
    )
    route = Route(service="search", severity=Severity.LOW, origin=JoinOrigin.LEARNT, reason="learnt")
    learnt = {ruled.ref: route, open_question.ref: route}
    chunk = [ruled, open_question, unknown]
    assert services_of(chunk, POLICY, learnt) == ["checkout", "search"]
    found = sort_tickets(chunk, [], {}, Basis(POLICY, NOW), learnt=learnt)
    assert [(one.service, [join.ticket for join in one.joins]) for one in found.openings] == [
        ("checkout", [ruled]),
        ("search", [open_question]),
    ]
    assert found.unrouted == 1


def test_an_agents_tag_goes_before_every_rule():
    """Also before one that ignores; a tag for a service that is not there says nothing."""
    spam = a_ticket(1, tags=("spam", "liaison-service-search"))
    unknown = a_ticket(2, tags=("liaison-service-nowhere",))
    assert POLICY.route(spam) == Route(
        service="search", severity=None, origin=JoinOrigin.AGENT, reason="an agent's tag says so"
    )
    assert POLICY.route(unknown).service == "checkout"


@pytest.mark.parametrize(
    ("state", "service", "joined"),
    [
        (IncidentState.ESCALATED, "checkout", True),
        (IncidentState.ESCALATED, "search", False),
        (IncidentState.CLOSING, "checkout", False),
    ],
)
def test_a_sure_link_joins_an_incident_that_has_gone_quiet(state, service, joined):
    """Only one of the ticket's own service, and only as long as it is not over."""
    quiet = an_incident(state, service=service, opened_at=NOW - timedelta(hours=9), resolved_at=None)
    ticket = a_ticket(1)
    long_ago = {quiet.id: NOW - timedelta(hours=8)}
    assert sort_tickets([ticket], [quiet], long_ago, Basis(POLICY, NOW)).joins == {}
    found = sort_tickets([ticket], [quiet], long_ago, Basis(POLICY, NOW), links={ticket.ref: quiet.id})
    assert (quiet.id in found.joins) is joined
    assert len(found.openings) == (not joined)


def test_only_what_was_learnt_is_told_to_the_agents_as_learnt():
    """By who joined it: a rule may give the very words as its reason."""
    rule, learnt = joins(*tickets(2))
    words = "learnt from past tickets"
    both = [replace(rule, reason=words), replace(learnt, origin=JoinOrigin.LEARNT, reason=words)]
    (note,) = learnt_notes(an_incident(), both, instance="local")
    assert note.target == learnt.ticket.ref.id
