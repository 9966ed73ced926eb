"""The fake Roundup's issues, messages and people, with the ways of Roundup 2.6.0's classic tracker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

STATUSES = {
    "1": "unread",
    "2": "deferred",
    "3": "chatting",
    "4": "need-eg",
    "5": "in-progress",
    "6": "testing",
    "7": "done-cbb",
    "8": "resolved",
}
PRIORITIES = {"1": "critical", "2": "urgent", "3": "bug", "4": "feature", "5": "wish"}
CHATTING = "3"
STARTS_TO_CHAT = ("1", "7", "8")
Item = dict[str, Any]


@dataclass
class FakeItems:
    """Items by class and number. `is_deaf` answers changes of issues with success and changes nothing;
    `before_change` happens when a change has come and is not looked at yet."""

    clock: Callable[[], datetime]
    people: dict[str, str] = field(
        default_factory=lambda: {"1": "admin", "2": "anonymous", "3": "liaison", "4": "grace"}
    )
    is_deaf: bool = False
    before_change: list[Callable[[], None]] = field(default_factory=list)
    issues: dict[str, Item] = field(default_factory=dict)
    messages: dict[str, Item] = field(default_factory=dict)

    def message(self, user: str, content: str, *, author: str | None = None, messageid: str = "") -> str:
        """A message that is nowhere yet."""
        item = {"content": content, "author": author or user, "messageid": messageid or None}
        return self._kept(self.messages, user, item)

    def issue(self, user: str, title: str, messages: list[str], priority: str | None = None) -> str:
        """A new issue is unread."""
        item = {"title": title, "messages": messages, "priority": priority, "status": "1"}
        return self._kept(self.issues, user, item)

    def change(self, key: str, **values: Any) -> None:
        """A new message makes an unread or resolved issue `chatting`, unless the same change says its status."""
        issue = self.issues[key]
        has_news = values.get("messages", issue["messages"]) != issue["messages"]
        if has_news and "status" not in values and issue["status"] in STARTS_TO_CHAT:
            values["status"] = CHATTING
        if any(issue[name] != value for name, value in values.items()):
            issue.update(values, activity=self.clock())

    def write(self, key: str, user: str, content: str) -> None:
        """A message below an issue."""
        self.change(key, messages=[*self.issues[key]["messages"], self.message(user, content)])

    def retire(self, key: str) -> None:
        """What Roundup calls deleting: it stands there, and in no list."""
        self.issues[key]["is_retired"] = True

    def _kept(self, items: dict[str, Item], user: str, item: Item) -> str:
        now, number = self.clock(), str(len(items) + 1)
        items[number] = {**item, "id": number, "creator": user, "activity": now, "is_retired": False}
        return number


def etag(item: Item) -> str:
    """Of all that an item has."""
    return f'"{hashlib.md5(repr(sorted(item.items())).encode(), usedforsecurity=False).hexdigest()}"'


def stamp(at: datetime) -> str:
    """A time as Roundup answers it: in UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%d.%H:%M:%S")
