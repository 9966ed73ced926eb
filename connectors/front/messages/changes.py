"""One change of one conversation: tags and status, then the message or comment, each believed when it is read back.

A reply that does not say otherwise archives its conversation, so it always says otherwise. Front answers that it took
a message, and sends it later (a channel may hold it back for a minute, so that people can undo it): what is not seen
yet is "unknown", and is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.front.api import FrontApi
from connectors.front.mapping import (
    ARCHIVED,
    OPEN,
    RESOLVED,
    category_for,
    category_of,
    gone_from,
    has_ticketing,
    tags_of,
)
from connectors.front.messages.mapping import comment_of, html_of, is_own, is_sent, message_key
from connectors.front.settings import FrontSettings
from connectors.kit.fields import record, text
from connectors.kit.private_notes import exposed
from connectors.kit.read_back import read_back, require_there
from incidents.errors import NotFound, NotShown, Refused
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome, TicketStatus

MESSAGES, COMMENTS = "messages", "comments"
MOST_LETTERS = 60_000
"""Of one message; a longer one was not written for a reader."""
MOST_LETTERS_OF_TAG = 64
"""https://dev.frontapp.com/reference/tags"""


class FrontChanges:
    """All raise `incidents.errors`."""

    def __init__(self, api: FrontApi, settings: FrontSettings) -> None:
        self._api = api
        self._teammate = settings.teammate_id

    async def change(self, own_id: str, change: TicketChange, once: str) -> TicketOutcome:
        """Raises `NotFound`, `Exposed` and `Refused` where they concern this conversation."""
        before = await self._api.conversation(own_id)
        if gone_from(before) is not None:
            raise NotFound(f"front: conversation {own_id} is in the bin")
        # Before anything is changed: a reply that cannot be sent must not leave a solved conversation behind.
        message = self._message(before, change, once)
        await self._set(own_id, before, change)
        if message is not None:
            kind, body = message
            await self._api.write(own_id, kind, body)
            await self._prove(own_id, once, is_private=kind == COMMENTS)
        return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE)

    async def was_done(self, own_id: str, once: str) -> bool:
        """Whether what was written with this key is there. Raises `Exposed` for a note that customers could read, and
        `NotShown` for a reply that they cannot."""
        if gone_from(await self._api.conversation(own_id)) is not None:
            return False
        return await self._is_there(own_id, once, is_private=True) or await self._is_there(
            own_id, once, is_private=False
        )

    async def _set(self, own_id: str, before: Mapping[str, Any], change: TicketChange) -> None:
        missing = [tag for tag in change.add_tags if tag not in tags_of(before)]
        if any(len(tag) > MOST_LETTERS_OF_TAG for tag in missing):
            raise Refused(f"front: a tag has at most {MOST_LETTERS_OF_TAG} letters")
        try:
            if missing:
                await self._api.add_tags(own_id, [await self._api.tag_id(tag) for tag in missing])
            wanted = None
            if change.status is not None:
                wanted = await self._set_status(own_id, before, change.status)
        except Refused:
            self._api.forget()
            raise
        if missing or wanted is not None:
            await read_back(
                lambda: self._api.conversation(own_id),
                lambda data: (
                    all(tag in tags_of(data) for tag in missing) and wanted in (None, category_of(data))
                ),
                what=f"front: tags and status of conversation {own_id}",
                cure="look at the rules that run on conversations",
            )

    async def _set_status(self, own_id: str, before: Mapping[str, Any], status: TicketStatus) -> str | None:
        """The category that it has then; None where it has it already."""
        wanted = category_for(status)
        if not has_ticketing(before):
            # It can be open or archived, and nothing between.
            wanted = RESOLVED if wanted == RESOLVED else OPEN
        if category_of(before) == wanted:
            return None
        body = {"status": ARCHIVED if wanted == RESOLVED else OPEN}
        if has_ticketing(before):
            status_id = await self._api.status_id(wanted)
            if status_id is None:
                raise Refused(f"front: the company has no ticket status of the category {wanted}")
            body = {"status_id": status_id}
        await self._api.set(own_id, body)
        return wanted

    def _message(
        self, before: Mapping[str, Any], change: TicketChange, once: str
    ) -> tuple[str, dict[str, Any]] | None:
        """Its kind and the call's body; None where nothing is said. Raises `Refused`."""
        words = change.public_reply if change.private_note is None else change.private_note
        if words is None:
            return None
        if not words.strip():
            raise Refused("front: an empty message would tell nobody anything")
        if len(words) > MOST_LETTERS:
            raise Refused(f"front: a message of more than {MOST_LETTERS} letters; shorten the template")
        is_private = change.private_note is not None
        key = message_key(once, is_private=is_private)
        if is_private:
            return COMMENTS, {"author_id": self._teammate, "body": comment_of(words, key)}
        handle = text(record(before.get("recipient")).get("handle"))
        if not handle:
            raise Refused("front: the conversation has no recipient to reply to: colleagues discuss there")
        # Whom a reply goes to that does not say so, nobody documents.
        said = {"to": [handle], "options": {"archive": False}}
        return MESSAGES, {"author_id": self._teammate, "body": html_of(words, key), **said}

    async def _prove(self, own_id: str, once: str, *, is_private: bool) -> None:
        await require_there(
            lambda: self._is_there(own_id, once, is_private=is_private),
            what=f"front: the {'note' if is_private else 'reply'} on conversation {own_id}",
            on="conversation",
        )

    async def _is_there(self, own_id: str, once: str, *, is_private: bool) -> bool:
        """Where it belongs, or, which is told, where it does not."""
        key = message_key(once, is_private=is_private)
        found = await self._found(own_id, COMMENTS if is_private else MESSAGES, key)
        if found is None:
            found = await self._found(own_id, MESSAGES if is_private else COMMENTS, key)
            if found is None:
                return False
            if is_private:
                raise await exposed(
                    f"front: the note on conversation {own_id}",
                    None,
                    cure="look at the company's rules and apps",
                )
            raise NotShown(
                f"front: the reply on conversation {own_id} was stored as a comment, so its customer cannot read it:"
                " look at the company's rules and apps, and tell the customer by hand"
            )
        if not is_private and (not is_sent(found) or text(found.get("error_type"))):
            raise NotShown(
                f"front: the reply on conversation {own_id} was not sent: look at its channel, and tell the customer"
                " by hand"
            )
        return True

    async def _found(self, own_id: str, kind: str, key: str) -> Mapping[str, Any] | None:
        rows = self._api.comments(own_id) if kind == COMMENTS else self._api.messages(own_id)
        async for row in rows:
            if is_own(row, self._teammate, key):
                return row
        return None
