"""The webhook of Intercom's app: signed, a hint, and of our workspace alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.intercom import Intercom
from connectors.intercom.fake.app import WORKSPACE, FakeIntercom
from connectors.kit.webhooks.signatures import sign_hex_hmac
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Ignored, Ping, TicketEvent, Verified
from incidents.models import TicketRef
from tests.connectors.intercom.conftest import settings
from tests.contracts.webhook_source import FIRST, STRANGERS, Headers, Sign, WebhookSourceContract

NAME = "intercom/support"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def notice(**changes: Any) -> bytes:
    """As documented, shortened."""
    said: dict[str, Any] = {
        "type": "notification_event",
        "app_id": WORKSPACE,
        "id": "notif_1",
        "topic": "conversation.user.replied",
        "created_at": int(NOW.timestamp()),
        "data": {"type": "notification_event_data", "item": {"type": "conversation", "id": "7"}},
    }
    return json.dumps(said | changes).encode()


def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    signature = sign_hex_hmac(body, secret, prefix="sha1=", algorithm="sha1")
    return [("X-Hub-Signature", signature), ("Content-Type", "application/json")]


def intercom(**changes: object) -> Intercom:
    return Intercom(NAME, settings(**changes))


class TestIntercomWebhook(WebhookSourceContract):
    signature_headers = ("X-Hub-Signature",)

    @pytest.fixture
    def source(self) -> Intercom:
        return intercom()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return notice()

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


def told(body: bytes) -> list[object]:
    source = intercom()
    return list(source.events(source.verify(sign(body), body, now=NOW)))


async def test_each_change_is_told() -> None:
    """The app's own deliveries; the conversation is to be read again, with what was written."""
    source = intercom()
    seen: list[Verified] = []

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        seen.append(source.verify(list(headers.items()), body, now=NOW))
        return 200

    fake = FakeIntercom(
        webhook_url="https://liaison.example/hooks", secret=FIRST.decode(), deliver=deliver, clock=lambda: NOW
    )
    own_id = fake.create_ticket("Ada", "ada@customer.example", "Hi", "x")
    fake.inbox.answer(own_id, "Any news?")
    assert await fake.drain_webhooks() == 2
    ref = TicketRef(connection=NAME, id=own_id)
    assert [source.events(one) for one in seen] == [[TicketEvent(ref=ref, at=NOW, comments_to_read=True)]] * 2
    assert [one.identity for one in seen] == ["notification:notif_1", "notification:notif_2"]


def test_a_delivery_that_is_sent_again_is_known() -> None:
    """It counts its attempts in the body, and keeps its id."""
    source = intercom()
    first, second = notice(delivery_attempts=1), notice(delivery_attempts=2)
    names = {source.verify(sign(body), body, now=NOW).identity for body in (first, second)}
    assert names == {"notification:notif_1"}


def test_another_workspaces_webhook() -> None:
    """One app in two workspaces signs alike for both: ours is told by its id. Another app's is forged."""
    assert told(notice(app_id="zz99")) == [Ignored(connection=NAME, kind="of another workspace")]
    body = notice()
    with pytest.raises(Forged):
        intercom().verify(sign(body, secret=STRANGERS), body, now=NOW)


def test_other_things() -> None:
    """A ping proves the address; contacts are not ours to read."""
    assert told(notice(topic="ping")) == [Ping(connection=NAME)]
    item = {"item": {"type": "contact", "id": "9"}}
    assert told(notice(topic="contact.deleted", data=item)) == [
        Ignored(connection=NAME, kind="contact.deleted")
    ]


TICKET = {"type": "ticket", "id": "9"}


@pytest.mark.parametrize(
    ("topic", "item"),
    [
        ("ticket.created", TICKET),
        ("ticket.contact.replied", {"id": "9"}),
        # Since version 2.15 this one wraps the ticket, in something that may have an id of its own.
        ("ticket.closed", {"ticket": TICKET}),
        ("ticket.closed", {"type": "conversation", "id": "8", "ticket": TICKET}),
    ],
)
def test_a_ticket(topic: str, item: dict[str, object]) -> None:
    """It is no conversation of that number."""
    (event,) = told(notice(topic=topic, data={"item": item}))
    assert event == TicketEvent(
        ref=TicketRef(connection=NAME, id="ticket-9"), at=NOW, ticket=None, comments_to_read=True
    )


@pytest.mark.parametrize(
    ("topic", "item"),
    [
        ("ticket.created", {"type": "conversation", "id": "9"}),
        ("ticket.note.created", {"type": "ticket_part", "id": "9"}),
        ("conversation.user.replied", TICKET),
        ("tickets.created", TICKET),
    ],
)
def test_what_is_of_another_kind(topic: str, item: dict[str, object]) -> None:
    """An id is believed to be of what the item says that it is."""
    assert told(notice(topic=topic, data={"item": item})) == [Ignored(connection=NAME, kind=topic)]


def test_tickets_switched_off() -> None:
    source, body = intercom(reads_tickets=False), notice(topic="ticket.created", data={"item": TICKET})
    found = source.events(source.verify(sign(body), body, now=NOW))
    assert found == [Ignored(connection=NAME, kind="ticket.created")]


async def test_each_change_of_a_ticket_is_told() -> None:
    """The app's own deliveries, one of which wraps the ticket."""
    source = intercom()
    seen: list[Verified] = []

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        seen.append(source.verify(list(headers.items()), body, now=NOW))
        return 200

    fake = FakeIntercom(
        webhook_url="https://liaison.example/hooks", secret=FIRST.decode(), deliver=deliver, clock=lambda: NOW
    )
    own_id = fake.tickets.create("Ada", "ada@customer.example", "Hi", "x")
    fake.tickets.answer(own_id, "Any news?")
    fake.tickets.set(own_id, fake.tickets.state_for(own_id, "7496"), False, tells=True)
    assert await fake.drain_webhooks() == 4
    ref = TicketRef(connection=NAME, id=f"ticket-{own_id}")
    assert [source.events(one) for one in seen] == [[TicketEvent(ref=ref, at=NOW, comments_to_read=True)]] * 4


@pytest.mark.parametrize("item", [{"id": "7"}, {"type": "conversation", "conversation_id": 7}])
def test_a_deletion(item: dict[str, object]) -> None:
    """It names the conversation and no more; reading says that it is gone."""
    (event,) = told(notice(topic="conversation.deleted", data={"item": item}))
    assert isinstance(event, TicketEvent)
    assert event.ref.id == "7"


@pytest.mark.parametrize(
    "body",
    [notice(app_id=None), notice(topic=""), notice(data={"item": {"type": "conversation"}})]
    + [notice(topic="ticket.created", data={"item": item}) for item in ({}, {"ticket": {}}, {"id": "x"})],
)
def test_what_lacks_something(body: bytes) -> None:
    with pytest.raises(Unrecognised):
        told(body)


def test_trial() -> None:
    """`liaison try`: it proves the address and the secret, and is read as a test call."""
    source = intercom()
    trial = source.trial_webhook(now=NOW)
    assert source.events(source.verify(list(trial.headers), trial.body, now=NOW)) == [Ping(connection=NAME)]
    with pytest.raises(NotAllowed, match="signing_secrets"):
        intercom(signing_secrets=[]).trial_webhook(now=NOW)
