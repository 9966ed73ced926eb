"""The demo's world: four fakes that speak their vendors' wire protocols on loopback, and two web services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import uvicorn
from prefect.blocks.core import Block
from pydantic import SecretStr
from starlette.types import ASGIApp

from blocks.http import HttpBlock
from blocks.pagerduty import PagerDutyBlock
from blocks.slack import SlackBlock
from blocks.zendesk import ZendeskBlock
from connectors.http.fake import FakeService, Health, Remedy
from connectors.http.settings import HealthProbe, WebhookAction
from connectors.pagerduty import fake as pagerduty
from connectors.slack import fake as slack
from connectors.zendesk import fake as zendesk
from deployments.processes import free_port

HOST = "127.0.0.1"
ROUTING_KEYS = {
    "": pagerduty.ROUTING_KEY,
    "payments": "11111111111111111111111111111111",
    "payments-lead": "22222222222222222222222222222222",
    "platform": "33333333333333333333333333333333",
}


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything outside Liaison. `addresses` says where each part listens."""

    zendesk: zendesk.FakeZendesk
    pagerduty: pagerduty.FakePagerDuty
    slack: slack.FakeSlack
    checkout: FakeService
    search: FakeService
    addresses: dict[str, str]

    def point_webhooks_at(self, gateway_url: str) -> None:
        self.zendesk.webhooks.url = f"{gateway_url}/hooks/zendesk/demo"
        self.pagerduty.subscription.url = f"{gateway_url}/hooks/pagerduty/demo"
        self.slack.webhooks.url = f"{gateway_url}/hooks/slack/demo"

    def break_checkout(self) -> None:
        self.checkout.health = Health.ERROR

    def mend_checkout(self) -> None:
        self.checkout.health = Health.HEALTHY


@asynccontextmanager
async def open_world(*, duplicate_rate: float = 0.2, seed: int = 7) -> AsyncIterator[World]:
    """Serve the fakes until the end of the block. The helpdesk repeats and reorders its webhooks."""
    addresses: dict[str, str] = {}
    parts: dict[str, ASGIApp] = {
        "zendesk": (
            desk := zendesk.FakeZendesk(
                duplicate_rate=duplicate_rate, shuffle=True, seed=seed, updates_per_minute=700
            )
        ).app,
        "pagerduty": (pager := pagerduty.FakePagerDuty(routing_keys=ROUTING_KEYS)).app,
        "slack": (chat := slack.FakeSlack()).app,
        "checkout": (checkout := FakeService(remedies={"restart-checkout": Remedy.FAILS})).app,
        "search": (search := FakeService()).app,
    }
    async with AsyncExitStack() as stack:
        for name, app in parts.items():
            addresses[name] = await stack.enter_async_context(serving(app))
        sender = asyncio.create_task(desk.send_webhooks())
        stack.push_async_callback(desk.aclose)
        stack.callback(sender.cancel)
        yield World(
            zendesk=desk,
            pagerduty=pager,
            slack=chat,
            checkout=checkout,
            search=search,
            addresses=addresses,
        )


async def save_connections(world: World) -> None:
    """Save the blocks of the demo's policy, as an operator would in the Prefect UI."""
    allowed = [address.removeprefix("http://") for address in world.addresses.values()]
    saved: dict[str, Block] = {
        "demo/zendesk": ZendeskBlock(
            base_url=world.addresses["zendesk"],
            email=zendesk.EMAIL,
            api_token=SecretStr(zendesk.API_TOKEN),
            signing_secrets=[SecretStr(zendesk.SIGNING_SECRET)],
            integration_user_id=world.zendesk.integration_user_id,
            updates_per_minute=700,
            requests_per_minute=2000,
            job_poll_seconds=0.2,
        ),
        "demo/pagerduty": PagerDutyBlock(
            api_url=world.addresses["pagerduty"],
            events_url=world.addresses["pagerduty"],
            api_token=SecretStr(pagerduty.API_TOKEN),
            from_email=pagerduty.FROM_EMAIL,
            routing_key=SecretStr(ROUTING_KEYS[""]),
            routing_keys={name: SecretStr(key) for name, key in ROUTING_KEYS.items() if name},
            signing_secrets=[SecretStr(pagerduty.SIGNING_SECRET)],
        ),
        "demo/slack": SlackBlock(
            base_url=world.addresses["slack"],
            bot_token=SecretStr(slack.TOKEN),
            signing_secrets=[SecretStr(slack.SIGNING_SECRET)],
        ),
        "checkout/http": HttpBlock(
            probe=HealthProbe(urls=[f"{world.addresses['checkout']}/health"], pause_seconds=0.1),
            action=WebhookAction(
                url=f"{world.addresses['checkout']}/actions/{{action}}",
                bearer_token=SecretStr(world.checkout.token),
                honours_idempotency_key=True,
            ),
            allow_private=allowed,
        ),
        "search/http": HttpBlock(
            probe=HealthProbe(urls=[f"{world.addresses['search']}/health"]), allow_private=allowed
        ),
    }
    for key, block in saved.items():
        await block.save(key.partition("/")[0], overwrite=True)


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on a free port of loopback; yields its address."""
    port = free_port(0)
    config = uvicorn.Config(app, host=HOST, port=port, log_level="critical", lifespan="off", access_log=False)
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag only
        await asyncio.sleep(0.01)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """uvicorn takes SIGINT for itself; the demo stops its servers in its own order."""

    def install_signal_handlers(self) -> None:
        """Leave signals alone."""
