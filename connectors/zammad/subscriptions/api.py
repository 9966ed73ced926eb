"""Zammad's webhooks and triggers, listed and mended; for users with the permissions admin.webhook and admin.trigger.

https://docs.zammad.org/en/pre-release/api/webhook.html and `.../api/trigger.html`
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from connectors.kit.fields import any_text, record
from connectors.kit.pagination import ByNumber, pages
from connectors.zammad.api import ZammadApi
from connectors.zammad.mapping import id_from
from connectors.zammad.settings import ZammadSettings
from connectors.zammad.subscriptions import mapping
from incidents.errors import NotFound, Refused, Unknown
from incidents.subscriptions import MadeSubscription, WebhookSubscription

PAGE = 100
MOST_PAGES = 100
_BY_NUMBER: ByNumber[list[dict[str, Any]]] = ByNumber(has_more=lambda found: len(found) >= PAGE)


class ZammadWebhooks:
    """Webhooks are signed with the first of the connection's secrets."""

    def __init__(self, api: ZammadApi, settings: ZammadSettings) -> None:
        self._api = api
        self._secret = settings.signing_secrets[0]

    async def rows(self) -> Sequence[WebhookSubscription]:
        """Every webhook, with the triggers that call it looked at."""
        triggers = await self._all("triggers")
        return [mapping.subscription(one, triggers) for one in await self._all("webhooks")]

    async def make(self, address: str, title: str) -> MadeSubscription:
        """Make one that sends nothing yet. A lost answer is `Unknown`: list again."""
        body = mapping.new_webhook(address, title, self._secret.get_secret_value())
        made = record(await self._api.send("POST", "webhooks", body, is_repeatable=False))
        own_id = id_from(made.get("id"))
        if own_id is None:
            raise Unknown("zammad POST webhooks: no id in the answer")
        return MadeSubscription(id=own_id, secret=None)

    async def mend(self, id: str, address: str) -> None:
        """Switch it on, point it to us, give it our secret, and let a trigger of ours call it where none does."""
        webhook = await self._api.record(_path(id))
        body = mapping.mended(webhook, address, self._secret.get_secret_value())
        await self._api.send("PUT", _path(id), body, is_repeatable=True)
        calling = [one for one in await self._all("triggers") if mapping.calls(one, id)]
        told = {action for one in calling if one.get("active") is True for action in mapping.actions_of(one)}
        for action in mapping.ACTIONS:
            if action not in told:
                await self._tell(id, webhook, action, calling)

    async def remove(self, id: str) -> None:
        """The triggers of ours first: Zammad keeps a webhook that one names."""
        path = _path(id)
        for one in await self._all("triggers"):
            if mapping.calls(one, id) and mapping.is_ours_alone(one):
                await self._delete(f"triggers/{any_text(one.get('id'))}")
        await self._delete(path)

    async def _tell(
        self, id: str, webhook: dict[str, Any], action: str, calling: Sequence[dict[str, Any]]
    ) -> None:
        wanted = mapping.new_trigger(id, webhook, action)
        ours = next((one for one in calling if one.get("name") == wanted["name"]), None)
        if ours is None:
            await self._api.send("POST", "triggers", wanted, is_repeatable=False)
        else:
            await self._api.send("PUT", f"triggers/{any_text(ours.get('id'))}", wanted, is_repeatable=True)

    async def _delete(self, path: str) -> None:
        with contextlib.suppress(NotFound):
            await self._api.send("DELETE", path, is_repeatable=True)

    async def _all(self, name: str) -> list[dict[str, Any]]:
        asked = {"per_page": str(PAGE)}
        found = pages(self._api.entries, name, asked, by=_BY_NUMBER, most=MOST_PAGES)
        return [one async for page in found for one in page]


def _path(id: str) -> str:
    if id_from(id) is None:
        raise Refused("zammad: not the id of a webhook")
    return f"webhooks/{id}"
