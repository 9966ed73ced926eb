"""Who is a customer and who is a colleague, as far as Redmine knows.

A colleague is a member of the project whose role may read private notes: whoever may read what customers may not, is
none of them. So is our own user, whatever its role. Redmine mails public notes to authors and watchers, and to nobody
else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.kit.fields import any_text, record, records, whole
from connectors.kit.recent import RecentlyUsed
from connectors.redmine.api import RedmineApi
from connectors.redmine.helpdesk.words import field_text
from connectors.redmine.settings import RedmineSettings
from incidents.errors import NotFound
from incidents.models import Contact

MEMORY = 5_000
FRESH_FOR = 300.0
"""Seconds for which we believe what we know of people."""
SEES_NOTES = "view_private_notes"


@dataclass(frozen=True, slots=True)
class _Known:
    contact: Contact
    is_active: bool
    read_at: float


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose ticket it is, and whether a public note is mailed to them."""

    contact: Contact
    is_reachable: bool


class RedminePeople:
    """Asks Redmine who is who, and remembers it for a while."""

    def __init__(self, api: RedmineApi, settings: RedmineSettings) -> None:
        self._api = api
        self._settings = settings
        self._known: RecentlyUsed[int, _Known] = RecentlyUsed(MEMORY)
        self._colleagues: frozenset[int] = frozenset()
        self._colleagues_at: float | None = None
        self._own_id: int | None = None

    async def customer(self, issue: Mapping[str, Any]) -> Customer:
        """The author; of what a colleague or nobody known has filed, whom the custom field or the watchers name."""
        author = record(issue.get("author"))
        found = await self._customer(author)
        if found is not None:
            return found
        email = field_text(issue, self._settings.email_field)
        for watcher in await self._watching(issue):
            if not email or watcher.contact.email.casefold() == email.casefold():
                return watcher
        if email:
            name = field_text(issue, self._settings.name_field)
            contact = Contact(id=f"mail:{email.casefold()}", name=name, email=email)
            return Customer(contact, self._settings.field_is_mailed)
        known = await self._person(author)
        return Customer(known.contact, known.is_active and bool(known.contact.id))

    async def is_colleague(self, user: Mapping[str, Any]) -> bool:
        """Whether they belong to the house: by their rights, because the operator says so, or because it is us."""
        if any_text(user.get("name")) in self._settings.colleagues:
            return True
        return whole(user.get("id")) in await self.colleagues() or await self.is_us(user)

    async def is_us(self, user: Mapping[str, Any]) -> bool:
        """Whether it is our own user, who may be an administrator and no member."""
        number = whole(user.get("id"))
        if self._own_id is None:
            self._own_id = await self._api.own_id()
        return number is not None and number == self._own_id

    async def is_named(self, user: Mapping[str, Any]) -> bool:
        """Whether a user as `users/current.json` shows them is a colleague without being us. How a Redmine puts names
        together is its own setting: any of theirs in `colleagues` will do."""
        theirs = {any_text(user.get(key)) for key in ("login", "firstname", "lastname")} - {""}
        if any(theirs & {name, *name.replace(",", " ").split()} for name in self._settings.colleagues):
            return True
        return whole(user.get("id")) in await self.colleagues()

    async def colleagues(self) -> frozenset[int]:
        """The numbers of the members who may read private notes. Raises `incidents.errors`."""
        now = time.monotonic()
        if self._colleagues_at is None or now - self._colleagues_at > FRESH_FOR:
            may_read: dict[int, bool] = {}
            found: set[int] = set()
            path = f"projects/{self._settings.project}/memberships.json"
            async for page in self._api.listed(path, "memberships", {}):
                for membership in page:
                    user = whole(record(membership.get("user")).get("id"))
                    for role in map(_id, records(membership.get("roles"))):
                        if role is None or user is None:
                            continue
                        if role not in may_read:
                            may_read[role] = SEES_NOTES in await self._api.role_rights(role)
                        if may_read[role]:
                            found.add(user)
            self._colleagues, self._colleagues_at = frozenset(found), now
        return self._colleagues

    async def _customer(self, user: Mapping[str, Any]) -> Customer | None:
        """An active user who is no colleague."""
        if whole(user.get("id")) is None or await self.is_colleague(user):
            return None
        known = await self._person(user)
        return Customer(known.contact, True) if known.is_active else None

    async def _watching(self, issue: Mapping[str, Any]) -> list[Customer]:
        seen = await self._api.issue(any_text(issue.get("id")), "watchers")
        found = [await self._customer(user) for user in records(seen.get("watchers"))]
        return [one for one in found if one is not None]

    async def _person(self, user: Mapping[str, Any]) -> _Known:
        number = whole(user.get("id"))
        if number is None:
            return _Known(Contact(id="", name=any_text(user.get("name"))), False, 0.0)
        now = time.monotonic()
        known = self._known.get(number)
        if known is None or now - known.read_at > FRESH_FOR:
            known = await self._asked(number, any_text(user.get("name")), now)
            self._known.put(number, known)
        return known

    async def _asked(self, number: int, name: str, now: float) -> _Known:
        """Locked, anonymous and hidden ones are 404; an address that its owner hides is left out."""
        try:
            data = record((await self._api.get(f"users/{number}.json")).get("user"))
        except NotFound:
            return _Known(Contact(id=str(number), name=name), False, now)
        return _Known(Contact(id=str(number), name=name, email=any_text(data.get("mail"))), True, now)


def _id(entry: Mapping[str, Any]) -> int | None:
    return whole(entry.get("id"))
