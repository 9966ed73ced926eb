"""The webhooks of a site, listed and mended for a service project: the contract; the rest stands with Jira's tests."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from connectors.jsm import ServiceManagement
from tests.connectors.jsm.conftest import ServiceWorld
from tests.contracts.webhook_subscriptions import WebhookSubscriptionsContract


class ServiceAccount:
    """The administrator."""

    webhooks_path = "/webhooks"

    def __init__(self, world: ServiceWorld) -> None:
        self.world = world
        self.hooks = world.site.hooks
        self.faults = world.faults
        self.told: list[str] = []
        world.fake.administration.is_ours = True

    def add_webhook(self, address: str, title: str = "") -> str:
        values = {"name": title, "url": address, "events": ["sprint_started"], "secret": "x" * 20}
        return str(self.hooks.add(values))

    def switch_off(self, id: str) -> None:
        self.hooks.webhooks[int(id)]["enabled"] = False

    def addresses(self) -> Mapping[str, str]:
        return {str(key): one["url"] for key, one in self.hooks.webhooks.items()}

    async def something_happens(self) -> list[str]:
        async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
            self.told.append(url)
            return 200

        self.told.clear()
        self.hooks.deliver = deliver
        self.world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
        await self.hooks.drain()
        return list(self.told)


@pytest.fixture
def account(world: ServiceWorld) -> ServiceAccount:
    return ServiceAccount(world)


class TestServiceManagementListsItsWebhooks(WebhookSubscriptionsContract):
    @pytest.fixture
    def vendor(self, account: ServiceAccount, helpdesk: ServiceManagement) -> ServiceManagement:
        return helpdesk
