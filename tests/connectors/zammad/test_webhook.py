"""Zammad's webhooks: the contract, and what they say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kit.webhooks.signatures import sign_hex_hmac
from connectors.zammad import Zammad
from connectors.zammad.fake.hooks import Hooks
from connectors.zammad.webhook import PREFIX, SIGNATURE
from incidents.errors import Forged, Unrecognised
from incidents.events import TicketEvent
from incidents.models import Departure, TicketRef
from tests.connectors.zammad.conftest import ZammadWorld, connect, settings
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def body(by: int | None = None, **ticket: Any) -> bytes:
    """As documented, shortened; `by` wrote its article."""
    found = {
        "id": 81,
        "number": "10081",
        "title": "Login fails",
        "state": "open",
        "state_id": 2,
        "updated_at": "2026-03-01T11:59:58.123Z",
        "updated_by_id": 8,
        "customer": {"id": 8, "email": "emily@example.com"},
    }
    article = {} if by is None else {"id": 109, "internal": False, "created_by_id": by}
    return json.dumps({"ticket": found | ticket, "article": article}).encode()


def sign(data: bytes, secret: bytes = FIRST) -> Headers:
    return [
        (SIGNATURE, sign_hex_hmac(data, secret, prefix=PREFIX, algorithm="sha1")),
        ("X-Zammad-Trigger", "notify"),
        ("X-Zammad-Delivery", "7d8a0d0e-8c5e-4f2d-9b1c-6f1f0b0c9a11"),
    ]


class TestZammadWebhook(WebhookSourceContract):
    signature_headers = (SIGNATURE,)

    @pytest.fixture
    def source(self) -> Zammad:
        return Zammad("zammad/support", settings())

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


def events(data: bytes, **changes: object) -> list[Any]:
    source = Zammad("zammad/support", settings(**changes))
    return list(source.events(source.verify(sign(data), data, now=NOW)))


def test_a_ticket_changed() -> None:
    """Its comments are to be read: the article may be older than the last one."""
    (event,) = events(body())
    assert isinstance(event, TicketEvent)
    assert event.ref == TicketRef(connection="zammad/support", id="81")
    assert event.at == datetime(2026, 3, 1, 11, 59, 58, 123000, tzinfo=UTC)
    assert event.comments_to_read
    assert event.gone is None


@pytest.mark.parametrize(("state", "gone"), [("merged", Departure.MERGED), ("removed", Departure.DELETED)])
def test_a_ticket_is_no_more(state: str, gone: Departure) -> None:
    (event,) = events(body(state=state))
    assert event.gone is gone


@pytest.mark.parametrize(
    ("changes", "by_us"),
    [({"updated_by_id": 5}, True), ({"by": 5, "updated_by_id": 5}, True), ({"updated_by_id": 8}, False)],
)
def test_what_we_did_is_marked_as_ours(changes: dict[str, Any], by_us: bool) -> None:
    """Whether it is the echo of a write of ours is for the ledger to say."""
    (event,) = events(body(**changes), integration_user_id=5)
    assert event.by_us is by_us


def test_a_customers_words_that_are_told_after_our_change() -> None:
    """Zammad writes the delivery late: the ticket is as we left it, the article is the customer's."""
    (event,) = events(body(by=8, updated_by_id=5), integration_user_id=5)
    assert not event.by_us


@pytest.mark.parametrize("ticket", [{"id": None}, {"id": "../1"}, {"id": True}, {"updated_at": "yesterday"}])
def test_what_is_not_understood_is_parked(ticket: dict[str, Any]) -> None:
    with pytest.raises(Unrecognised):
        events(body(**ticket))


def test_only_the_sha1_signature_counts() -> None:
    """A Zammad without a token signs nothing; another algorithm's prefix is no proof."""
    source, data = Zammad("zammad/support", settings()), body()
    for headers in (
        sign(data)[1:],
        [(SIGNATURE, sign_hex_hmac(data, FIRST, prefix="sha256=", algorithm="sha256"))],
    ):
        with pytest.raises(Forged):
            source.verify(headers, data, now=NOW)


def test_only_the_signature_is_kept() -> None:
    data = body()
    source = Zammad("zammad/support", settings())
    verified = source.verify([*sign(data), ("Authorization", "Bearer secret")], data, now=NOW)
    assert [name for name, _ in verified.headers] == [SIGNATURE]


async def test_what_the_fake_sends_is_understood(world: ZammadWorld) -> None:
    """From the customer's first mail on: each delivery is genuine, and names its ticket."""
    received: list[tuple[dict[str, str], bytes]] = []

    async def deliver(url: str, headers: dict[str, str], data: bytes) -> int:
        received.append((headers, data))
        return 200

    hooks: Hooks = world.fake.hooks
    hooks.deliver = deliver
    webhook = hooks.add_webhook(
        {"name": "A", "endpoint": "https://a.example", "signature_token": FIRST.decode()},
        world.fake.desk.now(),
    )
    perform = {"notification.webhook": {"webhook_id": webhook["id"]}}
    hooks.add_trigger({"name": "t", "condition": {"x": {}}, "perform": perform}, world.fake.desk.now())
    ticket = world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
    world.let_time_pass(1)
    world.customer_reply(ticket, "Still")
    assert await world.fake.drain_webhooks() == 2
    zammad = connect(world)
    verified = [zammad.verify(list(headers.items()), data, now=world.now()) for headers, data in received]
    assert {event.ref.id for one in verified for event in zammad.events(one)} == {ticket}  # type: ignore[union-attr]
    assert len({one.identity for one in verified}) == 2
    await zammad.aclose()


async def test_a_refused_delivery_is_tried_five_times(world: ZammadWorld) -> None:
    """And is gone then, as at Zammad: the poll finds it."""
    tries: list[str] = []

    async def deliver(url: str, headers: dict[str, str], data: bytes) -> int:
        tries.append(headers["X-Hub-Signature"])
        return 503

    world.fake.hooks.deliver = deliver
    webhook = world.fake.hooks.add_webhook(
        {"name": "A", "endpoint": "https://a.example", "signature_token": "x" * 20}, world.fake.desk.now()
    )
    perform = {"notification.webhook": {"webhook_id": webhook["id"]}}
    world.fake.hooks.add_trigger(
        {"name": "t", "condition": {"x": {}}, "perform": perform}, world.fake.desk.now()
    )
    world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
    assert await world.fake.drain_webhooks() == 1
    assert len(tries) == 5
    assert len(set(tries)) == 1
