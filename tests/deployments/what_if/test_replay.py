"""The same history under two policies: what is joined, paged and broken differently, and what is told as unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from deployments.what_if.difference import PolicyDifference, difference, lines
from deployments.what_if.history import PastIncidents, PolicyHistory, ReplayedTicket
from deployments.what_if.replay import replayed
from incidents.models import Evidence, Incident, IncidentState, Severity, Ticket, TicketStatus
from incidents.policy.file import parse_policy
from incidents.policy.policy import Policy
from incidents.sla.calendars import ALWAYS
from incidents.sla.clock import SlaClock, SlaMetric, SlaTerms
from incidents.sla.moves import start, stop
from tests.incidents.builders import NOW, POLICY, a_policy, a_ticket, an_incident

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BEGIN = NOW - 10 * HOUR
CALENDARS = {"always": ALWAYS}


def tickets_at(*minutes: int, **changes: object) -> list[Ticket]:
    """Solved by now, as most of the past is."""
    return [
        a_ticket(number, created_at=BEGIN + minute * MINUTE, status=TicketStatus.SOLVED, **changes)
        for number, minute in enumerate(minutes, 1)
    ]


def a_history(
    tickets: Sequence[Ticket],
    recorded: Incident | None = None,
    clocks: Sequence[SlaClock] = (),
    *,
    left_out: int = 0,
) -> PolicyHistory:
    known = {recorded.id: recorded} if recorded is not None else {}
    number = recorded.id if recorded is not None else None
    return PolicyHistory(
        tickets=[ReplayedTicket(ticket=one, incident_id=number) for one in tickets],
        recorded=PastIncidents(incidents=known, paged=frozenset(known)),
        clocks=clocks,
        left_out=left_out,
        now=NOW,
    )


def compared(history: PolicyHistory, after: Policy, before: Policy | None = None) -> PolicyDifference:
    return difference(history, replayed(history, before or a_policy()), replayed(history, after))


def looked_at(*, is_healthy: bool) -> Incident:
    """INC-7, whose probe was seen so."""
    look = Evidence(source="http/checkout-health", text="a look", at=BEGIN, speaks_for=not is_healthy)
    return an_incident(IncidentState.CLOSED, evidence=(look,), resolved_at=BEGIN + HOUR)


def test_the_same_policy_makes_no_difference():
    found = compared(a_history(tickets_at(0, 1, 2), looked_at(is_healthy=False)), a_policy())
    assert found.before == found.after
    assert (found.before.incidents, found.before.tickets_joined, found.before.pages) == (1, 3, 1)
    assert (found.moved, found.newly_paged, found.no_longer_paged, found.newly_broken) == ({}, [], [], [])


def test_fewer_complaints_would_have_been_enough():
    """Two against a green probe wake nobody at three, and somebody at two."""
    history = a_history(tickets_at(0, 1), looked_at(is_healthy=True))
    found = compared(history, a_policy(validation={"tickets": 2}))
    assert (found.before.pages, found.after.pages) == (0, 1)
    (line,) = found.newly_paged
    assert "checkout 2026-11-22 02:01 UTC: 2 ticket(s) from zendesk/support#1, team payments" in line
    assert compared(history, a_policy(), a_policy(validation={"tickets": 2})).no_longer_paged == [line]


def test_a_shorter_window_joins_less():
    history = a_history(tickets_at(0, 90), looked_at(is_healthy=False))
    assert compared(history, a_policy(correlation={"window": HOUR})).after.incidents == 2
    assert compared(history, a_policy()).after.incidents == 2, (
        "the first was resolved after an hour, as recorded"
    )
    still_open = replace(looked_at(is_healthy=False), resolved_at=None)
    found = compared(a_history(tickets_at(0, 90), still_open), a_policy(correlation={"window": HOUR}))
    assert (found.before.incidents, found.after.incidents) == (1, 2)


def test_a_rule_that_moves_tickets_moves_the_page():
    """To the team of the other service; what no rule knows makes no incident."""
    rule = "{{service: {}, any_keyword: [checkout]}}"
    changed = parse_policy(POLICY.replace(rule.format("checkout"), rule.format("search")))
    found = compared(a_history(tickets_at(0, 1, 2), looked_at(is_healthy=False)), changed)
    assert found.moved == {("checkout", "search"): 3}
    assert "team platform, instead of payments" in found.to_another_team[0]
    ignoring = parse_policy(POLICY.replace("any_tag: [spam]", "any_keyword: [checkout]"))
    found = compared(a_history(tickets_at(0, 1, 2), looked_at(is_healthy=False)), ignoring)
    assert found.moved == {("checkout", None): 3}
    assert (found.after.incidents, len(found.no_longer_paged)) == (0, 1)


@pytest.mark.parametrize(
    ("took", "hours", "broken"), [(2 * HOUR, "4h", False), (2 * HOUR, "1h", True), (2 * HOUR, "2h", True)]
)
def test_a_promise_is_counted_by_the_other_policys_time(took: timedelta, hours: str, *, broken: bool):
    clock = incident_clock(looked_at(is_healthy=False), took)
    changed = parse_policy(POLICY.replace("resolution: 4h", f"resolution: {hours}"))
    found = compared(a_history(tickets_at(0), looked_at(is_healthy=False), [clock]), changed)
    assert found.newly_broken == ([clock.key] if broken else [])
    assert compared(
        a_history(tickets_at(0), looked_at(is_healthy=False), [clock]), a_policy(), changed
    ).no_longer_broken == ([clock.key] if broken else [])


def test_a_promise_is_counted_by_the_other_policys_hours():
    """Two hours on a Saturday night are none of a calendar that works from Monday to Friday."""
    clock = incident_clock(looked_at(is_healthy=False), 2 * HOUR)
    weekdays = """
