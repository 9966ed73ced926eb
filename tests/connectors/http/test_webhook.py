"""Signed webhooks of a helpdesk that has no connector: the contract, and what this scheme adds."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.http.connector import Http
from connectors.http.fake.app import FakeService
from connectors.http.fields import TicketFields
from connectors.http.settings import HttpSettings, WebhookMapping
from connectors.kit.webhooks.signatures import sign_standard_webhook
from incidents.errors import NotAllowed
from incidents.events import (
    Lane,
    TicketEvent,
    Verified,
)
from incidents.models import TicketStatus
from incidents.ports import Connector
from tests.contracts.webhook_source import FIRST, SECOND, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PAYLOAD = {
    "type": "ticket.updated",
    "data": {
        "id": 4711,
        "title": "Cannot pay",
        "text": "The card form spins for ever.",
        "state": "open",
        "revision": 3,
        "created": "2026-03-02T09:00:00Z",
        "changed": "2026-03-02T09:29:30Z",
        "customer": {"id": "c-9", "name": "Ada", "email": "ada@example.com"},
        "labels": ["payments", "vip"],
        "link": "https://desk.example.com/4711",
        "comment": {"id": "k1", "text": "Any news?", "public": True, "by": "customer", "name": "Ada"},
    },
}
FIELDS = TicketFields(
    id="data.id",
    subject="data.title",
    body="data.text",
    status="data.state",
    version="data.revision",
    created_at="data.created",
    updated_at="data.changed",
    requester_id="data.customer.id",
    requester_name="data.customer.name",
    requester_email="data.customer.email",
    tags="data.labels",
    url="data.link",
    channel="=web form",
    comment_id="data.comment.id",
    comment_text="data.comment.text",
    comment_public="data.comment.public",
    comment_author_kind="data.comment.by",
    comment_author_name="data.comment.name",
)


def mapping(*secrets: bytes) -> WebhookMapping:
    return WebhookMapping(
        signing_secrets=[SecretStr(secret.decode()) for secret in secrets or (FIRST, SECOND)], ticket=FIELDS
    )


@pytest.fixture
def source() -> Http:
    return Http("http/desk", HttpSettings(webhook=mapping()))


class TestHttpWebhook(WebhookSourceContract):
    signature_headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    is_timed = True

    @pytest.fixture
    def source(self, source: Http) -> Http:
        return source

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return json.dumps(PAYLOAD).encode()

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            time = str(int(at.timestamp()))
            signature = sign_standard_webhook(body, secret, id="msg_1", timestamp=time)
            return [
                ("Webhook-Id", "msg_1"),
                ("Webhook-Timestamp", time),
                ("Webhook-Signature", signature),
                ("Content-Type", "application/json"),
            ]

        return sign


async def test_a_ticket_from_the_fake(source: Http, service: FakeService) -> None:
    """The fake's own signature verifies; a retry has the same identity, a second delivery another."""
    taken: list[Verified] = []

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        taken.append(source.verify(list(headers.items()), body, now=NOW))
        return 202

    service.deliver, service.webhook_secret, service.clock = deliver, SECOND.decode(), lambda: NOW
    assert await service.send_ticket(PAYLOAD) == 202
    await service.send_again()
    await service.send_ticket(PAYLOAD)
    first, again, second = (verified.identity for verified in taken)
    assert first == again != second
    [event] = source.events(taken[0])
    assert isinstance(event, TicketEvent)
    assert event.ticket is not None
    assert event.ticket.status is TicketStatus.OPEN
    assert event.comment is not None


def test_a_long_id_becomes_its_hash(source: Http) -> None:
    """Whatever a sender takes for an id, the identity fits the inbox and still tells deliveries apart."""
    identities = set()
    for message in ("m" * 3000, "m" * 3001):
        time = str(int(NOW.timestamp()))
        signature = sign_standard_webhook(b"{}", FIRST, id=message, timestamp=time)
        headers = [("webhook-id", message), ("webhook-timestamp", time), ("webhook-signature", signature)]
        identities.add(source.verify(headers, b"{}", now=NOW).identity)
    assert {len(identity) for identity in identities} == {64}
    assert len(identities) == 2


def test_only_the_scheme_s_headers_are_kept(source: Http) -> None:
    """A proxy's credentials beside them do not reach the inbox."""
    time = str(int(NOW.timestamp()))
    signature = sign_standard_webhook(b"{}", FIRST, id="m", timestamp=time)
    headers = [("webhook-id", "m"), ("webhook-timestamp", time), ("webhook-signature", signature)]
    verified = source.verify([*headers, ("Authorization", "Basic c2VjcmV0")], b"{}", now=NOW)
    assert list(verified.headers) == [*headers, ("liaison-sent-at", NOW.isoformat())]


def test_lane() -> None:
    """Intake, unless the operator says otherwise."""
    assert Http("http/x", HttpSettings(webhook=mapping())).lane is Lane.INTAKE
    synced = mapping().model_copy(update={"lane": Lane.STATUS_SYNC})
    assert Http("http/x", HttpSettings(webhook=synced)).lane is Lane.STATUS_SYNC


def test_without_a_section() -> None:
    """Nothing is accepted, and nothing is called forged either: the sender shall keep it and try again."""
    with pytest.raises(NotAllowed, match="no webhook section"):
        Http("http/x", HttpSettings()).verify([], b"{}", now=NOW)


@pytest.mark.parametrize(
    "secret", ["", "short", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64!"]
)
def test_bad_secrets(secret: str) -> None:
    """A secret that protects nothing is refused when it is configured."""
    with pytest.raises(ValidationError):
        WebhookMapping(signing_secrets=[SecretStr(secret)], ticket=FIELDS)


def test_no_secret() -> None:
    """There is no unsigned mode."""
    with pytest.raises(ValidationError):
        WebhookMapping(signing_secrets=[], ticket=FIELDS)


async def test_check_says_what_is_configured() -> None:
    """The sentence names the sections and the hosts that were resolved."""
    settings = HttpSettings.model_validate(
        {
            "probe": {"urls": "http://localhost/health"},
            "action": {"url": "http://127.0.0.1:8080/run?key=s3cret"},
        }
    )
    connector = Http("http/x", settings, transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    assert isinstance(connector, Connector)
    said = await connector.check()
    assert said == "http/x: sections probe, action; hosts that resolve: 127.0.0.1:8080, localhost"
