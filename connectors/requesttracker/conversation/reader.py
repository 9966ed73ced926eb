"""What was written on a ticket: its first message, its comments since a time, and whether a message of ours is there.

A reply is a transaction of type `Correspond` and goes to the customer; a `Comment` does not. The history comes oldest
first, whatever is asked for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.kit.fields import any_text, record, utc_time
from connectors.kit.mail_headers import origin_of
from connectors.kit.private_notes import exposed
from connectors.kit.recent import RecentlyUsed
from connectors.requesttracker.api import RtApi
from connectors.requesttracker.mapping import carries, headers_of, id_from, is_note, name_of
from incidents.errors import Exposed, NotAllowed, NotFound, NotShown
from incidents.models import Author, Comment, Origin, Ticket

MEMORY = 5_000
HIDDEN = "hidden"
REPLY, NOTE = "Correspond", "Comment"
_LOGGED_IN = frozenset({"web", "mobile", "rest", "rest2"})
"""Types of transactions: the customer gets the one, and only colleagues the other."""
# A user's id is its name there; asked for as a field, it is the number, which may stand in a path.
_CREATOR = {"fields[Creator]": "id,Name,RealName"}
_HISTORY = {"fields": "Type,Created,Creator", **_CREATOR}
_PARTS = {
    "fields": "ContentType,Filename,Headers,TransactionId,Created,Creator",
    "orderby": "id",
    **_CREATOR,
}


class Conversation:
    """Reads messages; remembers first messages and who is a colleague, since neither changes often."""

    def __init__(self, api: RtApi, own_name: str) -> None:
        self._api = api
        self._own_name = own_name
        self._bodies: RecentlyUsed[str, str] = RecentlyUsed(MEMORY)
        self._colleagues: RecentlyUsed[str, bool] = RecentlyUsed(MEMORY)

    async def first_message(self, ticket: str, created_at: datetime) -> str:
        """The text that the ticket was made with, "" if there was none."""
        known = self._bodies.get(ticket)
        if known is None:
            parts = await self._parts(f"ticket/{ticket}/attachments", first_page=True)
            own = [part for part in parts if part.get("TransactionId") == parts[0].get("TransactionId")]
            # A ticket made without words has its first words in a later transaction.
            is_its_own = bool(own) and _time(own[0]) <= created_at + timedelta(seconds=2)
            known = await self._text(own) if is_its_own else ""
            self._bodies.put(ticket, known)
        return known

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """In the order of their transactions; RT's whole seconds count."""
        since = since.replace(microsecond=0)
        requesters = {ticket.requester.id.casefold(), ticket.requester.email.casefold()} - {""}
        return [
            await self._comment(transaction, requesters)
            async for page in self._api.pages(f"ticket/{ticket.ref.id}/history", _HISTORY)
            for transaction in page
            if any_text(transaction.get("Type")) in (REPLY, NOTE) and _time(transaction) >= since
        ]

    async def has_message(self, ticket: str, once: str) -> bool:
        """Whether a message that our own user wrote with this key is on the ticket. Raises `Exposed` for a note of ours
        that is a reply there, and `NotShown` for a reply that is a comment."""
        async for parts in self._api.pages(f"ticket/{ticket}/attachments", _PARTS):
            for part in parts:
                if carries(part, once) and self._is_own(part):
                    kind = await self._kind(part)
                    if is_note(part) and kind == REPLY:
                        raise await note_exposed(ticket)
                    if not is_note(part) and kind == NOTE:
                        raise reply_not_shown(ticket)
                    return True
        return False

    async def _kind(self, part: dict[str, Any]) -> str:
        """The type of the transaction that a message came by."""
        number = id_from(part.get("TransactionId"))
        data = {} if number is None else await self._api.get(f"transaction/{number}")
        return any_text(data.get("Type"))

    async def message(self, transaction: str, once: str) -> str | None:
        """The type of a transaction that carries our message, None if it does not, `HIDDEN` for one we may not see:
        RT says 403 of a comment to who has no right ShowTicketComments (its `Ticket::CurrentUserCanSee`)."""
        try:
            data = await self._api.get(f"transaction/{transaction}")
        except NotAllowed:
            await self._api.get("rt")
            return HIDDEN
        parts = await self._parts(f"transaction/{transaction}/attachments")
        return any_text(data.get("Type")) if any(carries(part, once) for part in parts) else None

    async def _parts(self, path: str, *, first_page: bool = False) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async for page in self._api.pages(path, _PARTS):
            found += page
            if first_page and found:
                break
        return found

    async def _comment(self, transaction: dict[str, Any], requesters: set[str]) -> Comment:
        number = id_from(transaction.get("id"))
        parts = [] if number is None else await self._parts(f"transaction/{number}/attachments")
        creator = record(transaction.get("Creator"))
        is_public = transaction.get("Type") == REPLY
        return Comment(
            id=number or "",
            author=await self._author(creator, requesters, is_public=is_public),
            author_name=any_text(creator.get("RealName")) or name_of(creator),
            is_public=is_public,
            text=await self._text(parts),
            at=_time(transaction),
            origin=_origin(parts),
            author_id=name_of(creator),
            is_signed_in=_is_by_hand(parts) and await self._is_colleague(creator),
        )

    async def _author(self, creator: dict[str, Any], requesters: set[str], *, is_public: bool) -> Author:
        if self._is_own({"Creator": creator}):
            return Author.LIAISON
        # A colleague may report a ticket himself: then his public words are the customer's.
        if is_public and name_of(creator).casefold() in requesters:
            return Author.CUSTOMER
        return Author.AGENT if not is_public or await self._is_colleague(creator) else Author.CUSTOMER

    async def _is_colleague(self, user: dict[str, Any]) -> bool:
        """Whether RT calls the user privileged; one that RT does not show us is none."""
        number = id_from(user.get("id"))
        if number is None:
            return False
        known = self._colleagues.get(number)
        if known is None:
            try:
                known = bool((await self._api.get(f"user/{number}")).get("Privileged"))
            except NotFound:
                known = False
            self._colleagues.put(number, known)
        return known

    def _is_own(self, part: dict[str, Any]) -> bool:
        return name_of(part.get("Creator")).casefold() == self._own_name.casefold()

    async def _text(self, parts: Sequence[dict[str, Any]]) -> str:
        """The words: the plain part, else the HTML one; attached files are none."""
        for kind in ("text/plain", "text/html"):
            for part in parts:
                number = id_from(part.get("id"))
                if any_text(part.get("ContentType")).lower() == kind and not part.get("Filename") and number:
                    return _decoded((await self._api.get(f"attachment/{number}")).get("Content"))
        return ""


