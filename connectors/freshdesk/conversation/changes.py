"""One change of one ticket: its properties in one call, then the message, each believed when it is read back.

A reply is mailed to the requester, a note is private unless it says otherwise: it always says so. No call hides a note
that is public; `PUT conversations/{id}` takes its words, so that they are taken out: https://developers.freshdesk.com/api/#conversations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.freshdesk.api import FreshdeskApi
from connectors.freshdesk.conversation.written import html_of, is_private, note_key, own_conversation
from connectors.freshdesk.mapping import (
    gone_from,
    id_from,
    requester_of,
    status_number,
    status_of,
    tags_of,
    version_from,
    words_of,
)
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.kit.read_back import read_back
from incidents.errors import Exposed, LiaisonError, NotFound, NotShown, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome

MOST_LETTERS = 60_000
"""Of one message; Freshdesk names no limit, and a longer one was not written for a reader."""

WITHDRAWN = "This note was withdrawn."


class FreshdeskChanges:
    """All raise `incidents.errors`."""

    def __init__(self, api: FreshdeskApi, settings: FreshdeskSettings) -> None:
        self._api = api
        self._settings = settings

    async def change(self, ticket: str, change: TicketChange, once: str, own_id: str) -> TicketOutcome:
        """Raises `NotFound`, `Exposed` and `Refused` where they concern this ticket."""
        before = await self._living(ticket)
        version = version_from(before)
        # Before anything is changed: a reply that cannot be sent must not leave a solved ticket behind.
        message = self._message(before, change, once)
        if fields := self._fields(before, change):
            version = await self._set(ticket, fields, change)
        if message is None:
            return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE, version=version)
        path, body, key = message
        try:
            await self._api.send("POST", f"tickets/{ticket}/{path}", body, is_repeatable=False)
        except NotFound as error:
            raise NotFound(f"freshdesk: ticket {ticket} went while it was changed: {error}") from error
        await self._prove(ticket, key, own_id, is_note=path == "notes")
        return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE)

    async def was_done(self, ticket: str, once: str, own_id: str) -> bool:
        """Whether what was written with this key is there. Raises `Exposed` for a note that customers could read, and
        `NotShown` for a reply that they cannot."""
        written = await self._api.conversations(ticket)
        note = own_conversation(written, note_key(once, is_private=True), own_id)
        if note is not None:
            await self._require_private(ticket, note, note_key(once, is_private=True), own_id)
            return True
        reply = own_conversation(written, note_key(once, is_private=False), own_id)
        if reply is not None:
            _require_shown(ticket, reply)
        return reply is not None

    async def _living(self, ticket: str) -> dict[str, Any]:
        data = await self._api.ticket(ticket)
        if (gone := gone_from(data)) is not None:
            raise NotFound(f"freshdesk: ticket {ticket} is no more ({gone}): restore it there first")
        return data

    def _fields(self, before: Mapping[str, Any], change: TicketChange) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        # A status of the house's own stays where it means the same.
        if change.status is not None and status_of(before, self._settings) is not change.status:
            fields["status"] = status_number(change.status, self._settings)
        tags = tags_of(before)
        if missing := [tag for tag in change.add_tags if tag not in tags]:
            # What is sent takes the place of all there were.
            fields["tags"] = [*tags, *missing]
        return fields

    async def _set(self, ticket: str, fields: Mapping[str, Any], change: TicketChange) -> int:
        await self._api.send("PUT", f"tickets/{ticket}", dict(fields), is_repeatable=True)
        seen = await read_back(
            lambda: self._api.ticket(ticket, with_requester=False),
            lambda data: (
                ("status" not in fields or status_of(data, self._settings) is change.status)
                and set(change.add_tags) <= set(tags_of(data))
            ),
            what=f"freshdesk: {' and '.join(sorted(fields))} of ticket {ticket}",
            cure="look at the automation rules that run on ticket updates",
        )
        return version_from(seen)

    def _message(
        self, before: Mapping[str, Any], change: TicketChange, once: str
    ) -> tuple[str, dict[str, Any], str] | None:
        """Path, body and key; None where nothing is said. Raises `Refused`."""
        if change.private_note is not None:
            key = note_key(once, is_private=True)
            return "notes", {"body": _body(change.private_note, key), "private": True}, key
        if change.public_reply is None:
            return None
        if not requester_of(before).email:
            raise Refused("freshdesk: the ticket's requester has no e-mail address to reply to")
        key = note_key(once, is_private=False)
        return "reply", {"body": _body(change.public_reply, key)}, key

    async def _prove(self, ticket: str, key: str, own_id: str, *, is_note: bool) -> None:
        async def written() -> Sequence[Mapping[str, Any]]:
            try:
                return await self._api.conversations(ticket)
            except NotFound as error:
                # A rule moved it where we may not look: it was sent all the same.
                raise Unknown(
                    f"freshdesk: ticket {ticket} went from our sight after it was changed: {error}"
                ) from error

        seen = await read_back(
            written,
            lambda rows: own_conversation(rows, key, own_id) is not None,
            what=f"freshdesk: {'note' if is_note else 'reply'} on ticket {ticket}",
            cure="look at the ticket: what was written may be there without our mark",
        )
        found = own_conversation(seen, key, own_id)
        if found is not None and is_note:
            await self._require_private(ticket, found, key, own_id)
        elif found is not None:
            _require_shown(ticket, found)

    async def _require_private(self, ticket: str, note: Mapping[str, Any], key: str, own_id: str) -> None:
        """A note that customers could read loses its words at once, as no call hides it, and is told: `Exposed`. Its
        mark stays, so that a look-up finds what became of it."""
        if is_private(note):
            return
        told = f"freshdesk: the note on ticket {ticket} was stored as public, and customers could read it"
        cure = "look at the apps and automation rules of the account: something publishes notes"
        by_hand = "its words could not be taken out: delete it there by hand, now"
        written = id_from(note.get("id"))
        try:
            if written is None:
                raise Refused("it has no id")
            body = {"body": html_of(WITHDRAWN, key)}
            await self._api.send("PUT", f"conversations/{written}", body, is_repeatable=True)
            seen = own_conversation(await self._api.conversations(ticket), key, own_id)
        except LiaisonError as error:
            raise Exposed(f"{told}; {by_hand}. Then {cure} ({error})") from error
        if seen is None or WITHDRAWN not in words_of(seen.get("body"), seen.get("body_text")):
            raise Exposed(f"{told}; {by_hand}. Then {cure}")
        raise Exposed(
            f"{told}; its words were taken out, whoever was mailed has them still, and what is left is to be deleted by"
            f" hand. Please {cure}"
        )


def _require_shown(ticket: str, reply: Mapping[str, Any]) -> None:
    if is_private(reply):
        raise NotShown(
            f"freshdesk: the reply on ticket {ticket} was stored as private, so its customer cannot read it: look at"
            " the account's apps, and tell the customer by hand"
        )


def _body(words: str, key: str) -> str:
    if not words.strip():
        raise Refused("freshdesk: an empty message is refused by Freshdesk and would tell nobody anything")
    if len(words) > MOST_LETTERS:
        raise Refused(f"freshdesk: a message of more than {MOST_LETTERS} letters; shorten the template")
    return html_of(words, key)
