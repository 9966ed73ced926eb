"""PagerDuty's JSON to our words and back, by table."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.pagerduty import mapping
from incidents.errors import Unrecognised
from incidents.models import Link, PageStatus, Severity
from tests.contracts.pager import KEY, PAGE

USER = {"type": "user_reference", "summary": "Jane Doe"}
INTEGRATION = {"type": "inbound_integration_reference", "summary": "Events API V2"}
INCIDENT: dict[str, Any] = {"id": "P1", "status": "triggered"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Severity.CRITICAL, "critical"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "info"),
    ],
)
def test_severity(ours: Severity, theirs: str) -> None:
    """Each of our severities has its own of theirs."""
    event = mapping.trigger(replace(PAGE, severity=ours), KEY, "r" * 32)
    assert event["payload"]["severity"] == theirs


def test_trigger() -> None:
    """Everything the engineer needs is in the event."""
    assert mapping.trigger(PAGE, KEY, "r" * 32) == {
        "routing_key": "r" * 32,
        "event_action": "trigger",
        "dedup_key": KEY,
        "client": "Liaison",
        "links": [{"href": "https://liaison.example.com/inc-42", "text": "INC-42"}],
        "payload": {
            "summary": "Checkout fails for 12 customers",
            "source": "checkout",
            "severity": "critical",
            "custom_details": {"Customers": "12", "First report": "14:02 UTC"},
        },
    }


@pytest.mark.parametrize(
    ("summary", "sent"),
    [
        ("s" * 1024, "s" * 1024),
        ("s" * 1025, "s" * 1023 + "…"),
        ("two\r\nlines", "two lines"),
        (" \n", "(no summary)"),
        ("half \ud83d of a smiley\x00", "half of a smiley"),
    ],
)
def test_summary(summary: str, sent: str) -> None:
    """Whatever a ticket was called, the event is one PagerDuty takes: a refused page wakes nobody."""
    event = mapping.trigger(replace(PAGE, summary=summary), KEY, "r" * 32)
    assert event["payload"]["summary"] == sent


def test_event_stays_far_below_512_kb() -> None:
    """Details and links of any size are cut; the same label twice is kept twice."""
    page = replace(
        PAGE,
        source="x" * 5_000,
        details=(("Ticket", "1"), ("Ticket", "2"), *((f"label {n}", "y" * 50_000) for n in range(500))),
        links=tuple(Link(label="l" * 5_000, url=f"https://example.com/{n}") for n in range(500)),
    )
    event = mapping.trigger(page, KEY, "r" * 32)
    details = event["payload"]["custom_details"]
    assert (details["Ticket"], details["Ticket (2)"]) == ("1", "2")
    assert len(json.dumps(event)) < 200_000


def test_links_are_web_addresses() -> None:
    """A link that would run something in the engineer's browser is left out."""
    page = replace(PAGE, links=(Link(label="bad", url="javascript:alert(1)"), *PAGE.links))
    assert [link["text"] for link in mapping.trigger(page, KEY, "r" * 32)["links"]] == ["INC-42"]


@pytest.mark.parametrize(
    ("fields", "responders"),
    [
        ({}, ()),
        ({"assignments": None, "acknowledgements": None}, ()),
        ({"assignments": [{"assignee": USER}]}, ("Jane Doe",)),
        ({"assignments": [{"assignee": USER}], "acknowledgements": [{"acknowledger": USER}]}, ("Jane Doe",)),
        (
            {
                "assignments": [{"assignee": USER}],
                "acknowledgements": [{"acknowledger": {"type": "user_reference", "summary": "Omar Haddad"}}],
            },
            ("Omar Haddad", "Jane Doe"),
        ),
        (
            {"assignments": [{"assignee": USER}], "acknowledgements": [{"acknowledger": INTEGRATION}]},
            ("Jane Doe",),
        ),
        ({"assignments": [{"assignee": None}, "odd", {"assignee": {"type": "user_reference"}}]}, ()),
    ],
)
def test_responders(fields: dict[str, Any], responders: tuple[str, ...]) -> None:
    """Whoever acknowledged comes before whoever is assigned; integrations are nobody."""
    assert mapping.page_state(INCIDENT | fields, KEY).responders == responders


@pytest.mark.parametrize("status", ["triggered", "acknowledged", "resolved"])
def test_status(status: str) -> None:
    """Their three statuses are ours."""
    assert mapping.page_state({"id": "P1", "status": status}, KEY).status is PageStatus(status)


@pytest.mark.parametrize(
    "incident", [None, [], {}, {"id": "P1"}, {"status": "triggered"}, {"id": "P1", "status": "snoozed"}]
)
def test_incident_not_understood(incident: Any) -> None:
    """An incident without id or with a new status is not guessed at."""
    with pytest.raises(Unrecognised):
        mapping.page_state(incident, KEY)


@pytest.mark.parametrize(
    ("statuses", "chosen"),
    [
        ([], None),
        (["resolved"], 0),
        (["resolved", "resolved"], 0),
        (["resolved", "acknowledged"], 1),
        (["triggered", "acknowledged"], 0),
    ],
)
def test_newest(statuses: list[str], chosen: int | None) -> None:
    """The open one, else the newest."""
    listing = {"incidents": [{"id": str(n), "status": status} for n, status in enumerate(statuses)]}
    found = mapping.newest(listing)
    assert found == (None if chosen is None else listing["incidents"][chosen])


@pytest.mark.parametrize(
    ("incident", "alerts", "key"),
    [
        ({"incident_key": None}, {"alerts": [{"alert_key": "ours"}]}, "ours"),
        ({"incident_key": "theirs"}, {"alerts": [{"alert_key": "ours"}, {"alert_key": "later"}]}, "ours"),
        ({"incident_key": "theirs"}, {"alerts": []}, "theirs"),
        ({"incident_key": "theirs"}, {"alerts": [{"alert_key": None}]}, "theirs"),
        ({}, None, ""),
    ],
)
def test_key_of(incident: Any, alerts: Any, key: str) -> None:
    """The alert's key is the one we paged with; the incident's own is at most PagerDuty's."""
    assert mapping.key_of(incident, alerts) == key


def test_note_marker() -> None:
    """A note is known again by its key, whatever PagerDuty appends in blanks, and only by its own key."""
    content = mapping.note("12 customers wait", "once-1")["note"]["content"]
    listing = {"notes": [None, {"content": None}, {"content": content + "\n"}]}
    assert mapping.has_note(listing, "once-1")
    assert not mapping.has_note(listing, "once-2")
    assert not mapping.has_note({"notes": [{"content": content + " and more"}]}, "once-1")
    assert mapping.unmarked(content) == ("12 customers wait", True)
    assert mapping.unmarked("a colleague's words") == ("a colleague's words", False)


def test_long_note_keeps_its_marker() -> None:
    """The text is cut, the marker never: without it the note would be added again and again."""
    content = mapping.note("n" * 100_000, "once")["note"]["content"]
    assert len(content) < 10_100
    assert mapping.has_note({"notes": [{"content": content}]}, "once")


@pytest.mark.parametrize(
    ("users", "name"),
    [
        ([{"email": "Liaison@Example.com", "name": "Liaison Bot"}], "Liaison Bot"),
        ([{"email": "liaison@example.com", "name": None}], "liaison@example.com"),
        ([{"email": "not-liaison@example.com", "name": "Other"}, None], None),
    ],
)
def test_user_named(users: list[Any], name: str | None) -> None:
    """PagerDuty's search finds parts of addresses; only the whole one counts."""
    assert mapping.user_named({"users": users}, "liaison@example.com") == name
