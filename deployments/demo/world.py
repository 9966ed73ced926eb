"""The demo's world: fakes that speak their vendors' wire protocols on loopback, a status page, and two web services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prefect.blocks.core import Block
from pydantic import SecretStr
from starlette.types import ASGIApp

from blocks.http import HttpBlock
from blocks.pagerduty import PagerDutyBlock
from blocks.redmine import RedmineBlock
from blocks.slack import SlackBlock
from blocks.staticpage import StaticPageBlock
from blocks.zendesk import ZendeskBlock
from connectors.http.fake.app import (
    FakeService,
    Health,
    Remedy,
)
from connectors.http.settings import HealthProbe, WebhookAction
from connectors.kit.fakes.loopback import serving
from connectors.pagerduty.fake import app as pagerduty
from connectors.redmine.fake import app as redmine
from connectors.slack.fake import app as slack
from connectors.zendesk.fake import app as zendesk

REQUESTS_A_MINUTE = 2500
UPDATES_A_MINUTE = 300
"""What Zendesk takes of an account with the High Volume add-on, as one has to which thousands write within minutes:
https://developer.zendesk.com/api-reference/introduction/rate-limits/. The fake counts, and the connection keeps to it.
"""
ROUTING_KEYS = {
    "": pagerduty.ROUTING_KEY,
    "payments": "11111111111111111111111111111111",
    "payments-lead": "22222222222222222222222222222222",
    "platform": "33333333333333333333333333333333",
}


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything outside Liaison. `addresses` says where each part listens, once it is served."""

    zendesk: zendesk.FakeZendesk
    pagerduty: pagerduty.FakePagerDuty
    slack: slack.FakeSlack
    redmine: redmine.FakeRedmine
    checkout: FakeService
    search: FakeService
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def apps(self) -> Mapping[str, ASGIApp]:
        """The parts to be served, by the names of `addresses`."""
        return {
            "zendesk": self.zendesk.app,
            "pagerduty": self.pagerduty.app,
            "slack": self.slack.app,
            "redmine": self.redmine.app,
            "checkout": self.checkout.app,
            "search": self.search.app,
        }

    def point_webhooks_at(self, gateway_url: str) -> None:
        """Let the three vendors send their webhooks to this gateway from now on."""
        self.zendesk.webhooks.url = f"{gateway_url}/hooks/zendesk/demo"
        self.pagerduty.subscription.url = f"{gateway_url}/hooks/pagerduty/demo"
        self.slack.webhooks.url = f"{gateway_url}/hooks/slack/demo"

    def break_checkout(self) -> None:
        """The outage: the checkout's health answers errors."""
        self.checkout.health = Health.ERROR

    def mend_checkout(self) -> None:
        """The end of the outage: the checkout is healthy again."""
        self.checkout.health = Health.HEALTHY


def make_world(*, duplicate_rate: float = 0.2, shuffle: bool = True, seed: int = 7) -> World:
    """The fakes, not yet served. The helpdesk repeats and reorders its webhooks."""
    return World(
        zendesk=zendesk.FakeZendesk(
            duplicate_rate=duplicate_rate,
            shuffle=shuffle,
            seed=seed,
            updates_per_minute=UPDATES_A_MINUTE,
            requests_per_minute=REQUESTS_A_MINUTE,
        ),
        pagerduty=pagerduty.FakePagerDuty(routing_keys=ROUTING_KEYS),
        slack=slack.FakeSlack(),
        redmine=redmine.FakeRedmine(),
        checkout=FakeService(remedies={"restart-checkout": Remedy.FAILS}),
        search=FakeService(),
    )


@asynccontextmanager
async def open_world(*, duplicate_rate: float = 0.2, seed: int = 7) -> AsyncIterator[World]:
    """Serve the fakes until the end of the block."""
    world = make_world(duplicate_rate=duplicate_rate, seed=seed)
    async with AsyncExitStack() as stack:
        for name, app in world.apps.items():
            world.addresses[name] = await stack.enter_async_context(serving(app))
        sender = asyncio.create_task(world.zendesk.send_webhooks())
        stack.push_async_callback(world.zendesk.aclose)
        stack.callback(sender.cancel)
        yield world


def connections(world: World, status_folder: Path | None = None) -> dict[str, Block]:
    """The connections of the demo's policy, by name; with a status page where there is a folder for it."""
    allowed = [address.removeprefix("http://") for address in world.addresses.values()]
    page = {} if status_folder is None else {"staticpage/demo": _status_page(status_folder)}
    return page | {
        "redmine/demo": RedmineBlock(
            base_url=world.addresses["redmine"], api_key=SecretStr(redmine.API_KEY), project="shop"
        ),
        "zendesk/demo": ZendeskBlock(
            base_url=world.addresses["zendesk"],
            email=zendesk.EMAIL,
            api_token=SecretStr(zendesk.API_TOKEN),
            signing_secrets=[SecretStr(zendesk.SIGNING_SECRET)],
            integration_user_id=world.zendesk.integration_user_id,
            updates_per_minute=UPDATES_A_MINUTE,
            requests_per_minute=REQUESTS_A_MINUTE,
            job_poll_seconds=0.2,
        ),
        "pagerduty/demo": PagerDutyBlock(
            api_url=world.addresses["pagerduty"],
            events_url=world.addresses["pagerduty"],
            api_token=SecretStr(pagerduty.API_TOKEN),
            from_email=pagerduty.FROM_EMAIL,
            routing_key=SecretStr(ROUTING_KEYS[""]),
            routing_keys={name: SecretStr(key) for name, key in ROUTING_KEYS.items() if name},
            signing_secrets=[SecretStr(pagerduty.SIGNING_SECRET)],
        ),
        "slack/demo": SlackBlock(
            base_url=world.addresses["slack"],
            bot_token=SecretStr(slack.TOKEN),
            signing_secrets=[SecretStr(slack.SIGNING_SECRET)],
        ),
        "http/checkout": HttpBlock(
            probe=HealthProbe(urls=[f"{world.addresses['checkout']}/health"], pause_seconds=0.1),
            action=WebhookAction(
                url=f"{world.addresses['checkout']}/actions/{{action}}",
                bearer_token=SecretStr(world.checkout.token),
                honours_idempotency_key=True,
            ),
            allow_private=allowed,
        ),
        "http/search": HttpBlock(
            probe=HealthProbe(urls=[f"{world.addresses['search']}/health"]), allow_private=allowed
        ),
    }


def _status_page(folder: Path) -> Block:
    return StaticPageBlock(folder=str(folder), title="Acme status", services=["Checkout"])


async def save_connections(world: World, status_folder: Path | None = None) -> None:
    """Save them, as an operator would in the Prefect UI."""
    for name, block in connections(world, status_folder).items():
        await block.save(name.partition("/")[2], overwrite=True)
