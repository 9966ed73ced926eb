"""The account's webhooks, listed and mended. All of it is for administrators.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic import SecretStr

from connectors.kit.fields import record, records, text
from connectors.kit.pagination import ByCursor, pages
from connectors.zendesk.calls import Call, Get
from connectors.zendesk.subscriptions import mapping
from incidents.errors import NotFound, Refused, Unknown
from incidents.subscriptions import MadeSubscription, WebhookSubscription

PAGE = 100
MOST_PAGES = 100
_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_BY_CURSOR: ByCursor[dict[str, Any]] = ByCursor(
    cursor=lambda data: (
        text(record(data.get("meta")).get("after_cursor"))
        if record(data.get("meta")).get("has_more") is True
        else ""
    ),
    param="page[after]",
)


class ZendeskWebhooks:
    """`secrets` are the connection's."""

    def __init__(self, get: Get, call: Call, secrets: Sequence[bytes]) -> None:
        self._get = get
        self._call = call
        self._secrets = secrets

    async def list(self) -> Sequence[WebhookSubscription]:
        """Every webhook, with the secret of each looked up."""
        triggers = [one async for one in self._all("triggers")]
        return [
            mapping.subscription(one, triggers, self._secrets, await self._secret(text(one.get("id"))))
            async for one in self._all("webhooks")
        ]

    async def make(self, address: str, title: str) -> MadeSubscription:
        """Make one that sends nothing yet. A lost answer is `Unknown`: list again."""
        made = await self._call(
            "POST", "webhooks", json=mapping.new_webhook(address, title), is_repeatable=False
        )
        own_id = text(record(record(made).get("webhook")).get("id"))
        if not own_id:
            raise Unknown("zendesk POST webhooks: no id in the answer")
        return MadeSubscription(id=own_id, secret=SecretStr(await self._secret(own_id)))

    async def mend(self, id: str, address: str) -> SecretStr | None:
        """Switch it on, complete it, point it to us; returns its secret if that is none of the connection's."""
        webhook = record((await self._get(_path(id))).get("webhook"))
        await self._call("PATCH", _path(id), json=mapping.mended(webhook, address), is_repeatable=True)
        secret = await self._secret(id)
        return SecretStr(secret) if secret and secret.encode() not in self._secrets else None

    async def remove(self, id: str) -> None:
        """Delete it; one that is gone is no error."""
        with contextlib.suppress(NotFound):
            await self._call("DELETE", _path(id), is_repeatable=True)

    async def _secret(self, id: str) -> str:
        shown = await self._get(f"{_path(id)}/signing_secret")
        return text(record(shown.get("signing_secret")).get("secret"))

    async def _all(self, name: str) -> AsyncIterator[dict[str, Any]]:
        async for page in pages(self._page, name, {"page[size]": str(PAGE)}, by=_BY_CURSOR, most=MOST_PAGES):
            for one in records(page.get(name)):
                yield one

    async def _page(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        return await self._get(path, **params)


def _path(id: str) -> str:
    if _ID.fullmatch(id) is None:
        raise Refused("zendesk: not the id of a webhook")
    return f"webhooks/{id}"
