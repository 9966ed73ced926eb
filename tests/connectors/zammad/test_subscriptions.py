"""Zammad's webhooks with their triggers, listed and mended: the contract, and what is Zammad's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.zammad import Zammad
from connectors.zammad.subscriptions.mapping import actions_of
from incidents.errors import NotAllowed, Refused
from tests.connectors.zammad.conftest import ZammadWorld
from tests.contracts.webhook_source import FIRST
from tests.contracts.webhook_subscriptions import ADDRESS, TITLE, WebhookSubscriptionsContract


class ZammadAccount:
    """The administrator."""

    webhooks_path = "/webhooks"

    def __init__(self, world: ZammadWorld) -> None:
        self.world = world
        self.hooks = world.fake.hooks
        self.faults = world.faults
        self.told: list[str] = []
        world.fake.make_admin()

    def add_webhook(self, address: str, title: str = "", **fields: Any) -> str:
        values = {"name": title or "Other", "endpoint": address, "signature_token": "somebody-else-chose-it"}
        return str(self.hooks.add_webhook(values | fields, self.world.fake.desk.now())["id"])

    def add_trigger(self, webhook_id: str, **fields: Any) -> None:
        perform = {"notification.webhook": {"webhook_id": int(webhook_id)}}
        values: dict[str, Any] = {"name": "By hand", "condition": {"ticket.state_id": {}}, "perform": perform}
        self.hooks.add_trigger(values | fields, self.world.fake.desk.now())

    def switch_off(self, id: str) -> None:
        self.hooks.webhooks[int(id)]["active"] = False

    def addresses(self) -> Mapping[str, str]:
        return {str(key): one["endpoint"] for key, one in self.hooks.webhooks.items()}

    async def something_happens(self) -> list[str]:
        async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
            self.told.append(url)
            return 200

        self.told.clear()
        self.hooks.deliver = deliver
        self.world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
        await self.world.fake.drain_webhooks()
        return list(self.told)


@pytest.fixture
def account(world: ZammadWorld) -> ZammadAccount:
    return ZammadAccount(world)


class TestZammadListsItsWebhooks(WebhookSubscriptionsContract):
    @pytest.fixture
    def vendor(self, account: ZammadAccount, helpdesk: Zammad) -> Zammad:
        return helpdesk


async def test_only_administrators_may_look(helpdesk: Zammad) -> None:
    with pytest.raises(NotAllowed):
        await helpdesk.subscriptions()


async def test_our_secret_is_given_to_it(account: ZammadAccount, helpdesk: Zammad) -> None:
    """Zammad never shows one, so the connection's own is set: whoever knew another is out."""
    own_id = account.add_webhook(ADDRESS)
    await helpdesk.mend_subscription(own_id, address=ADDRESS)
    assert account.hooks.webhooks[int(own_id)]["signature_token"] == FIRST.decode()
    made = await helpdesk.subscribe(ADDRESS, title=TITLE)
    assert account.hooks.webhooks[int(made.id)]["signature_token"] == FIRST.decode()
    assert made.secret is None


async def test_a_trigger_by_hand_is_enough(account: ZammadAccount, helpdesk: Zammad) -> None:
    """One that acts on both, or one on each; mending adds only what is missing."""
    own_id = account.add_webhook(ADDRESS)
    account.add_trigger(own_id)
    (row,) = await helpdesk.subscriptions()
    assert (row.lacks, row.held_by) == ((), ("trigger 'By hand'",))
    account.hooks.triggers.clear()
    account.add_trigger(own_id, condition={"ticket.action": {"operator": "is", "value": "create"}})
    (row,) = await helpdesk.subscriptions()
    assert row.lacks == ("tickets on update: no trigger calls it then",)
    await helpdesk.mend_subscription(own_id, address=ADDRESS)
    names = [one["name"] for one in account.hooks.triggers.values()]
    assert names == ["By hand", f"Liaison (webhook {own_id}) update"]


async def test_a_trigger_of_ours_that_was_switched_off(account: ZammadAccount, helpdesk: Zammad) -> None:
    """It is switched on again, not made twice."""
    made = await helpdesk.subscribe(ADDRESS, title=TITLE)
    await helpdesk.mend_subscription(made.id, address=ADDRESS)
    for one in account.hooks.triggers.values():
        one["active"] = False
    (row,) = await helpdesk.subscriptions()
    assert len(row.lacks) == 2
    await helpdesk.mend_subscription(made.id, address=ADDRESS)
    (row,) = await helpdesk.subscriptions()
    assert row.lacks == ()
    assert len(account.hooks.triggers) == 2


async def test_a_customized_payload_is_mended(account: ZammadAccount, helpdesk: Zammad) -> None:
    """It may say anything; ours is the default one."""
    own_id = account.add_webhook(ADDRESS, customized_payload=True, custom_payload="{}")
    account.add_trigger(own_id)
    (row,) = await helpdesk.subscriptions()
    assert row.lacks == ("the ticket: its payload is customized",)
    await helpdesk.mend_subscription(own_id, address=ADDRESS)
    (row,) = await helpdesk.subscriptions()
    assert row.lacks == ()


async def test_what_somebodys_trigger_names_stays(account: ZammadAccount, helpdesk: Zammad) -> None:
    """Our own triggers go with the webhook, another's is not touched."""
    made = await helpdesk.subscribe(ADDRESS, title=TITLE)
    await helpdesk.mend_subscription(made.id, address=ADDRESS)
    account.add_trigger(made.id)
    with pytest.raises(Refused):
        await helpdesk.unsubscribe(made.id)
    assert [one["name"] for one in account.hooks.triggers.values()] == ["By hand"]
    account.hooks.triggers.clear()
    await helpdesk.unsubscribe(made.id)
    assert account.addresses() == {}


@pytest.mark.parametrize(
    ("condition", "actions"),
    [
        ({}, {"create", "update"}),
        ({"ticket.state_id": {"operator": "is", "value": [1]}}, {"create", "update"}),
        ({"ticket.action": {"operator": "is", "value": "create"}}, {"create"}),
        ({"ticket.action": {"operator": "is", "value": ["create", "update"]}}, {"create", "update"}),
        (
            {
                "operator": "AND",
                "conditions": [{"name": "ticket.action", "operator": "is", "value": "update"}],
            },
            {"update"},
        ),
        (
            {
                "operator": "AND",
                "conditions": [
                    {"operator": "OR", "conditions": [{"name": "ticket.action", "value": "create"}]},
                    {"name": "article.type_id", "operator": "is", "value": 10},
                ],
            },
            {"create"},
        ),
        ({"ticket.action": None, "conditions": "x"}, {"create", "update"}),
        ({"ticket.action": {"value": "reminder_reached"}}, set()),
    ],
)
def test_on_what_a_trigger_acts(condition: dict[str, Any], actions: set[str]) -> None:
    """Both shapes of a condition are documented."""
    assert actions_of({"condition": condition}) == actions
