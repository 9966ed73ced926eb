"""V3 webhooks: the contract of every webhook source, and each of PagerDuty's events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kit.webhooks.signatures import sign_hex_hmac
from connectors.pagerduty import PagerDuty, webhook
from connectors.pagerduty.fake.app import FakePagerDuty
from incidents.errors import Forged, Unrecognised
from incidents.events import (
    Ignored,
    PageChange,
    PageEvent,
    Ping,
)
from tests.connectors.pagerduty.conftest import connect
from tests.contracts.webhook_source import FIRST, SECOND, Headers, Sign, WebhookSourceContract
from tests.shared_folder import shared_path

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
PERSON = {"type": "user_reference", "summary": "Jane Doe"}
INTEGRATION = {"type": "inbound_integration_reference", "summary": "Events API V2"}
REFERENCE = {"id": "PGR0VU2", "type": "incident_reference", "html_url": "https://acme.pagerduty.com/i/1"}
INCIDENT = REFERENCE | {"type": "incident", "status": "triggered", "incident_key": None}


def an_event(kind: str = "incident.acknowledged", **fields: Any) -> dict[str, Any]:
    return {
        "id": "01BWDWL3NYY7LUFPZCC28QUCMK",
        "event_type": kind,
        "resource_type": kind.partition(".")[0],
        "occurred_at": "2026-03-02T13:59:58.123Z",
        "agent": PERSON,
        "client": None,
        "data": INCIDENT,
    } | fields


def a_body_of(event: dict[str, Any]) -> bytes:
    return json.dumps({"event": event}).encode()


def read(event: dict[str, Any]) -> PageEvent:
    (said,) = webhook.events("pagerduty/main", a_body_of(event))
    assert isinstance(said, PageEvent)
    return said


class TestPagerDutyWebhook(WebhookSourceContract):
    signature_headers = (webhook.SIGNATURE,)

    @pytest.fixture
    def source(self) -> PagerDuty:
        return connect(FakePagerDuty())

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return a_body_of(an_event())

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            return [(webhook.SIGNATURE, sign_hex_hmac(body, secret, prefix="v1="))]

        return sign


def test_any_listed_signature_will_do() -> None:
    """During PagerDuty's own rotation a delivery carries a signature for each of its secrets."""
    body = a_body_of(an_event())
    old, new = (sign_hex_hmac(body, secret, prefix="v1=") for secret in (b"retired-secret-of-old", SECOND))
    webhook.verify([(webhook.SIGNATURE, f"{old},{new}")], body, [FIRST, SECOND])
    with pytest.raises(Forged):
        webhook.verify([(webhook.SIGNATURE, old)], body, [FIRST, SECOND])


def test_identity_is_the_signed_id() -> None:
    """The id inside the body identifies the event; the header's could be changed to replay it."""
    body = a_body_of(an_event())
    signature = (webhook.SIGNATURE, sign_hex_hmac(body, FIRST, prefix="v1="))
    first = webhook.verify([signature, ("X-Webhook-Id", "a")], body, [FIRST])
    again = webhook.verify([signature, ("X-Webhook-Id", "b")], body, [FIRST])
    assert first.identity == again.identity == "01BWDWL3NYY7LUFPZCC28QUCMK"
    assert not first.is_repeatable


