"""The fake Zammad's webhooks and triggers: kept, run and sent, each attempt signed alike.

https://docs.zammad.org/en/pre-release/api/webhook.html, `.../api/trigger.html`. From Zammad's `TriggerWebhookJob`: five
attempts, whatever the answer but 2xx; nothing is sent by an inactive webhook; unsigned without a token. Of a trigger's
condition only `ticket.action` is looked at.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Mapping
from typing import Any

from connectors.kit.fakes.delivery import Deliver
from connectors.kit.webhooks.signatures import sign_hex_hmac
from connectors.zammad.fake.desk import Missing, Unprocessable, ZammadDesk
from connectors.zammad.fake.wire import payload

ATTEMPTS = 5
HIDDEN = "**********"
SECRETS = ("signature_token", "basic_auth_password", "bearer_token")


class Hooks:
    """`deliver` may be changed."""

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self.webhooks: dict[int, dict[str, Any]] = {}
        self.triggers: dict[int, dict[str, Any]] = {}
        self._ids = itertools.count(1)
        self._deliveries = itertools.count(1)
        self._waiting: deque[tuple[str, dict[str, str], bytes]] = deque()

    def add_webhook(self, fields: Mapping[str, Any], now: str) -> dict[str, Any]:
        """A new one. Raises `Unprocessable`."""
        for name in ("name", "endpoint"):
            if not fields.get(name):
                raise Unprocessable(f"Missing required value for field '{name}'!")
        defaults: dict[str, Any] = {
            "http_method": "post",
            "signature_token": None,
            "ssl_verify": True,
            "basic_auth_username": None,
            "basic_auth_password": None,
            "bearer_token": None,
            "note": None,
            "pre_defined_webhook_type": None,
            "customized_payload": False,
            "custom_payload": None,
            "preferences": {},
            "active": True,
        }
        return self._add(self.webhooks, {**defaults, **fields}, now)

    def add_trigger(self, fields: Mapping[str, Any], now: str) -> dict[str, Any]:
        """A new one. Raises `Unprocessable`."""
        for name in ("name", "condition", "perform"):
            if not fields.get(name):
                raise Unprocessable(f"Missing required value for field '{name}'!")
        defaults = {
            "disable_notification": True,
            "localization": None,
            "timezone": None,
            "note": None,
            "activator": "action",
            "execution_condition_mode": "selective",
            "active": True,
        }
        return self._add(self.triggers, {**defaults, **fields}, now)

    def remove_webhook(self, own_id: int) -> None:
        """Raises `Missing`, and `Unprocessable` while a trigger names it."""
        if own_id not in self.webhooks:
            raise Missing(f"Couldn't find Webhook with 'id'={own_id}")
        users = [one["name"] for one in self.triggers.values() if _webhook_of(one) == own_id]
        if users:
            raise Unprocessable(f"This object is referenced by other object(s): Trigger: {', '.join(users)}")
        del self.webhooks[own_id]

    def run(
        self, action: str, desk: ZammadDesk, ticket: dict[str, Any], article: dict[str, Any] | None
    ) -> None:
        """Let every active trigger act."""
        for trigger in self.triggers.values():
            webhook = self.webhooks.get(_webhook_of(trigger) or 0)
            if not trigger["active"] or webhook is None or not webhook["active"]:
                continue
            wanted = trigger["condition"].get("ticket.action", {}).get("value", action)
            if action in (wanted if isinstance(wanted, list) else [wanted]):
                body = json.dumps(payload(desk, ticket, article)).encode()
                self._waiting.append((webhook["endpoint"], self._headers(webhook, trigger, body), body))

    async def drain(self) -> int:
        """Send until nothing waits; how many were sent."""
        sent = 0
        while self._waiting:
            url, headers, body = self._waiting.popleft()
            sent += 1
            for _ in range(ATTEMPTS):
                if 200 <= await self.deliver(url, headers, body) < 300:
                    break
        return sent

    def headers(self, body: bytes, token: str | None, trigger: str = "notify") -> dict[str, str]:
        """What is sent with this body."""
        found = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zammad User Agent",
            "X-Zammad-Trigger": trigger,
            "X-Zammad-Delivery": f"00000000-0000-4000-8000-{next(self._deliveries):012d}",
        }
        if token:
            found["X-Hub-Signature"] = sign_hex_hmac(body, token.encode(), prefix="sha1=", algorithm="sha1")
        return found

    def _headers(self, webhook: dict[str, Any], trigger: dict[str, Any], body: bytes) -> dict[str, str]:
        return self.headers(body, webhook["signature_token"], trigger["name"])

    def _add(self, records: dict[int, dict[str, Any]], fields: Mapping[str, Any], now: str) -> dict[str, Any]:
        own_id = next(self._ids)
        records[own_id] = {**fields, "id": own_id, "created_at": now, "updated_at": now}
        return records[own_id]


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook as the API shows it: never its secrets."""
    return {**record, **{name: HIDDEN for name in SECRETS if name in record}}


def _webhook_of(trigger: Mapping[str, Any]) -> int | None:
    found = trigger["perform"].get("notification.webhook", {}).get("webhook_id")
    return found if isinstance(found, int) else None
