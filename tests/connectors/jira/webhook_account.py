"""An administrator of Jira Cloud, whose webhooks tell of issues and of requests alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.connectors.jira.conftest import JiraWorld
from tests.connectors.jsm.conftest import ServiceWorld


class JiraAccount:
    """The administrator. `happens` is something that webhooks are told of."""

    webhooks_path = "/webhooks"

    def __init__(self, world: JiraWorld | ServiceWorld, happens: Callable[[], object]) -> None:
        self.happens = happens
        self.hooks = world.site.hooks
        self.faults = world.faults
        self.told: list[str] = []
        world.fake.administration.is_ours = True

    def add_webhook(self, address: str, title: str = "", **fields: Any) -> str:
        values = {"name": title, "url": address, "events": ["sprint_started"], "secret": "x" * 20}
        return str(self.hooks.add(values | fields))

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
        self.happens()
        await self.hooks.drain()
        return list(self.told)