sla:
  calendars: {office: {timezone: UTC, hours: {mon-fri: 09:00-17:00}}}
  policies: [{name: all, calendar: office, when: {applies_to: incident}, targets: {resolution: 1h}}]
"""
    sla = "sla: {warn_at: 0.75, targets: {2: {response: 20m, resolution: 4h}}}\n"
    assert sla in POLICY
    by_office = parse_policy(POLICY.replace(sla, weekdays))
    always = parse_policy(POLICY.replace(sla, weekdays.replace("calendar: office, ", "")))
    history = a_history(tickets_at(0), looked_at(is_healthy=False), [clock])
    assert compared(history, always, by_office).newly_broken == [clock.key]


def incident_clock(incident: Incident, took: timedelta) -> SlaClock:
    """Its resolution, promised within four hours and stopped after `took`."""
    terms = SlaTerms(policy="severity-2", calendar="always", targets={SlaMetric.RESOLUTION: 4 * HOUR})
    clock = start(incident.ref, SlaMetric.RESOLUTION, terms, at=BEGIN, now=NOW)
    return stop(clock, CALENDARS, at=BEGIN + took, now=NOW)


def test_what_cannot_be_known_is_told():
    """A probe that was never asked is named, and so is what was left out."""
    changed = parse_policy(POLICY.replace("probes: [http/checkout-health]", "probes: [http/other]"))
    found = compared(a_history(tickets_at(0), looked_at(is_healthy=False), left_out=3), changed)
    assert found.no_longer_paged, "nobody has looked, and one customer is not enough"
    assert found.unknown[0] == "No look is recorded of: http/other."
    assert found.unknown[1].startswith("3 tickets whose texts are gone")
    assert "\n".join(lines(found)).endswith(f"- {found.unknown[-1]}")
    assert found.as_json()["cannot_be_known"] == list(found.unknown)


def test_the_moment_of_the_page_is_when_the_verdict_came():
    replay = replayed(a_history(tickets_at(0, 1, 2), looked_at(is_healthy=True)), a_policy())
    assert [one.paged_at for one in replay.incidents] == [BEGIN + 2 * MINUTE]
    assert replay.incidents[0].incident.severity is Severity.HIGH
