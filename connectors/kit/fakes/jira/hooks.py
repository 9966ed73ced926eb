"""The fake Jira's webhooks, as an administrator makes them: signed where they have a secret, tried again a while.

https://developer.atlassian.com/cloud/jira/platform/webhooks/. Tried again are 408, 409, 425, 429 and 5xx, five times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.kit.fakes.jira import shapes
from connectors.kit.webhooks.signing import sign_hex_hmac

if TYPE_CHECKING:
    from connectors.kit.fakes.jira.site import FakeSite, SiteComment, SiteIssue

Deliver = Callable[[str, dict[str, str], bytes], Awaitable[int]]
"""Posts to an address, with headers and a body; returns the status."""
MOST_TRIES = 5
TRIED_AGAIN = frozenset({408, 409, 425, 429})
FILTER = "issue-related-events-section"
_PROJECT = re.compile(r'project\s*=\s*"?(?P<key>[A-Z0-9_]+)"?')


async def nowhere(url: str, headers: dict[str, str], body: bytes) -> int:
    """Nobody listens."""
    return 200


@dataclass
class SiteHooks:
    """All webhooks, and what is on its way."""

    deliver: Deliver = nowhere
    webhooks: dict[int, dict[str, Any]] = field(default_factory=dict)
    waiting: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    _made: int = 0

    def add(self, fields: Mapping[str, Any]) -> int:
        """A new one, enabled unless it says otherwise; its id."""
        self._made += 1
        whole = {"name": "", "url": "", "events": [], "filters": {}, "excludeBody": False, "enabled": True}
        self.webhooks[self._made] = {**whole, **fields}
        return self._made

    def change(self, id: int, fields: Mapping[str, Any]) -> None:
        """As said; a secret that is not named stays."""
        self.webhooks[id] |= fields

    def tell(
        self,
        site: FakeSite,
        kind: str,
        issue: SiteIssue,
        by: str,
        *,
        change: Mapping[str, Any] | None = None,
        comment: SiteComment | None = None,
    ) -> None:
        """Something happened: put it on its way to every webhook that wants to know of it."""
        data: dict[str, Any] = {
            "timestamp": int(site.clock().timestamp() * 1000),
            "webhookEvent": kind,
            "issue": {
                "id": str(issue.id),
                "self": f"{site.address}/rest/api/2/issue/{issue.id}",
                "key": issue.key,
                "fields": shapes.fields_of(site, issue, "2"),
            },
        }
        if kind.startswith("jira:"):
            data |= {"issue_event_type_name": "issue_generic", "user": shapes.person(site, by)}
        if change is not None:
            data["changelog"] = {"id": "10124", "items": [dict(change)]}
        if comment is not None:
            is_service = site.projects[issue.project] == "service_desk"
            data["comment"] = shapes.comment(site, issue, comment, "2", is_service=is_service)
        for own, webhook in self.webhooks.items():
            if webhook["enabled"] and kind in webhook["events"] and _matches(webhook, issue.project):
                self._send(own, webhook, data)

    async def drain(self) -> int:
        """Deliver what is on its way; how many."""
        sent, self.waiting = self.waiting, []
        for url, headers, body in sent:
            for number in range(MOST_TRIES):
                again = {"X-Atlassian-Webhook-Retry": str(number)} if number else {}
                answer = await self.deliver(url, headers | again, body)
                if answer < 500 and answer not in TRIED_AGAIN:
                    break
        return len(sent)

    def _send(self, id: int, webhook: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        body = b"" if webhook["excludeBody"] else json.dumps(data).encode()
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Atlassian-Webhook-Identifier": f"{id}-{data['timestamp']}-{len(self.waiting)}",
            "X-Atlassian-Webhook-Flow": "Primary",
        }
        if webhook.get("secret"):
            headers["X-Hub-Signature"] = sign_hex_hmac(body, webhook["secret"].encode(), prefix="sha256=")
        self.waiting.append((webhook["url"], headers, body))


def _matches(webhook: Mapping[str, Any], project: str) -> bool:
    found = _PROJECT.search(webhook["filters"].get(FILTER, ""))
    return found is None or found["key"] == project