@pytest.mark.parametrize(
    ("kind", "data", "change", "text"),
    [
        ("incident.triggered", INCIDENT, PageChange.TRIGGERED, ""),
        ("incident.acknowledged", INCIDENT, PageChange.ACKNOWLEDGED, ""),
        ("incident.unacknowledged", INCIDENT, PageChange.UNACKNOWLEDGED, ""),
        (
            "incident.reassigned",
            INCIDENT | {"assignees": [PERSON, {"summary": "Omar Haddad"}]},
            PageChange.REASSIGNED,
            "Jane Doe, Omar Haddad",
        ),
        ("incident.delegated", INCIDENT | {"assignees": [PERSON]}, PageChange.DELEGATED, "Jane Doe"),
        ("incident.escalated", INCIDENT | {"assignees": None}, PageChange.ESCALATED, ""),
        (
            "incident.annotated",
            {"type": "incident_note", "id": "N1", "content": "rolled back", "incident": REFERENCE},
            PageChange.NOTED,
            "rolled back",
        ),
        (
            "incident.status_update_published",
            {"type": "incident_status_update", "message": "a fix is coming", "incident": REFERENCE},
            PageChange.NOTED,
            "a fix is coming",
        ),
        (
            "incident.priority_updated",
            INCIDENT | {"priority": {"summary": "P1"}},
            PageChange.CHANGED,
            "priority P1",
        ),
        ("incident.priority_updated", INCIDENT | {"priority": None}, PageChange.CHANGED, "priority removed"),
        (
            "incident.urgency_updated",
            INCIDENT | {"urgency": "low"},
            PageChange.CHANGED,
            "urgency is now low; it may no longer ring",
        ),
        (
            "incident.urgency_updated",
            INCIDENT | {"urgency": "high"},
            PageChange.CHANGED,
            "urgency is now high",
        ),
        (
            "incident.service_updated",
            INCIDENT | {"service": {"summary": "Payments"}},
            PageChange.CHANGED,
            "moved to the service Payments",
        ),
        ("incident.title_updated", INCIDENT | {"title": "Cards"}, PageChange.CHANGED, "title is now: Cards"),
        (
            "incident.conference_bridge.updated",
            {"incident": REFERENCE, "conference_url": "https://c.example", "conference_number": None},
            PageChange.CHANGED,
            "conference: https://c.example",
        ),
        (
            "incident.conference_bridge.updated",
            {"incident": REFERENCE, "conference_url": None},
            PageChange.CHANGED,
            "conference: removed",
        ),
        (
            "incident.responder.added",
            {"type": "incident_responder", "user": PERSON, "state": "pending", "incident": REFERENCE},
            PageChange.CHANGED,
            "Jane Doe was asked to help",
        ),
        (
            "incident.responder.replied",
            {"escalation_policy": {"summary": "Payments"}, "state": "accepted", "incident": REFERENCE},
            PageChange.CHANGED,
            "Payments comes to help",
        ),
        (
            "incident.responder.replied",
            {"user": PERSON, "state": "declined", "incident": REFERENCE},
            PageChange.CHANGED,
            "Jane Doe cannot help",
        ),
        (
            "incident.responder.replied",
            {"user": None, "state": "joined", "incident": REFERENCE},
            PageChange.CHANGED,
            "somebody is a responder (joined)",
        ),
        ("incident.resolved", INCIDENT, PageChange.RESOLVED, ""),
        ("incident.reopened", INCIDENT, PageChange.REOPENED, ""),
    ],
)
def test_change(kind: str, data: dict[str, Any], change: PageChange, text: str) -> None:
    """Each event type says its change, of the right incident, whichever place that is in."""
    assert read(an_event(kind, data=data)) == PageEvent(
        connection="pagerduty/main",
        page_id="PGR0VU2",
        key=None,
        change=change,
        at=datetime(2026, 3, 2, 13, 59, 58, 123_000, tzinfo=UTC),
        actor="Jane Doe",
        text=text,
        url="https://acme.pagerduty.com/i/1",
        by_us=False,
        note_id=str(data.get("id", "")) if change is PageChange.NOTED else "",
    )


def test_key_when_told() -> None:
    """A key is taken where PagerDuty shows one, which for pages through the Events API it does not."""
    assert read(an_event(data=INCIDENT | {"incident_key": "inc-42"})).key == "inc-42"


@pytest.mark.parametrize(
    ("kind", "agent", "client", "by_us"),
    [
        ("incident.triggered", INTEGRATION, {"name": "Liaison"}, True),
        ("incident.triggered", INTEGRATION, {"name": "Datadog"}, False),
        ("incident.acknowledged", INTEGRATION, None, True),
        ("incident.resolved", INTEGRATION, None, True),
        (
            "incident.resolved",
            INTEGRATION | {"type": "events_api_v2_inbound_integration_reference"},
            None,
            True,
        ),
        ("incident.resolved", PERSON, None, False),
        ("incident.resolved", None, None, False),
        ("incident.unacknowledged", None, None, False),
        ("incident.reopened", INTEGRATION, None, False),
    ],
)
def test_echo(kind: str, agent: Any, client: Any, by_us: bool) -> None:
    """What our integration did comes back as an echo; what a person, time or another tool did is news."""
    assert read(an_event(kind, agent=agent, client=client)).by_us is by_us


@pytest.mark.parametrize(("agent", "by_machine"), [(PERSON, False), (INTEGRATION, True), (None, False)])
def test_what_is_no_user_is_no_person(agent: Any, by_machine: bool) -> None:
    """A rule or another tool's integration acts by its own name; what nobody did has none."""
    assert read(an_event("incident.priority_updated", agent=agent)).by_machine is by_machine


