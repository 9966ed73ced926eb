"""The fake Zammad's tickets, articles, tags and users, and the rules they keep.

https://docs.zammad.org/en/latest/api/ticket/index.html, `.../ticket/articles.html`, `.../user.html`; from Zammad's own
controllers: an article that does not say `internal` is public (`CreatesTicketArticles`), and an answer opens a
closed ticket again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

STATES = {
    1: ("new", 1),
    2: ("open", 2),
    3: ("pending reminder", 3),
    4: ("closed", 5),
    5: ("merged", 6),
    6: ("removed", 7),
    7: ("pending close", 4),
}
"""Name and type by id, as Zammad is delivered."""
PRIORITIES = {1: "1 low", 2: "2 normal", 3: "3 high"}
GROUPS = {1: "Users"}
TYPES = {1: "email", 2: "sms", 3: "chat", 5: "phone", 10: "note", 11: "web"}
SENDERS = {1: "Agent", 2: "Customer", 3: "System"}
SYSTEM_USER = 1


class Missing(Exception):
    """No such record."""


class NotPermitted(Exception):
    """What Zammad answers 403 to."""


class Unprocessable(Exception):
    """What Zammad answers 422 to."""


@dataclass(frozen=True, kw_only=True)
class MailToCustomer:
    """What left Zammad for a customer's mailbox."""

    to: str
    subject: str
    body: str