async def note_exposed(ticket: str) -> Exposed:
    """RT has no call that makes a reply a comment, or takes one away."""
    return await exposed(
        f"requesttracker: the comment on ticket {ticket}",
        None,
        cure="look at RT's scrips and local changes: a comment became a reply",
    )


def reply_not_shown(ticket: str) -> NotShown:
    """A comment is mailed to no customer."""
    return NotShown(
        f"requesttracker: the reply on ticket {ticket} was stored as a comment that its customer does not get:"
        " look at RT's scrips and local changes, and tell the customer by hand"
    )


def _time(data: dict[str, Any]) -> datetime:
    return utc_time(data.get("Created"), of="requesttracker")


def _is_by_hand(parts: Sequence[dict[str, Any]]) -> bool:
    """Whether RT says that it was written by who was logged in: it marks each message with the way that it came, and a
    mail's own word for that is overwritten (RT 5, `RT::Interface::Email`, `RT::Interface::Web`)."""
    ways = {
        value.strip().casefold()
        for part in parts
        for name, value in headers_of(any_text(part.get("Headers")))
        if name.strip().casefold() == "x-rt-interface"
    }
    return bool(ways) and ways <= _LOGGED_IN


def _origin(parts: Sequence[dict[str, Any]]) -> Origin:
    return origin_of(header for part in parts for header in headers_of(any_text(part.get("Headers"))))


def _decoded(content: object) -> str:
    try:
        return any_text(base64.b64decode(any_text(content), validate=False).decode("utf-8", "replace"))
    except (binascii.Error, ValueError):
        return any_text(content)
