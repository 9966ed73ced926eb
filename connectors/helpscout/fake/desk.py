"""The fake Help Scout's conversations and the rules they keep, as documented: what is written makes a conversation
active again unless it says otherwise, tags are small letters and replaced as a whole, a merged conversation lives on in
another.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

API = "https://api.helpscout.net/v2"
INBOX = 85
STATUSES = frozenset({"active", "closed", "open", "pending", "spam"})


class HelpScoutDesk:
    """`tell` hears the event and the id of each conversation that changed."""

    def __init__(self, clock: Callable[[], datetime], tell: Callable[[str, int], None]) -> None:
        self.clock = clock
        self._tell = tell
        self._ids = itertools.count(1_001)
        self._threads = itertools.count(7_001)
        self._numbers = itertools.count(15_473)
        self.own = _person(991, "user", "Liaison", "Bot", "liaison@fake.example")
        self.colleague = _person(992, "user", "Ada", "Agent", "ada@fake.example")
        self.ai = _person(993, "system_user", "AI", "Agent", "ai@fake.example")
        self.role = "admin"
        self.inboxes = {INBOX: "Support"}
        self.conversations: dict[int, dict[str, Any]] = {}
        self.threads: dict[int, list[dict[str, Any]]] = {}
        self.changed: dict[int, datetime] = {}
        self.merged: dict[int, int] = {}
        self.locked: set[int] = set()
        self.hidden_from_us: set[int] = set()
        # Something of the house publishes what colleagues write for each other, or keeps back what they answer.
        self.loses_privacy = False
        self.hides_replies = False

    def now(self) -> str:
        """As all times are told: UTC, to the second."""
        return stamp(self.clock())

    def create(self, name: str, email: str, subject: str, body: str, *, inbox: int = INBOX) -> int:
        """A customer writes in by mail."""
        own_id, now = next(self._ids), self.now()
        first, _, last = name.partition(" ")
        customer = _person(500_000 + own_id, "customer", first, last, email)
        self.conversations[own_id] = {
            "id": own_id,
            "number": next(self._numbers),
            "threads": 0,
            "type": "email",
            "folderId": 493,
            "status": "active",
            "state": "published",
            "subject": subject,
            "preview": body[:80],
            "mailboxId": inbox,
            "createdBy": customer,
            "createdAt": now,
            "userUpdatedAt": now,
            "customerWaitingSince": {"time": now, "friendly": "just now", "latestReplyFrom": "customer"},
            "source": {"type": "email", "via": "customer"},
            "tags": [],
            "cc": [],
            "bcc": [],
            "primaryCustomer": customer,
            "customFields": [],
        }
        self.threads[own_id] = []
        self._add(own_id, "customer", customer, f"<p>{html.escape(body)}</p>", source="email")
        self._tell("convo.created", own_id)
        return own_id

    def customer_of(self, own_id: int) -> dict[str, Any]:
        """Whose it is."""
        found: dict[str, Any] = self.conversations[own_id]["primaryCustomer"]
        return found

    def answer(self, own_id: int, words: str, *, source: str = "email") -> None:
        """Its customer writes: it is active again."""
        self._add(
            own_id,
            "customer",
            self.customer_of(own_id),
            f"<p>{html.escape(words)}</p>",
            source=source,
            status="active",
        )
        self._tell("convo.customer.reply.created", own_id)

    def write(
        self,
        own_id: int,
        author: Mapping[str, Any],
        body: str,
        *,
        is_note: bool,
        status: str | None = None,
        source: str = "web",
        is_draft: bool = False,
    ) -> int:
        """A note or a reply, given as HTML; its id. Without a status the conversation becomes active."""
        kept_back = is_draft or (not is_note and self.hides_replies)
        is_note = is_note and not self.loses_privacy
        thread = self._add(
            own_id,
            "note" if is_note else "message",
            author,
            body,
            source=source,
            status=status or "active",
            state="draft" if kept_back else "published",
        )
        self._tell("convo.note.created" if is_note else "convo.agent.reply.created", own_id)
        return thread

    def set_status(self, own_id: int, status: str) -> None:
        """It stands among the threads as an event."""
        self._add(own_id, "lineitem", self.own, None, source="web", status=status)
        self._tell("convo.status", own_id)

    def set_tags(self, own_id: int, tags: Sequence[str]) -> None:
        """What was there and is not among them goes."""
        names = list(dict.fromkeys(tag.lower() for tag in tags))
        rows = [{"id": 9_150 + index, "color": "#929499", "tag": tag} for index, tag in enumerate(names)]
        self.conversations[own_id]["tags"] = rows
        self._touch(own_id)
        self._tell("convo.tags", own_id)

    def edit(self, own_id: int, thread_id: int, body: str) -> bool:
        """False where there is no such thread."""
        for one in self.threads[own_id]:
            if one["id"] == thread_id:
                one["body"] = body
                self._touch(own_id)
                return True
        return False

    def merge(self, own_id: int, into: int) -> None:
        """What was written moves along."""
        moved = self.threads.pop(own_id)
        del self.conversations[own_id]
        self.merged[own_id] = into
        self.threads[into] = sorted([*self.threads[into], *moved], key=lambda one: int(one["id"]))
        self._add(into, "lineitem", self.colleague, None, source="web")
        told = {"type": "merged", "text": "", "associatedEntities": {"originalConversation": own_id}}
        self.threads[into][-1]["action"] = told
        self._tell("convo.merged", into)

    def move(self, own_id: int, inbox: int) -> None:
        """Into another inbox."""
        self.conversations[own_id]["mailboxId"] = inbox
        self._touch(own_id)
        self._tell("convo.moved", own_id)

    def delete(self, own_id: int) -> None:
        """It is there no more."""
        del self.conversations[own_id], self.threads[own_id]
        self._tell("convo.deleted", own_id)

    def shown(self, own_id: int, *, with_threads: bool = False) -> dict[str, Any]:
        """As version 2 of the API shows it."""
        found = self.conversations[own_id]
        links = {"self": {"href": f"{API}/conversations/{own_id}"}}
        shown = {**found, "threads": len(self.threads[own_id]), "_links": links}
        if with_threads:
            shown["_embedded"] = {"threads": [as_version_2(one) for one in self.threads[own_id][::-1]]}
        return shown

    def _add(
        self,
        own_id: int,
        kind: str,
        author: Mapping[str, Any],
        body: str | None,
        *,
        source: str,
        status: str | None = None,
        state: str = "published",
    ) -> int:
        thread, by = next(self._threads), str(author["type"])
        customer = self.customer_of(own_id)
        self.threads[own_id].append(
            {
                "id": thread,
                "type": kind,
                "status": status or "nochange",
                "state": state,
                "action": {"type": "default", "text": "", "associatedEntities": {}},
                **({} if body is None else {"body": body}),
                "source": {"type": source, "via": "customer" if by == "customer" else "user"},
                "customer": dict(customer),
                "createdBy": dict(author),
                "assignedTo": {
                    "id": 12,
                    "type": "team",
                    "first": "Help",
                    "last": "Scout",
                    "email": "h@fake.example",
                },
                "savedReplyId": 0,
                "to": [],
                "cc": [],
                "bcc": [],
                "createdAt": self.now(),
            }
        )
        conversation = self.conversations[own_id]
        if status is not None:
            conversation["status"] = status
            if status == "closed":
                conversation |= {"closedAt": self.now(), "closedBy": int(author["id"])}
        if by == "customer":
            waiting = {"time": self.now(), "friendly": "just now", "latestReplyFrom": "customer"}
            conversation["customerWaitingSince"] = waiting
        self._touch(own_id)
        return thread

    def _touch(self, own_id: int) -> None:
        self.changed[own_id] = self.clock()
        self.conversations[own_id]["userUpdatedAt"] = self.now()


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_version_2(thread: Mapping[str, Any]) -> dict[str, Any]:
    """Version 2 says "user" of an AI."""
    author = thread["createdBy"]
    kind = "user" if author["type"] == "system_user" else author["type"]
    return {**thread, "createdBy": {**author, "type": kind}}


def _person(own_id: int, kind: str, first: str, last: str, email: str) -> dict[str, Any]:
    return {"id": own_id, "type": kind, "first": first, "last": last, "photoUrl": "", "email": email}
