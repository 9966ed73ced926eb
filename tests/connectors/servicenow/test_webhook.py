"""The business rule's calls: only it gets in, and what it says is read again."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from connectors.kit.webhooks.signing import ID, SIGNATURE, TIMESTAMP, sign_standard_webhook
from connectors.servicenow import ServiceNowHelpdesk
from connectors.servicenow.fake.instance import AGENT, BOT, INCIDENT, PROBLEM
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Event, Ignored, Ping, TicketEvent
from incidents.models import Departure, TicketRef, TicketStatus
from tests.connectors.servicenow.conftest import ServiceNowWorld, connect
from tests.contracts.helpdesk import NOTE, REPLY
from tests.contracts.webhook_source import FIRST, SECOND, STRANGERS, Headers, Sign, WebhookSourceContract

SYS_ID = "a9e30c7dc61122760116894de7bcc7bd"
DELIVERY = f"sn-{SYS_ID}-4-update"


def body(**fields: Any) -> bytes:
    found = {
        "source": "liaison-rule",
        "version": 1,
        "instance": "acme",
        "table": "incident",
        "sys_id": SYS_ID,
        "number": "INC0000046",
        "operation": "update",
        "by": "ada",
        "at": "2026-03-01 11:59:58",
    }
    return json.dumps(found | fields).encode()


def sign(data: bytes, at: datetime, secret: bytes = FIRST) -> Headers:
    stamp = str(int(at.timestamp()))
    signature = sign_standard_webhook(data, secret, id=DELIVERY, timestamp=stamp)
    return [(ID, DELIVERY), (TIMESTAMP, stamp), (SIGNATURE, signature)]


class TestTheRuleIsAWebhookSource(WebhookSourceContract):
    signature_headers = (ID, TIMESTAMP, SIGNATURE)
    is_timed = True

    @pytest.fixture
    def table(self) -> str:
        return INCIDENT

    @pytest.fixture
    def source(self, world: ServiceNowWorld) -> ServiceNowHelpdesk:
        return connect(world)

    @pytest.fixture
    def now(self, world: ServiceNowWorld) -> datetime:
        return world.now()

    @pytest.fixture
    def a_body(self, world: ServiceNowWorld) -> bytes:
        world.create_ticket("Cannot pay", "words", name="Ada", email="ada@customer.example")
        return world.fake.rule.deliveries[-1][1]

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            return sign(body, at, secret)

        return made


def events(world: ServiceNowWorld, data: bytes, **changes: object) -> list[Event]:
    desk = connect(world, **changes)
    return list(desk.events(desk.verify(sign(data, world.now()), data, now=world.now())))


def heard(world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk) -> list[Event]:
    """What the calls since the last time say."""
    calls, world.fake.rule.deliveries = world.fake.rule.deliveries, []
    return [
        event
        for headers, data in calls
        for event in helpdesk.events(helpdesk.verify(headers, data, now=world.now()))
    ]


async def test_what_the_rule_tells(world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk) -> None:
    """News, comments to be read, an end; and our own changes as ours."""
    ticket = world.create_ticket("Cannot pay", "words", name="Ada", email="ada@customer.example")
    (created,) = heard(world, helpdesk)
    assert created == TicketEvent(
        ref=TicketRef(connection="servicenow/support", id=ticket), at=world.now(), comments_to_read=True
    )
    world.customer_reply(ticket, "Any news?")
    (said,) = heard(world, helpdesk)
    assert isinstance(said, TicketEvent)
    assert (said.comments_to_read, said.by_us) == (True, False)
    for once, change in (("note", NOTE), ("reply", REPLY)):
        await helpdesk.update([ticket], change, once=once)
        (ours,) = heard(world, helpdesk)
        assert isinstance(ours, TicketEvent)
        assert ours.by_us
    world.agent_reply(ticket, "We are on it")
    (theirs,) = heard(world, helpdesk)
    assert isinstance(theirs, TicketEvent)
    assert not theirs.by_us
    world.delete_ticket(ticket)
    (gone,) = heard(world, helpdesk)
    assert isinstance(gone, TicketEvent)
    assert (gone.gone, gone.comments_to_read) == (Departure.DELETED, False)


def test_each_change_has_its_own_identity(world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk) -> None:
    """Also a deletion right after a change, which has the same count of changes."""
    ticket = world.create_ticket("Cannot pay", "words", name="Ada", email="ada@customer.example")
    world.agent_note(ticket, "hm")
    world.agent_note(ticket, "hm")
    world.delete_ticket(ticket)
    calls = world.fake.rule.deliveries
    assert len({helpdesk.verify(*call, now=world.now()).identity for call in calls}) == len(calls) == 4


def test_a_call_holds_no_customers_words(world: ServiceNowWorld) -> None:
    """What lies in the inbox can be read by whoever reads the store."""
    ticket = world.create_ticket("Cannot pay", "every card", name="Ada", email="ada@customer.example")
    world.customer_reply(ticket, "still the card")
    for _, data in world.fake.rule.deliveries:
        assert b"card" not in data
        assert b"pay" not in data


@pytest.mark.parametrize("table", [INCIDENT], indirect=True)
class TestWhatACallSays:
    def test_another_instance_is_parked(self, world: ServiceNowWorld) -> None:
        """A clone of the instance has the rule, its secret and our address: it would tell of records that are not
        there, or that are other ones here."""
        with pytest.raises(Unrecognised, match="another instance"):
            events(world, body(instance="acmetest"))
        with pytest.raises(Unrecognised, match="another instance"):
            events(world, body(), base_url="https://help.acme.example", instance="acmeprod")
        assert events(world, body(), base_url="https://help.acme.example", instance="acme")
        assert events(world, body(instance="x"), base_url="https://help.acme.example"), "nobody said which"

    def test_other_tables_are_counted(self, world: ServiceNowWorld) -> None:
        assert events(world, body(table=PROBLEM)) == [
            Ignored(connection="servicenow/support", kind="of table problem")
        ]

    @pytest.mark.parametrize(
        "change",
        [
            {"source": "other"},
            {"sys_id": "../incident"},
            {"sys_id": "A" * 32},
            {"sys_id": None},
            {"table": ""},
            {"at": "yesterday"},
            {"at": None},
        ],
    )
    def test_what_is_not_understood_is_parked(self, world: ServiceNowWorld, change: dict[str, Any]) -> None:
        with pytest.raises(Unrecognised):
            events(world, body(**change))

    def test_a_record_that_we_made_is_news(self, world: ServiceNowWorld) -> None:
        (event,) = events(world, body(by=BOT, operation="insert"))
        assert isinstance(event, TicketEvent)
        assert not event.by_us

    def test_another_tenants_call_is_forged(self, world: ServiceNowWorld) -> None:
        """Who has the rule at their own instance signs with their own secret."""
        data = body()
        with pytest.raises(Forged):
            connect(world).verify(sign(data, world.now(), STRANGERS), data, now=world.now())

    def test_without_a_secret_nothing_is_taken(self, world: ServiceNowWorld) -> None:
        desk, data = connect(world, signing_secrets=[]), body()
        with pytest.raises(ValueError, match="no signing secret"):
            desk.verify(sign(data, world.now()), data, now=world.now())
        with pytest.raises(NotAllowed, match="signing_secrets"):
            desk.trial_webhook(now=world.now())

    def test_a_test_call_of_our_own(self, world: ServiceNowWorld) -> None:
        """`liaison try` goes through the gateway like any other, and nothing comes of it."""
        desk = connect(world)
        trial = desk.trial_webhook(now=world.now())
        verified = desk.verify(trial.headers, trial.body, now=world.now())
        assert desk.events(verified) == [Ping(connection="servicenow/support")]

    def test_both_secrets_during_a_rotation(self, world: ServiceNowWorld) -> None:
        data = body()
        for secret in (FIRST, SECOND):
            connect(world).verify(sign(data, world.now(), secret), data, now=world.now())


async def test_a_status_by_an_agent_is_heard(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    heard(world, helpdesk)
    world.instance.update(world.table, world.row(ticket), {"state": "6", "close_notes": "x"}, by=AGENT)
    (event,) = heard(world, helpdesk)
    assert isinstance(event, TicketEvent)
    assert (await helpdesk.read([event.ref.id]))[0].status is TicketStatus.SOLVED
