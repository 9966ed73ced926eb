"""The fake Freshdesk's tickets, conversations, contacts and agents, and the rules they keep.

https://developers.freshdesk.com/api/: a note is private unless it says otherwise, only notes can be edited and only
their words, tags that are sent take the place of all there were, a ticket that was deleted or marked as spam takes no
change (405), what is deleted is still shown with its flag. The rule that accounts come with opens a ticket again for
its customer's answer.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

REPLY, NOTE = 0, 2
EDITABLE = frozenset(
    (
        "status",
        "priority",
        "subject",
        "type",
        "tags",
        "custom_fields",
        "responder_id",
        "group_id",
        "product_id",
        "description",
        "source",
        "due_by",
    )
)


class NotThere(Exception):
    """What Freshdesk answers 404 to."""


class Denied(Exception):
    """What Freshdesk answers 403 to."""


class TakesNoChange(Exception):
    """What Freshdesk answers 405 to."""


class AtAnotherAddress(Exception):
    """What is answered with a redirect."""


class Invalid(Exception):
    """What Freshdesk answers 400 to: the field and a code."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code, self.message = field, code, message


class FreshdeskDesk:
    """`tell` hears the id of each ticket that a rule tells of."""

    def __init__(self, clock: Callable[[], datetime], tell: Callable[[int], None]) -> None:
        self.clock = clock
        self._tell = tell
        self._ids = itertools.count(1)
        self._people = itertools.count(43_000_001)
        self.contacts: dict[int, dict[str, Any]] = {}
        self.agents: dict[int, dict[str, Any]] = {}
        self.tickets: dict[int, dict[str, Any]] = {}
        self.conversations: dict[int, dict[str, Any]] = {}
        self.statuses = {
            2: ["Open", "Being Processed"],
            3: ["Pending", "Awaiting your Reply"],
            4: ["Resolved", "This ticket has been Resolved"],
            5: ["Closed", "This ticket has been Closed"],
            6: ["Waiting on Customer", "Awaiting your Reply"],
            7: ["Waiting on Third Party", "Being Processed"],
        }
        self.custom_fields = ["cf_product"]
        self.needed_to_close: set[str] = set()
        self.hidden: set[int] = set()
        self.locked: set[int] = set()
        self.archived: set[int] = set()
        self.reopens = True
        # Something of the house publishes what agents write for each other, or hides what they answer.
        self.loses_privacy = False
        self.hides_replies = False

    def now(self) -> str:
        """The time as Freshdesk writes it: whole seconds."""
        return stamp(self.clock())

    def contact(self, name: str, email: str) -> dict[str, Any]:
        """The contact of this address, made where there is none."""
        for known in self.contacts.values():
            if email and known["email"] == email.lower():
                return known
        own_id = next(self._people)
        made = {
            "id": own_id,
            "name": name,
            "email": email.lower() or None,
            "mobile": None,
            "phone": None,
            "created_at": self.now(),
            "updated_at": self.now(),
        }
        self.contacts[own_id] = made
        return made

    def agent(self, name: str, email: str) -> dict[str, Any]:
        """The agent of this address, made where there is none."""
        for known in self.agents.values():
            if known["contact"]["email"] == email:
                return known
        own_id = next(self._people)
        person = {"name": name, "email": email, "active": True}
        made = {
            "id": own_id,
            "available": True,
            "ticket_scope": 1,
            "type": "support_agent",
            "contact": person,
            "created_at": self.now(),
            "updated_at": self.now(),
        }
        self.agents[own_id] = made
        return made

    def create(self, requester: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        """A new ticket. Raises `Invalid`."""
        self._judge({}, fields)
        own_id = next(self._ids)
        now = self.now()
        ticket: dict[str, Any] = {
            "cc_emails": [],
            "fwd_emails": [],
            "reply_cc_emails": [],
            "email_config_id": None,
            "fr_escalated": False,
            "group_id": None,
            "priority": 1,
            "requester_id": requester["id"],
            "responder_id": None,
            "source": 2,
            "spam": False,
            "status": 2,
            "subject": None,
            "company_id": None,
            "id": own_id,
            "type": None,
            "to_emails": None,
            "product_id": None,
            "due_by": None,
            "fr_due_by": None,
            "is_escalated": False,
            "association_type": None,
            "description": "",
            "custom_fields": dict.fromkeys(self.custom_fields),
            "tags": [],
            "attachments": [],
            "deleted": False,
            "created_at": now,
            "updated_at": now,
        }
        ticket |= {name: value for name, value in fields.items() if name in EDITABLE}
        self.tickets[own_id] = ticket
        self._tell(own_id)
        return ticket

    def change(self, own_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Its properties. Raises `NotThere`, `Denied`, `TakesNoChange`, `Invalid`."""
        ticket = self.writable(own_id)
        self._judge(ticket, fields)
        custom = {**ticket["custom_fields"], **fields.get("custom_fields", {})}
        ticket |= {**fields, "custom_fields": custom}
        self.touch(ticket)
        return ticket

    def write(
        self, own_id: int, by: int, body: str, *, source: int, is_private: bool, is_incoming: bool = False
    ) -> dict[str, Any]:
        """A reply or a note below a ticket. Raises as `change` does."""
        ticket = self.writable(own_id) if not is_incoming else self.ticket(own_id)
        if not isinstance(body, str) or not body:
            raise Invalid("body", "missing_field", "It should be a/an String")
        if not is_incoming:
            is_private = (is_private and not self.loses_privacy) or (source == REPLY and self.hides_replies)
        requester = self.contacts[ticket["requester_id"]]
        made: dict[str, Any] = {
            "body": f"<div>{body}</div>",
            "body_text": " ".join(body.replace("<br>", " ").split()),
            "id": next(self._people),
            "incoming": is_incoming,
            "private": is_private,
            "user_id": by,
            "support_email": None,
            "source": source,
            "ticket_id": own_id,
            "to_emails": [requester["email"]] if source == REPLY and not is_incoming else [],
            "from_email": requester["email"] if is_incoming else "support@fake.example",
            "cc_emails": [],
            "bcc_emails": [],
            "attachments": [],
            "created_at": self.now(),
            "updated_at": self.now(),
        }
        self.conversations[made["id"]] = made
        self.touch(ticket)
        return made

    def answer(self, own_id: int, words: str, *, source: int = REPLY) -> None:
        """Its customer writes."""
        ticket = self.ticket(own_id)
        markup = html.escape(words).replace("\n", "<br>")
        self.write(own_id, ticket["requester_id"], markup, source=source, is_private=False, is_incoming=True)
        if self.reopens:
            ticket["status"] = 2

    def written_on(self, own_id: int) -> list[dict[str, Any]]:
        """From the first to the last. Raises `NotThere`, `Denied`."""
        self.ticket(own_id)
        return [one for one in self.conversations.values() if one["ticket_id"] == own_id]

    def ticket(self, own_id: int) -> dict[str, Any]:
        """Deleted ones, too. Raises `NotThere`, and `Denied` for one out of our agent's scope."""
        if own_id not in self.tickets:
            raise NotThere
        if own_id in self.hidden:
            raise Denied
        if own_id in self.archived:
            raise AtAnotherAddress
        return self.tickets[own_id]

    def writable(self, own_id: int) -> dict[str, Any]:
        """One that takes changes. Raises as `change` does."""
        ticket = self.ticket(own_id)
        if own_id in self.locked:
            raise Denied
        if ticket["deleted"] or ticket["spam"]:
            raise TakesNoChange
        return ticket

    def touch(self, ticket: dict[str, Any]) -> None:
        """It changed now."""
        ticket["updated_at"] = self.now()
        self._tell(ticket["id"])

    def _judge(self, ticket: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        for name in fields:
            if name not in EDITABLE:
                raise Invalid(name, "invalid_field", "Unexpected/invalid field in request")
        for name in fields.get("custom_fields", {}):
            if name not in self.custom_fields:
                raise Invalid(name, "invalid_field", "Unexpected/invalid field in request")
        status = fields.get("status", 2)
        if status not in self.statuses:
            values = ",".join(map(str, self.statuses))
            raise Invalid("status", "invalid_value", f"It should be one of these values: '{values}'")
        if not isinstance(fields.get("tags", []), list):
            raise Invalid("tags", "datatype_mismatch", "Value set is of type String. It should be a/an Array")
        if status in (4, 5):
            filled = {**ticket.get("custom_fields", {}), **fields.get("custom_fields", {})}
            for name in sorted(self.needed_to_close):
                if not filled.get(name):
                    raise Invalid(
                        name, "missing_field", "It should not be blank as this is a mandatory field"
                    )


def stamp(moment: datetime) -> str:
    """A time as Freshdesk writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
