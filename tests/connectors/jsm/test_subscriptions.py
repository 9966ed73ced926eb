"""The webhooks of a site, listed and mended for a service project: the contract; the rest stands with Jira's tests."""

from __future__ import annotations

import pytest

from connectors.jsm import ServiceManagement
from tests.connectors.jira.webhook_account import JiraAccount
from tests.connectors.jsm.conftest import ServiceWorld
from tests.contracts.webhook_subscriptions import WebhookSubscriptionsContract


@pytest.fixture
def account(world: ServiceWorld) -> JiraAccount:
    def happens() -> None:
        world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")

    return JiraAccount(world, happens)


class TestServiceManagementListsItsWebhooks(WebhookSubscriptionsContract):
    @pytest.fixture
    def vendor(self, account: JiraAccount, helpdesk: ServiceManagement) -> ServiceManagement:
        return helpdesk
