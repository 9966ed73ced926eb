"""The webhooks of requests: the contract, and what they say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.jsm import ServiceManagement
from connectors.kit.atlassian.webhooks import PREFIX, SIGNATURE
from connectors.kit.fakes.jira.site import ENGINEER, OWN_ID
from connectors.kit.webhooks.signatures import sign_hex_hmac
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, TicketEvent
from incidents.models import Departure, TicketRef
from tests.connectors.jsm.conftest import ADDRESS, ServiceWorld, connect, settings
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AT = datetime(2026, 3, 1, 11, 59, 58, 123000, tzinfo=UTC)


def body(kind: str = "comment_created", *, by: str = "qm:1", key: str = "HELP-7", **fields: Any) -> bytes:
    """As documented, shortened."""
    found: dict[str, Any] = {
        "timestamp": int(AT.timestamp() * 1000),
        "webhookEvent": kind,
        "issue": {"id": "10002", "self": f"{ADDRESS}/rest/api/2/issue/10002", "key": key},
        "comment": {"id": "1", "body": "Still broken", "jsdPublic": True, "updateAuthor": {"accountId": by}},
    }
    return json.dumps(found | fields).encode()


def sign(data: bytes, secret: bytes = FIRST) -> Headers:
    return [(SIGNATURE, sign_hex_hmac(data, secret, prefix=PREFIX)), ("X-Atlassian-Webhook-Flow", "Primary")]


class TestServiceManagementWebhook(WebhookSourceContract):
    signature_headers = (SIGNATURE,)

    @pytest.fixture
    def source(self) -> ServiceManagement:
        return ServiceManagement("jsm/support", settings())

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return body()

    @pytest.fixture
    def signed(self) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
            return sign(body, secret)

        return made


def events(data: bytes) -> list[Event]:
    source = ServiceManagement("jsm/support", settings())
    return list(source.events(source.verify(sign(data), data, now=NOW)))


@pytest.mark.parametrize(
    "kind", ["jira:issue_created", "jira:issue_updated", "comment_created", "comment_updated"]
)
def test_a_ticket_changed(kind: str) -> None:
    """It is read again, and what was written on it, too."""
    assert events(body(kind)) == [
        TicketEvent(ref=TicketRef(connection="jsm/support", id="10002"), at=AT, comments_to_read=True)
    ]


def test_a_ticket_is_no_more() -> None:
    (event,) = events(body("jira:issue_deleted"))
    assert isinstance(event, TicketEvent)
    assert event.gone is Departure.DELETED
    assert not event.comments_to_read


def test_other_projects_and_kinds_are_counted() -> None:
    """A webhook without a filter tells of the whole site."""
    assert events(body(key="SHOP-7")) == [Ignored(connection="jsm/support", kind="of another project")]
    assert events(body("worklog_created")) == [Ignored(connection="jsm/support", kind="worklog_created")]


def test_a_request_that_was_moved_away_is_told() -> None:
    """It is the same number, and no longer in our project: reading tells how it stands."""
    items = [{"field": "Key", "fromString": "HELP-7", "toString": "SHOP-3"}]
    (event,) = events(body("jira:issue_updated", key="SHOP-3", changelog={"items": items}))
    assert isinstance(event, TicketEvent)


def test_another_sites_delivery_is_parked() -> None:
    issue = {"id": "10002", "key": "HELP-7", "self": "https://other.atlassian.net/rest/api/2/issue/10002"}
    with pytest.raises(Unrecognised, match="another Jira"):
        events(body(issue=issue))


@pytest.mark.parametrize("issue", [None, {"key": "HELP-7"}, {"id": "../1", "key": "HELP-7"}, {"id": "1"}])
def test_what_is_not_understood_is_parked(issue: Any) -> None:
    with pytest.raises(Unrecognised):
        events(body(issue=issue))


async def test_what_we_did_is_marked_as_ours(world: ServiceWorld) -> None:
    """Once our account is known; who else wrote is not us."""
    desk = connect(world)
    await desk.check()
    for by, is_ours in ((OWN_ID, True), (ENGINEER, False)):
        data = body(by=by)
        (event,) = desk.events(desk.verify(sign(data), data, now=NOW))
        assert isinstance(event, TicketEvent)
        assert event.by_us is is_ours
    await desk.aclose()


async def test_what_the_fake_sends_is_understood(world: ServiceWorld) -> None:
    """From the customer's first word on: each delivery is genuine, and names its ticket."""
    received: list[tuple[dict[str, str], bytes]] = []

    async def deliver(url: str, headers: dict[str, str], data: bytes) -> int:
        received.append((headers, data))
        return 200

    world.site.hooks.deliver = deliver
    told = ["jira:issue_created", "comment_created"]
    world.site.hooks.add({"url": "https://a.example", "events": told, "secret": FIRST.decode()})
    ticket = world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
    world.customer_reply(ticket, "Still")
    assert await world.site.hooks.drain() == 2
    desk = connect(world)
    verified = [desk.verify(list(headers.items()), data, now=world.now()) for headers, data in received]
    refs = {event.ref.id for one in verified for event in desk.events(one) if isinstance(event, TicketEvent)}
    assert refs == {ticket}
    assert len({one.identity for one in verified}) == 2
    await desk.aclose()
