"""The scrip's calls: only it gets in, and what it says is read again."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from pydantic import SecretStr

from connectors.kit.webhooks.signing import sign_standard_webhook
from connectors.requesttracker import RequestTracker
from incidents.events import TicketEvent
from incidents.models import Departure, InternalText, PublicText, TicketChange
from tests.connectors.requesttracker.conftest import RequestTrackerWorld, connect
from tests.contracts.webhook_source import FIRST, SECOND, Headers, Sign, WebhookSourceContract


class TestTheScripIsAWebhookSource(WebhookSourceContract):
    signature_headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    is_timed = True

    @pytest.fixture
    def source(self, world: RequestTrackerWorld) -> RequestTracker:
        return connect(world, signing_secrets=[SecretStr(FIRST.decode()), SecretStr(SECOND.decode())])

    @pytest.fixture
    def now(self, world: RequestTrackerWorld) -> datetime:
        return world.now()

    @pytest.fixture
    def a_body(self, world: RequestTrackerWorld) -> bytes:
        world.create_ticket("Cannot pay", "words", name="Ada", email="ada@customer.example")
        return world.fake.scrip.deliveries[-1][1]

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            stamp = str(int(at.timestamp()))
            signature = sign_standard_webhook(body, secret, id="rt-1-2-2", timestamp=stamp)
            return [
                ("webhook-id", "rt-1-2-2"),
                ("webhook-timestamp", stamp),
                ("webhook-signature", signature),
            ]

        return sign


def heard(world: RequestTrackerWorld, helpdesk: RequestTracker) -> list[object]:
    """What the calls since the last time say."""
    calls, world.fake.scrip.deliveries = world.fake.scrip.deliveries, []
    return [
        event
        for headers, body in calls
        for event in helpdesk.events(helpdesk.verify(headers, body, now=world.now()))
    ]


async def test_what_the_scrip_tells(world: RequestTrackerWorld, helpdesk: RequestTracker) -> None:
    """News, comments to be read, an end; and our own changes as ours."""
    ticket = world.create_ticket("Cannot pay", "words", name="Ada", email="ada@customer.example")
    (created,) = heard(world, helpdesk)
    assert isinstance(created, TicketEvent)
    assert (created.ref.id, created.comments_to_read, created.gone) == (ticket, True, None)
    world.customer_reply(ticket, "Any news?")
    (said,) = heard(world, helpdesk)
    assert isinstance(said, TicketEvent)
    assert said.comments_to_read
    assert said.comment is None
    await helpdesk.update([ticket], TicketChange(private_note=InternalText("a note")), once="1")
    (ours,) = heard(world, helpdesk)
    assert isinstance(ours, TicketEvent)
    assert ours.by_us
    assert not created.by_us
    assert not said.by_us
    world.fake.set_status(int(ticket), "stalled")
    (moved,) = heard(world, helpdesk)
    assert isinstance(moved, TicketEvent)
    assert not moved.comments_to_read
    world.delete_ticket(ticket)
    (gone,) = heard(world, helpdesk)
    assert isinstance(gone, TicketEvent)
    assert gone.gone is Departure.DELETED


async def test_what_rt_does_upon_our_change_is_news(
    world: RequestTrackerWorld, helpdesk: RequestTracker
) -> None:
    """Our reply opened the ticket: it is RT's own doing, and told in a call of its own."""
    ticket = world.create_ticket("Cannot pay", "words", name="Ada", email="ada@customer.example")
    heard(world, helpdesk)
    await helpdesk.update([ticket], TicketChange(public_reply=PublicText("We know of it.")), once="1")
    found = [event for event in heard(world, helpdesk) if isinstance(event, TicketEvent)]
    assert sorted(event.by_us for event in found) == [False, True]


def test_a_call_holds_no_customers_words(world: RequestTrackerWorld) -> None:
    """What lies in the inbox can be read by whoever reads the store."""
    world.create_ticket("Cannot pay", "every card", name="Ada", email="ada@customer.example")
    (_, body) = world.fake.scrip.deliveries[-1]
    assert b"card" not in body
    assert b"pay" not in body
    assert set(json.loads(body)) == {"source", "version", "ticket", "status", "transactions"}
