"""The fake Help Scout's webhooks: listed and changed by the API, and sent when something happens.

https://developer.helpscout.com/webhooks/ and https://developer.helpscout.com/mailbox-api/endpoints/webhooks/create/.
`state` is taken as helpscout-api-php sends it; the documentation of the calls does not name it.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Mapping
from typing import Any

from connectors.kit.fakes.delivery import Deliver
from connectors.kit.webhooks.signing import sign_hmac

MOST_OF_A_SECRET = 40
OF_CONVERSATIONS = [
    "convo.agent.reply.created",
    "convo.assigned",
    "convo.created",
    "convo.customer.reply.created",
    "convo.deleted",
    "convo.merged",
    "convo.moved",
    "convo.note.created",
    "convo.status",
    "convo.tags",
]
_OTHERS = ["convo.custom-fields", "customer.created", "tag.created", "tag.deleted", "tag.updated"]
KNOWN = frozenset([*OF_CONVERSATIONS, *_OTHERS])
ATTEMPTS = 2


class HelpScoutHooks:
    """`deliver` posts; those that are waiting go with `drain`."""

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self._ids = itertools.count(10)
        self.all: dict[int, dict[str, Any]] = {}
        # What the documentation leaves open: whether a state can be written, and whether secrets are shown.
        self.takes_states = True
        self.shows_secrets = False
        self._waiting: deque[tuple[str, dict[str, str], bytes]] = deque()

    def add(self, said: Mapping[str, Any]) -> int:
        """One more; its id."""
        own_id = next(self._ids)
        self.all[own_id] = {"id": own_id}
        self.set(own_id, said)
        return own_id

    def set(self, own_id: int, said: Mapping[str, Any]) -> None:
        """All of it is replaced; a state that is not said stays."""
        state = self.all[own_id].get("state") or "enabled"
        if self.takes_states and said.get("state"):
            state = said["state"]
        self.all[own_id] = {
            "id": own_id,
            "url": said["url"],
            "state": state,
            "events": list(said["events"]),
            "notification": bool(said.get("notification")),
            "payloadVersion": said.get("payloadVersion") or "V2",
            "label": said.get("label") or "",
            "mailboxIds": list(said.get("mailboxIds") or []),
            "secret": said["secret"],
        }

    def fault_in(self, said: Any) -> str | None:
        """The field that would be refused."""
        if not isinstance(said, dict) or not isinstance(said.get("url"), str) or not said["url"]:
            return "url"
        events = said.get("events")
        if not isinstance(events, list) or not events or not set(events) <= KNOWN:
            return "events"
        secret = said.get("secret")
        if not isinstance(secret, str) or not 0 < len(secret) <= MOST_OF_A_SECRET:
            return "secret"
        return None

    def shown(self, own_id: int) -> dict[str, Any]:
        """As the API shows it."""
        found = self.all[own_id]
        return {key: value for key, value in found.items() if key != "secret" or self.shows_secrets}

    def tell(self, event: str, inbox: int | None, body: Mapping[str, Any]) -> None:
        """To each that wants it."""
        raw = json.dumps(body).encode()
        for one in self.all.values():
            is_wanted = event in one["events"] and one["state"] == "enabled"
            if is_wanted and (not one["mailboxIds"] or inbox is None or inbox in one["mailboxIds"]):
                headers = signed(raw, one["secret"], event)
                self._waiting.append((one["url"], headers, raw))

    async def drain(self) -> int:
        """Send all that wait; returns how many."""
        sent = 0
        while self._waiting:
            url, headers, body = self._waiting.popleft()
            sent += 1
            for _ in range(ATTEMPTS):
                if 200 <= await self.deliver(url, headers, body) < 300:
                    break
        return sent


def signed(body: bytes, secret: str, event: str) -> dict[str, str]:
    """The headers of a delivery."""
    signature = sign_hmac(body, secret.encode(), prefix="", algorithm="sha1", encoding="base64")
    return {
        "Content-Type": "application/json",
        "X-HelpScout-Event": event,
        "X-HelpScout-Signature": signature,
    }