def test_echo_of_our_note() -> None:
    """Our note is known by its marker, which is not shown; its author's name proves nothing."""
    data = {"type": "incident_note", "content": "12 wait\n\n[liaison:0a1b2c3d]", "incident": REFERENCE}
    ours = read(an_event("incident.annotated", data=data))
    assert (ours.text, ours.by_us) == ("12 wait", True)


def test_merge_is_no_resolution() -> None:
    """A merge resolves this incident while the fault goes on in another: nothing is fixed."""
    reason = {"type": "merge_resolve_reason", "incident": {"id": "P2", "summary": "Checkout down"}}
    said = read(an_event("incident.resolved", data=INCIDENT | {"resolve_reason": reason}))
    assert (said.change, said.text) == (PageChange.MERGED, "merged into Checkout down; it goes on there")


def test_ping() -> None:
    """The test button of a subscription is authentic and nothing to do."""
    body = a_body_of(an_event("pagey.ping", agent=None, data={"message": "Hello", "type": "ping"}))
    assert webhook.events("pagerduty/main", body) == (Ping(connection="pagerduty/main"),)


@pytest.mark.parametrize(
    "kind",
    [
        "incident.action_invocation.created",
        "incident.action_invocation.terminated",
        "incident.action_invocation.updated",
        "incident.custom_field_values.updated",
        "incident.incident_type.changed",
        "incident.role.assigned",
        "incident.role.unassigned",
        "incident.task.completed",
        "incident.task.created",
        "incident.workflow.completed",
        "incident.workflow.started",
        "service.created",
        "service.custom_field_values.updated",
        "service.deleted",
        "service.updated",
    ],
)
def test_no_news_of_a_page(kind: str) -> None:
    """A subscription to everything also tells of services, tasks and workflows: counted, never parked."""
    assert webhook.events("pagerduty/main", a_body_of(an_event(kind))) == (
        Ignored(connection="pagerduty/main", kind=kind),
    )


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (an_event("incident.teleported"), "type we do not know"),
        (an_event("incident.resolved", data=None), "without an incident"),
        (an_event("incident.resolved", data=INCIDENT | {"id": None}), "without an incident"),
        (an_event("incident.resolved", occurred_at=None), "a time is missing or not ISO 8601"),
        (an_event("incident.resolved", occurred_at="yesterday"), "a time is missing or not ISO 8601"),
    ],
)
def test_not_understood(event: dict[str, Any], why: str) -> None:
    """What a later version may understand is parked, and says why."""
    with pytest.raises(Unrecognised, match=why):
        webhook.events("pagerduty/main", a_body_of(event))


class TestPublished:
    """The vendor's own published bodies and signatures."""

    pytestmark = pytest.mark.shared

    @pytest.fixture
    def vectors(self) -> Sequence[dict[str, Any]]:
        every = json.loads(shared_path("vectors/signatures.json").read_text())["vectors"]
        return [vector for vector in every if vector["provider"] == "pagerduty"]

    def test_vectors(self, vectors: Sequence[dict[str, Any]]) -> None:
        """Each published signature is accepted or refused as its publisher says."""
        assert {vector["accept"] for vector in vectors} == {True, False}
        for vector in vectors:
            body, secret = vector["body"].encode(), vector["secret"].encode()
            if vector["accept"]:
                webhook.verify(list(vector["headers"].items()), body, [secret])
            else:
                with pytest.raises(Forged):
                    webhook.verify(list(vector["headers"].items()), body, [secret])

    def test_v3_sample(self) -> None:
        """The V3 body of the vendor's client library is understood."""
        body = shared_path("specs/pagerduty/webhook_v3_incident_priority_updated.json").read_bytes()
        (said,) = webhook.events("pagerduty/main", body)
        assert isinstance(said, PageEvent)
        assert (said.page_id, said.change, said.actor) == ("PGR0VU2", PageChange.CHANGED, "Tenex Engineer")

    def test_v2_sample(self) -> None:
        """A body of the old format is recognised, and the cure is named."""
        body = shared_path("specs/pagerduty/webhook_v2_incident_trigger.json").read_bytes()
        with pytest.raises(Unrecognised, match="V3 webhook subscription"):
            webhook.events("pagerduty/main", body)
