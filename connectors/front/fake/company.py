"""The fake Front's conversations and the rules they keep, as documented: an event for all that happens, a message that
archives its conversation unless it says otherwise, an update whose tags replace the others."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

TEAMMATE, COLLEAGUE = "tea_liai", "tea_ada"
CATEGORIES = ("open", "waiting", "resolved")
API = "https://acme.api.frontapp.com"


class FrontCompany:
    """`tell` hears of each event."""

    def __init__(self, clock: Callable[[], datetime], tell: Callable[[dict[str, Any]], None]) -> None:
        self.clock = clock
        self._tell = tell
        self._ids = itertools.count(1)
        self.teammates = {
            TEAMMATE: self._teammate(TEAMMATE, "liaison", "Liaison", ""),
            COLLEAGUE: self._teammate(COLLEAGUE, "ada", "Ada", "Agent"),
        }
        self.conversations: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self.tags: dict[str, dict[str, Any]] = {}
        self.merged: dict[str, str] = {}
        self.locked: set[str] = set()
        self.has_ticketing = True
        # Something of the house publishes what colleagues write for each other, or hides what they answer.
        self.loses_privacy = self.hides_replies = False
        # A channel holds back what it was given, so that people can undo it; or cannot send it.
        self.holds_back = self.cannot_send = False
        self.held_back: list[tuple[str, str, str]] = []
        self.statuses = [
            {"id": f"sts_{number}", "name": name.title(), "category": name}
            for number, name in enumerate(CATEGORIES, 1)
        ]

    def now(self) -> float:
        """Unix seconds, to the millisecond."""
        return round(self.clock().timestamp(), 3)

    def create(self, name: str, email: str, subject: str, body: str) -> str:
        """A customer writes in by mail."""
        own_id = self._id("cnv")
        contact = {"_links": {"related": {"contact": f"{API}/contacts/{self._id('crd')}"}}}
        self.conversations[own_id] = {
            "id": own_id,
            "subject": subject,
            "status": "unassigned",
            "assignee": None,
            "recipient": {**contact, "name": name, "handle": email, "role": "from"},
            "tags": [],
            "links": [],
            "custom_fields": {"plan": "gold"},
            "created_at": self.now(),
            "is_private": False,
        }
        if self.has_ticketing:
            self.conversations[own_id] |= {"status_id": "sts_1", "status_category": "open"}
        self.messages[own_id], self.comments[own_id] = [], []
        self.answer(own_id, body)
        return own_id

    def answer(self, own_id: str, words: str) -> None:
        """Its customer writes, which opens it."""
        recipient = self.conversations[own_id]["recipient"]
        self._message(own_id, html.escape(words), None, recipient)
        self.set_status(own_id, "open")
        self._happened("inbound", own_id)

    def reply(self, own_id: str, author: str, body: str, *, archives: bool = True) -> None:
        """A teammate writes to the customer; `body` is HTML."""
        if self.hides_replies:
            self._comment(own_id, author, body)
            return
        if self.holds_back:
            self.held_back.append((own_id, author, body))
            return
        self._message(own_id, body, author, None)
        self._happened("out_reply", own_id, author)
        if archives:
            self.set_status(own_id, "resolved")

    def send_held_back(self) -> None:
        """The minute is over."""
        self.holds_back = False
        for own_id, author, body in self.held_back:
            self.reply(own_id, author, body, archives=False)
        self.held_back.clear()

    def comment(self, own_id: str, author: str, body: str) -> dict[str, Any]:
        """A teammate writes for colleagues; `body` is Markdown."""
        if self.loses_privacy:
            self._message(own_id, html.escape(body).replace("\n", "<br>"), author, None)
            return {"id": "com_0"}
        return self._comment(own_id, author, body)

    def set_status(self, own_id: str, category: str) -> None:
        """As by a ticket status of this category, or by archiving and opening."""
        conversation = self.conversations[own_id]
        archived = category == "resolved"
        conversation["status"] = "archived" if archived else "unassigned"
        if self.has_ticketing:
            status = next(one for one in self.statuses if one["category"] == category)
            conversation |= {"status_id": status["id"], "status_category": category}
        self._happened("archive" if archived else "reopen", own_id)

    def put_in_bin(self, own_id: str, status: str = "deleted") -> None:
        """Deleted, or spam."""
        self.conversations[own_id]["status"] = status
        self._happened("trash", own_id)

    def merge(self, own_id: str, into: str) -> None:
        """All of it is the other's from now on."""
        self.merged[own_id] = into
        self.messages[into] += self.messages[own_id]
        self._happened("conversations_merged", into, target=[own_id])

    def tag(self, name: str) -> dict[str, Any]:
        """A new tag of this name, whether or not there is one."""
        own_id = self._id("tag")
        self.tags[own_id] = {"id": own_id, "name": name, "highlight": None, "is_private": False}
        return self.tags[own_id]

    def put_tags(self, own_id: str, tag_ids: list[str]) -> bool:
        """Beside the others; False where one is not there."""
        if not all(one in self.tags for one in tag_ids):
            return False
        has = self.conversations[own_id]["tags"]
        has += [self.tags[one] for one in tag_ids if self.tags[one] not in has]
        self._happened("tag", own_id)
        return True

    def _message(self, own_id: str, body: str, author: str | None, sender: Mapping[str, Any] | None) -> None:
        customer = self.conversations[own_id]["recipient"]
        shop = {"name": "Acme", "handle": "support@acme.example"}
        people = [
            {**(sender or shop), "role": "from"},
            {**(shop if sender else customer), "role": "to"},
        ]
        failed = self.cannot_send and sender is None
        self.messages[own_id].append(
            {
                "id": self._id("msg"),
                "type": "email",
                "is_inbound": sender is not None,
                "draft_mode": "shared" if failed else None,
                "error_type": "invalid_channel" if failed else None,
                "created_at": self.now(),
                "subject": self.conversations[own_id]["subject"],
                "blurb": "",
                "author": None if author is None else self.teammates[author],
                "recipients": people,
                "body": f"<p>{body}</p>",
            }
        )

    def _comment(self, own_id: str, author: str, body: str) -> dict[str, Any]:
        comment = {
            "id": self._id("com"),
            "author": self.teammates[author],
            "body": body,
            "posted_at": self.now(),
            "attachments": [],
        }
        self.comments[own_id].append(comment)
        self._happened("comment", own_id, author)
        return comment

    def _happened(
        self, kind: str, own_id: str, author: str | None = None, target: list[str] | None = None
    ) -> None:
        source = {"_meta": {"type": "teammate"}, "data": self.teammates[author]} if author else {}
        event: dict[str, Any] = {
            "id": self._id("evt"),
            "type": kind,
            "emitted_at": self.now(),
            "source": source,
            "conversation": {"id": own_id},
        }
        if target is not None:
            event["target"] = {"_meta": {"type": "deleted_conversation_ids"}, "data": target}
        self.events.append(event)
        self._tell(event)

    def _id(self, kind: str) -> str:
        number = next(self._ids)
        return f"{kind}_{number:06x}"

    def _teammate(self, own_id: str, username: str, first: str, last: str) -> dict[str, Any]:
        return {
            "id": own_id,
            "email": f"{username}@acme.example",
            "username": username,
            "first_name": first,
            "last_name": last,
            "is_blocked": False,
        }
