"""The fake Intercom's conversations and the rules they keep, as described: a customer's answer opens a conversation
again, only the newest 500 parts are shown, tags are known by their names whatever their capitals."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

MOST_PARTS = 500
OWN_ID = "991"


class Inbox:
    """`tell` hears the topic and the id of each conversation that changed."""

    def __init__(self, clock: Callable[[], datetime], tell: Callable[[str, str], None]) -> None:
        self.clock = clock
        self.tell = tell
        self._ids = itertools.count(1)
        self._parts = itertools.count(7_001)
        self.own = {"type": "admin", "id": OWN_ID, "name": "Liaison", "email": "liaison@fake.example"}
        self.colleague = {"type": "admin", "id": "992", "name": "Ada Agent", "email": "ada@fake.example"}
        self.conversations: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, list[dict[str, Any]]] = {}
        self.tags: dict[str, dict[str, Any]] = {}
        # Paths on which no change is taken.
        self.locked: set[str] = set()
        # Something of the house publishes what teammates write for each other, or hides what they answer.
        self.loses_privacy = False
        self.hides_replies = False

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock().timestamp())

    def next_part_id(self) -> str:
        """Of a conversation's or a ticket's."""
        return str(next(self._parts))

    def create(self, name: str, email: str, subject: str, body: str) -> str:
        """A new conversation, by mail."""
        own_id, now = str(next(self._ids)), self.now()
        author = {"type": "user", "id": f"6643{int(own_id):020d}", "name": name, "email": email}
        self.conversations[own_id] = {
            "type": "conversation",
            "id": own_id,
            "title": None,
            "created_at": now,
            "updated_at": now,
            "waiting_since": None,
            "snoozed_until": None,
            "open": True,
            "state": "open",
            "read": False,
            "priority": "not_priority",
            "admin_assignee_id": None,
            "team_assignee_id": None,
            "tags": {"type": "tag.list", "tags": []},
            "source": {
                "type": "email",
                "id": f"{now}{own_id}",
                "delivered_as": "customer_initiated",
                "subject": f"<p>{html.escape(subject)}</p>",
                "body": f"<p>{body}</p>",
                "author": author,
                "attachments": [],
                "url": None,
                "redacted": False,
            },
            "contacts": {
                "type": "contact.list",
                "contacts": [{"type": "contact", "id": author["id"], "external_id": None}],
            },
        }
        self.parts[own_id] = []
        self.tell("conversation.user.created", own_id)
        return own_id

    def write(self, own_id: str, author: Mapping[str, Any], body: str, *, is_note: bool) -> None:
        """A part with words, given as HTML."""
        if author["type"] == "admin":
            is_note = (is_note and not self.loses_privacy) or (not is_note and self.hides_replies)
        self._add(own_id, "note" if is_note else "comment", author, f"<p>{body}</p>")
        if author["type"] == "user":
            self.conversations[own_id] |= {"state": "open", "open": True, "snoozed_until": None}
            topic = "conversation.user.replied"
        else:
            topic = "conversation.admin.noted" if is_note else "conversation.admin.replied"
        self.tell(topic, own_id)

    def answer(self, own_id: str, words: str) -> None:
        """Its customer writes."""
        self.write(own_id, self.conversations[own_id]["source"]["author"], html.escape(words), is_note=False)

    def redact(self, own_id: str, part_id: str) -> bool:
        """Takes a part's words out; False where it has none, or is not there."""
        for part in self.parts[own_id]:
            if part["id"] == part_id and part["body"] and not part["redacted"]:
                part |= {"body": "<p>This message was deleted</p>", "redacted": True}
                return True
        return False

    def set_state(self, own_id: str, state: str, said: Mapping[str, Any]) -> None:
        """Open, closed or snoozed."""
        self._add(own_id, {"closed": "close"}.get(state, state), self.own, None)
        self.conversations[own_id] |= {
            "state": state,
            "open": state != "closed",
            "snoozed_until": said.get("snoozed_until"),
        }
        self.tell("conversation.admin.closed" if state == "closed" else "conversation.admin.opened", own_id)

    def tag(self, name: str) -> dict[str, Any]:
        """The tag of this name, made where there is none."""
        made = {"type": "tag", "id": str(100 + len(self.tags)), "name": name}
        return self.tags.setdefault(name.casefold(), made)

    def add_tag(self, own_id: str, tag_id: str) -> dict[str, Any] | None:
        """The tag, or None where there is none with this id."""
        found = next((one for one in self.tags.values() if one["id"] == tag_id), None)
        conversation = self.conversations[own_id]
        if found is not None and found not in conversation["tags"]["tags"]:
            conversation["tags"]["tags"].append(found)
            conversation["updated_at"] = self.now()
        return found

    def listed(self, conversation: Mapping[str, Any]) -> dict[str, Any]:
        """As a search gives it: without its parts."""
        return dict(conversation)

    def shown(self, own_id: str) -> dict[str, Any]:
        """As it is read: with its newest parts."""
        parts = self.parts[own_id]
        newest = {
            "type": "conversation_part.list",
            "conversation_parts": parts[-MOST_PARTS:],
            "total_count": len(parts),
        }
        return {**self.conversations[own_id], "conversation_parts": newest}

    def _add(self, own_id: str, kind: str, author: Mapping[str, Any], body: str | None) -> None:
        now = self.now()
        self.parts[own_id].append(
            {
                "type": "conversation_part",
                "id": self.next_part_id(),
                "part_type": kind,
                "body": body,
                "created_at": now,
                "updated_at": now,
                "notified_at": now,
                "author": dict(author),
                "attachments": [],
                "external_id": None,
                "redacted": False,
            }
        )
        self.conversations[own_id]["updated_at"] = now
