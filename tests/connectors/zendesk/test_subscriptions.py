"""Zendesk's webhooks, listed and mended: the contract, and what is Zendesk's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.zendesk import Zendesk
from connectors.zendesk.fake.app import API_TOKEN, EMAIL
from incidents.errors import NotAllowed
from incidents.subscriptions import SecretMatch
from tests.connectors.zendesk.conftest import SECRET, ZendeskWorld, connect
from tests.contracts.webhook_subscriptions import ADDRESS, TITLE, WebhookSubscriptionsContract

GATEWAY = "http://gateway.test/zendesk"
BODY = '{"ticket_id": "{{ticket.id}}"}'


class ZendeskAccount:
    """The account's administrator."""

    webhooks_path = "webhooks"

    def __init__(self, world: ZendeskWorld) -> None:
        self._fake = world.fake
        self.faults = world.faults
        self.api = world.fake.api.webhooks
        self.told: list[str] = []
        world.fake.make_admin()

    def add_webhook(self, address: str, title: str = "", **fields: Any) -> str:
        values = {
            "name": title or "Other",
            "endpoint": address,
            "http_method": "POST",
            "request_format": "json",
            "status": "active",
            "subscriptions": ["zen:event-type:user.created"],
        }
        return self.api.add(values | fields)

    def add_trigger(self, webhook_id: str, body: str = BODY, **fields: Any) -> None:
        actions = [{"field": "notification_webhook", "value": [webhook_id, body]}]
        self._fake.api.setup.add("triggers", {"title": "Tell", "conditions": {}, "actions": actions} | fields)

    def switch_off(self, id: str) -> None:
        self.api.records[id]["status"] = "inactive"

    def addresses(self) -> Mapping[str, str]:
        return {key: record["endpoint"] for key, record in self.api.records.items()}

    async def something_happens(self) -> list[str]:
        async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
            self.told.append(url)
            return 200

        self.told.clear()
        for outbox in (self._fake.webhooks, *self.api.outboxes.values()):
            outbox.deliver = deliver
        self._fake.create_ticket("Ada", "ada@customer.example", "Cannot pay", "Refused")
        await self._fake.drain_webhooks()
        return [url for url in self.told if url != GATEWAY]


@pytest.fixture
def account(world: ZendeskWorld) -> ZendeskAccount:
    return ZendeskAccount(world)


class TestZendeskListsItsWebhooks(WebhookSubscriptionsContract):
    @pytest.fixture
    def vendor(self, account: ZendeskAccount, helpdesk: Zendesk) -> Zendesk:
        return helpdesk


async def test_only_administrators_may_look(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """An agent's token does for all else, so the operator is told what right it takes."""
    with pytest.raises(NotAllowed):
        await helpdesk.subscriptions()


@pytest.mark.parametrize(
    ("trigger", "lacks", "held_by"),
    [
        ({}, False, True),
        ({"active": False}, True, True),
        ({"body": "{{ticket.id}} changed"}, True, True),
        ({"body": '{"id": 1}'}, True, True),
        ({"webhook": "01OTHER"}, True, False),
    ],
)
async def test_fed_by_triggers(
    account: ZendeskAccount, helpdesk: Zendesk, trigger: dict[str, Any], lacks: bool, held_by: bool
) -> None:
    """It tells what an active trigger with our JSON tells; only a person can add one."""
    own_id = account.add_webhook(ADDRESS, subscriptions=["conditional_ticket_events"])
    account.add_trigger(trigger.pop("webhook", own_id), **trigger)
    (row,) = await helpdesk.subscriptions()
    assert bool(row.lacks) is lacks
    assert "trigger" in row.complete_by_hand
    assert bool(row.held_by) is held_by
    await helpdesk.mend_subscription(own_id, address=ADDRESS)
    assert account.api.records[own_id]["subscriptions"] == ["conditional_ticket_events"], "its kind stays"


async def test_both_kinds_tell_the_same(account: ZendeskAccount, helpdesk: Zendesk) -> None:
    """An event's webhook beside one for triggers is a double: both tell of every ticket."""
    account.add_webhook(ADDRESS, subscriptions=["conditional_ticket_events"])
    made = await helpdesk.subscribe(ADDRESS, title=TITLE)
    first, second = await helpdesk.subscriptions()
    assert second.id == made.id
    assert first.kinds & second.kinds


async def test_the_secret_is_compared_and_taken_over(account: ZendeskAccount, world: ZendeskWorld) -> None:
    """Zendesk shows it: one that is none of ours is known, and handed out to be kept."""
    ours = connect(world)
    made = await ours.subscribe(ADDRESS, title=TITLE)
    assert made.secret is not None
    (row,) = await ours.subscriptions()
    assert row.secret is SecretMatch.DIFFERENT
    assert await ours.mend_subscription(made.id, address=ADDRESS) == made.secret
    await ours.aclose()
    knowing = connect(world, signing_secrets=[SECRET, made.secret])
    (row,) = await knowing.subscriptions()
    assert row.secret is SecretMatch.SAME
    assert await knowing.mend_subscription(made.id, address=ADDRESS) is None
    await knowing.aclose()


async def test_triggers_over_the_wire(world: ZendeskWorld, account: ZendeskAccount) -> None:
    """The fake's triggers are made, changed and removed as Zendesk's are."""
    transport = InProcessTransport(world.fake.app)
    login = (f"{EMAIL}/token", API_TOKEN)
    async with httpx.AsyncClient(
        transport=transport, base_url="https://acme.zendesk.test/api/v2", auth=login
    ) as http:
        fields = {"title": "Tell", "conditions": {"all": [], "any": []}}
        refused = await http.post("/triggers", json={"trigger": fields})
        assert refused.status_code == 422
        actions = [{"field": "notification_webhook", "value": ["01X", BODY]}]
        made = (await http.post("/triggers", json={"trigger": fields | {"actions": actions}})).json()[
            "trigger"
        ]
        assert made["active"] is True
        assert made["url"].endswith(f"/triggers/{made['id']}.json")
        changed = await http.put(f"/triggers/{made['id']}", json={"trigger": {"active": False}})
        assert changed.json()["trigger"]["actions"] == actions
        active = (await http.get("/triggers/active")).json()
        assert active["triggers"] == []
        assert (await http.delete(f"/triggers/{made['id']}")).status_code == 204