class ZammadDesk:
    """`tell` hears of each change: the action, the ticket and the article, if there is one."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        tell: Callable[[str, dict[str, Any], dict[str, Any] | None], None],
    ) -> None:
        self.clock = clock
        self._tell = tell
        self._ids = itertools.count(2)
        self.states = {
            key: {"id": key, "name": name, "state_type_id": kind} for key, (name, kind) in STATES.items()
        }
        self.users: dict[int, dict[str, Any]] = {
            SYSTEM_USER: {
                "id": SYSTEM_USER,
                "login": "-",
                "firstname": "-",
                "lastname": "",
                "email": "",
                "roles": [],
            }
        }
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: dict[int, dict[str, Any]] = {}
        self.tags: dict[int, list[str]] = {}
        self.frozen: set[int] = set()
        self.restricted: set[int] = set()
        self.mails: list[MailToCustomer] = []
        # Something of the house publishes what agents write for each other, or hides what they answer.
        self.loses_privacy = False
        self.hides_replies = False

    def now(self) -> str:
        """The time as Zammad writes it."""
        return stamp(self.clock())

    def user(self, name: str, email: str, role: str = "Customer") -> dict[str, Any]:
        """The user of this address, made where there is none."""
        for known in self.users.values():
            if email and known["email"] == email.lower():
                return known
        first, _, last = name.partition(" ")
        own_id = next(self._ids)
        made = {
            "id": own_id,
            "login": email.lower() or f"auto-{own_id}",
            "firstname": first,
            "lastname": last,
            "email": email.lower(),
            "roles": [role],
            "active": True,
            "created_at": self.now(),
            "updated_at": self.now(),
        }
        self.users[own_id] = made
        return made

    def create(
        self, by: dict[str, Any], fields: Mapping[str, Any], article: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """A new ticket. Raises `Unprocessable`."""
        if not fields.get("title"):
            raise Unprocessable("Missing required value for field 'title'!")
        own_id = next(self._ids)
        now = self.now()
        ticket = {
            "id": own_id,
            "number": str(22000 + own_id),
            "title": str(fields["title"]),
            "group_id": 1,
            "priority_id": 2,
            "state_id": 1,
            "owner_id": SYSTEM_USER,
            "customer_id": self._customer(fields),
            "organization_id": None,
            "pending_time": None,
            "article_count": 0,
            "create_article_type_id": None,
            "create_article_sender_id": None,
            "created_by_id": by["id"],
            "updated_by_id": by["id"],
            "created_at": now,
            "updated_at": now,
        }
        self.tickets[own_id] = ticket
        self.tags[own_id] = [tag for tag in str(fields.get("tags") or "").split(",") if tag]
        written = None if article is None else self._write(ticket, by, article)
        self._tell("create", ticket, written)
        return ticket

    def change(
        self,
        ticket_id: int,
        by: dict[str, Any],
        fields: Mapping[str, Any],
        article: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Fields and an article at once, or nothing of it. Raises `Missing`, `Unprocessable`."""
        ticket = self.ticket(ticket_id)
        if ticket_id in self.frozen:
            raise Unprocessable("Missing required value for field 'severity'!")
        changed = self._judged(ticket, fields)
        if article is not None and not article.get("body"):
            raise Unprocessable('Need at least article: { body: "some text" }')
        ticket |= changed
        written = None if article is None else self._write(ticket, by, article)
        self.touch(ticket, by)
        self._tell("update", ticket, written)
        return ticket

    def touch(self, ticket: dict[str, Any], by: dict[str, Any]) -> None:
        """Somebody changed it now."""
        ticket["updated_at"], ticket["updated_by_id"] = self.now(), by["id"]

    def merge(self, source_id: int, target: dict[str, Any], by: dict[str, Any]) -> None:
        """The source's articles move to the target."""
        source = self.ticket(source_id)
        for article in self.articles.values():
            if article["ticket_id"] == source_id:
                article["ticket_id"] = target["id"]
        source["state_id"] = 5
        for ticket in (source, target):
            self.touch(ticket, by)
            self._tell("update", ticket, None)

    def delete(self, ticket_id: int) -> None:
        """For ever, with all that was written. Raises `Missing`."""
        self.ticket(ticket_id)
        del self.tickets[ticket_id]
        self.articles = {key: one for key, one in self.articles.items() if one["ticket_id"] != ticket_id}

    def ticket(self, ticket_id: int) -> dict[str, Any]:
        """Raises `Missing`."""
        try:
            return self.tickets[ticket_id]
        except KeyError:
            raise Missing(f"Couldn't find Ticket with 'id'={ticket_id}") from None

    def articles_of(self, ticket_id: int) -> list[dict[str, Any]]:
        """From the first to the last."""
        return [one for one in self.articles.values() if one["ticket_id"] == ticket_id]

    def _write(self, ticket: dict[str, Any], by: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        own_id = next(self._ids)
        kind = _id_of(TYPES, str(fields.get("type") or "note"), "type")
        sender = str(fields.get("sender") or ("Customer" if by["roles"] == ["Customer"] else "Agent"))
        article = {
            "id": own_id,
            "ticket_id": ticket["id"],
            "type_id": kind,
            "sender_id": _id_of(SENDERS, sender, "sender"),
            "from": f"{by['firstname']} {by['lastname']}".strip(),
            "to": fields.get("to"),
            "subject": fields.get("subject"),
            "body": str(fields["body"]),
            "content_type": fields.get("content_type") or "text/plain",
            "internal": self._is_internal(fields),
            "preferences": dict(fields.get("preferences") or {}),
            "attachments": [],
            "created_by_id": by["id"],
            "updated_by_id": by["id"],
            "created_at": self.now(),
            "updated_at": self.now(),
        }
        self.articles[own_id] = article
        if not ticket["article_count"]:
            ticket["create_article_type_id"], ticket["create_article_sender_id"] = kind, article["sender_id"]
        ticket["article_count"] += 1
        # Whatever `internal` says: see the public/private trap in README.md.
        if TYPES[kind] == "email" and sender == "Agent" and article["to"]:
            self.mails.append(
                MailToCustomer(to=str(article["to"]), subject=str(article["subject"]), body=article["body"])
            )
        return article

    def show(self, article: dict[str, Any], by: dict[str, Any], *, is_internal: bool) -> None:
        """An agent hides an article, or shows it."""
        article["internal"] = is_internal
        self.touch(self.ticket(article["ticket_id"]), by)

    def _is_internal(self, fields: Mapping[str, Any]) -> bool:
        return self.hides_replies or (fields.get("internal") is True and not self.loses_privacy)

    def _customer(self, fields: Mapping[str, Any]) -> int:
        given = fields.get("customer_id") or fields.get("customer") or ""
        if isinstance(given, int):
            return given
        email = str(given).removeprefix("guess:")
        if "@" not in email:
            raise Unprocessable(f"No lookup value found for 'customer': {given!r}")
        return int(self.user("", email)["id"])

    def _judged(self, ticket: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        names = {state["name"]: key for key, state in self.states.items()}
        changed: dict[str, Any] = {
            name: fields[name] for name in ("title", "pending_time", "owner_id") if name in fields
        }
        if "state" in fields:
            if fields["state"] not in names:
                raise Unprocessable(f"No lookup value found for 'state': {fields['state']!r}")
            changed["state_id"] = names[fields["state"]]
        if "priority" in fields:
            changed["priority_id"] = _id_of(PRIORITIES, str(fields["priority"]), "priority")
        merged = {**ticket, **changed}
        if STATES.get(merged["state_id"], ("", 0))[0].startswith("pending") and not merged["pending_time"]:
            raise Unprocessable("Missing required value for field 'pending_time'!")
        return changed


def stamp(at: datetime) -> str:
    """A time as Zammad writes it, to the millisecond."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _id_of(names: Mapping[int, str], name: str, field: str) -> int:
    for key, known in names.items():
        if known == name:
            return key
    raise Unprocessable(f"No lookup value found for '{field}': {name!r}")
