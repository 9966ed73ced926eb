"""The fake Intercom's tickets and the rules they keep, as described: states belong to types, tags are put on and not
shown, a contact is told by its id alone, and an answer to a ticket that waits takes it on (the help center's page on
ticket states). Their numbers are the conversations' as well, so that who mixes them up is seen."""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.intercom.fake.inbox import MOST_PARTS, Inbox

CATEGORIES = ("submitted", "in_progress", "waiting_on_customer", "resolved")
TYPES = {"Customer": "53", "Back-office": "54", "Tracker": "55"}
WITH_ENGINEERS, ARCHIVED = "7498", "7402"
_LABELS = ("Submitted", "In progress", "Waiting on you", "Resolved")


class TicketInbox:
    """Beside the `inbox`, whose teammates, tags, clock and flags are theirs, too."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._ids = itertools.count(1)
        self.tickets: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, list[dict[str, Any]]] = {}
        self.tagged: dict[str, list[str]] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        # Contacts that the search does not know yet.
        self.unindexed: set[str] = set()
        # Whom Intercom told of a reply or a state.
        self.notified: list[str] = []
        # Of more parts than are shown the oldest ones are.
        self.shows_oldest = False
        every = list(TYPES.items())
        self.states = [
            self._state(str(7493 + number), category, label, every)
            for number, (category, label) in enumerate(zip(CATEGORIES, _LABELS, strict=True))
        ]
        self.states.append(self._state(WITH_ENGINEERS, "in_progress", "With engineers", every[:1]))
        self.states.append(
            {**self._state(ARCHIVED, "resolved", "Done", every), "archived": True},
        )

    def create(self, name: str, email: str, title: str, description: str, category: str = "Customer") -> str:
        """A new ticket of this category, by a form."""
        own_id, now = str(next(self._ids)), self._inbox.now()
        contact_id = f"6762{int(own_id):020x}"
        self.contacts[contact_id] = {
            "type": "contact",
            "id": contact_id,
            "external_id": None,
            "role": "user",
            "name": name,
            "email": email,
        }
        self.tickets[own_id] = {
            "type": "ticket",
            "id": own_id,
            "ticket_id": str(1_000 + int(own_id)),
            "category": category,
            "ticket_attributes": {
                "_default_title_": title,
                "_default_description_": description or None,
            },
            "ticket_state": self._as_shown(self.states[0]),
            "ticket_type": self._type(TYPES[category], category),
            "contacts": {
                "type": "contact.list",
                "contacts": [{"type": "contact", "id": contact_id, "external_id": None}],
            },
            "admin_assignee_id": "0",
            "team_assignee_id": "0",
            "created_at": now,
            "updated_at": now,
            "open": True,
            "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
            "is_shared": category == "Customer",
        }
        self.parts[own_id] = []
        self.tagged[own_id] = []
        bot = {"type": "bot", "id": "991267767", "name": "Fin", "email": "operator@fake.example"}
        self._add(
            own_id,
            "ticket_state_updated_by_admin",
            bot,
            None,
            ticket_state="submitted",
            previous_ticket_state="submitted",
        )
        self._inbox.tell("ticket.created", own_id)
        return own_id

    def customer(self, own_id: str) -> dict[str, Any]:
        """Its contact as the author of a part."""
        contact = self.contacts[self.tickets[own_id]["contacts"]["contacts"][0]["id"]]
        return {"type": "user", "id": contact["id"], "name": contact["name"], "email": contact["email"]}

    def link(self, own_id: str, *conversations: str) -> None:
        """What it is linked to."""
        data = [{"type": "conversation", "id": one, "category": None} for one in conversations]
        self.tickets[own_id]["linked_objects"] = {
            "type": "list",
            "data": data,
            "total_count": len(data),
            "has_more": False,
        }

    def write(
        self, own_id: str, author: Mapping[str, Any], body: str, *, is_note: bool, tells: bool = True
    ) -> dict[str, Any]:
        """A part with words, given as HTML."""
        if author["type"] == "admin":
            is_note = (is_note and not self._inbox.loses_privacy) or (
                not is_note and self._inbox.hides_replies
            )
            if not is_note and tells:
                self.notified.append(own_id)
        part = self._add(own_id, "note" if is_note else "comment", author, f"<p>{body}</p>")
        topic = "ticket.note.created" if is_note else "ticket.admin.replied"
        self._inbox.tell("ticket.contact.replied" if author["type"] == "user" else topic, own_id)
        return part

    def answer(self, own_id: str, words: str) -> None:
        """Its customer writes. What is resolved stays so, and is open again."""
        self.write(own_id, self.customer(own_id), html.escape(words), is_note=False)
        ticket = self.tickets[own_id]
        ticket["open"] = True
        if ticket["ticket_state"]["category"] == "waiting_on_customer":
            ticket["ticket_state"] = self._as_shown(self.states[1])

    def state_for(self, own_id: str, state_id: str) -> dict[str, Any] | None:
        """The state, if the ticket's type has it."""
        type_id = self.tickets[own_id]["ticket_type"]["id"]
        for state in self.states:
            types = {one["id"] for one in state["ticket_types"]["data"]}
            if state["id"] == state_id and type_id in types and not state["archived"]:
                return state
        return None

    def set(self, own_id: str, state: Mapping[str, Any] | None, is_open: bool | None, *, tells: bool) -> None:
        """Another state, closed or opened; None leaves it as it is."""
        ticket = self.tickets[own_id]
        if state is not None:
            before = ticket["ticket_state"]["category"]
            ticket["ticket_state"] = self._as_shown(state)
            self._add(
                own_id,
                "ticket_state_updated_by_admin",
                self._inbox.own,
                None,
                ticket_state=state["category"],
                previous_ticket_state=before,
            )
            if tells and ticket["is_shared"]:
                self.notified.append(own_id)
            self._inbox.tell("ticket.state.updated", own_id)
        if is_open is not None:
            ticket["open"] = is_open
            self._add(own_id, "open" if is_open else "close", self._inbox.own, None)
            if not is_open:
                self._inbox.tell("ticket.closed", own_id)

    def add_tag(self, own_id: str, tag_id: str) -> dict[str, Any] | None:
        """The tag, or None where there is none with this id. No reading shows it."""
        found = next((one for one in self._inbox.tags.values() if one["id"] == tag_id), None)
        if found is not None and found["name"] not in self.tagged[own_id]:
            self.tagged[own_id].append(found["name"])
            self.tickets[own_id]["updated_at"] = self._inbox.now()
        return found

    def shown(self, own_id: str) -> dict[str, Any]:
        """As it is read, and found: with its parts."""
        parts = self.parts[own_id]
        some = parts[:MOST_PARTS] if self.shows_oldest else parts[-MOST_PARTS:]
        listed = {"type": "ticket_part.list", "ticket_parts": some, "total_count": len(parts)}
        return {**self.tickets[own_id], "ticket_parts": listed}

    def _add(
        self, own_id: str, kind: str, author: Mapping[str, Any], body: str | None, **more: str
    ) -> dict[str, Any]:
        now = self._inbox.now()
        part: dict[str, Any] = {
            "type": "ticket_part",
            "id": self._inbox.next_part_id(),
            "part_type": kind,
            "body": body,
            "created_at": now,
            "updated_at": now,
            "author": dict(author),
            "attachments": [],
            "redacted": False,
            **more,
        }
        self.parts[own_id].append(part)
        self.tickets[own_id]["updated_at"] = now
        return part

    def _state(
        self, state_id: str, category: str, label: str, types: Sequence[tuple[str, str]]
    ) -> dict[str, Any]:
        listed = [self._type(type_id, name) for name, type_id in types]
        return {
            "type": "ticket_state",
            "id": state_id,
            "category": category,
            "internal_label": label,
            "external_label": label,
            "archived": False,
            "ticket_types": {"type": "list", "data": listed},
        }

    def _as_shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in state.items() if name not in ("ticket_types", "archived")}

    def _type(self, type_id: str, category: str) -> dict[str, Any]:
        name = {"Customer": "Request", "Back-office": "Task", "Tracker": "Bug"}[category]
        return {"type": "ticket_type", "id": type_id, "category": category, "name": name, "archived": False}
