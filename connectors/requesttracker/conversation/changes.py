"""One change of one ticket, in an order in which nobody is told twice and nothing is believed unread.

- A reply on a settled ticket opens it again (RT's own scrip), so the status is set after the reply, and one that was
  settled and should stay so is settled again.
- RT answers 200 to a status it does not take, to a field it does not know, and to what was so already: what it holds
  afterwards decides.
- A reply to a deleted ticket would bring it back, and one to a merged ticket lands on the one that took it in.
"""

from __future__ import annotations

from typing import Any

from connectors.kit.fields import any_text, items, records
from connectors.kit.read_back import read_back
from connectors.requesttracker.api import RtApi
from connectors.requesttracker.conversation.reader import (
    HIDDEN,
    NOTE,
    REPLY,
    Conversation,
    note_exposed,
    reply_not_shown,
)
from connectors.requesttracker.mapping import DELETED, content_type, id_from, status_from, status_word
from connectors.requesttracker.settings import RequestTrackerSettings
from incidents.errors import LiaisonError, NotFound, Refused, Unknown
from incidents.models import ChangeOutcome, InternalText, PublicText, TicketChange, TicketOutcome


class Changes:
    """Changes tickets as one user."""

    def __init__(self, api: RtApi, conversation: Conversation, settings: RequestTrackerSettings) -> None:
        self._api = api
        self._conversation = conversation
        self._settings = settings

    async def change(self, ticket: str, change: TicketChange, once: str) -> TicketOutcome:
        """Do it once. Raises `incidents.errors`; after a message was sent, `Unknown` or `Refused` only."""
        before = any_text((await self._living(ticket)).get("Status"))
        wanted = before if change.status is None else self._word(change, before)
        if change.add_tags and self._settings.tag_field:
            # First, because it may be sent again: what comes after may not.
            await self._add_tags(ticket, change.add_tags)
        if change.private_note is not None:
            await self._note(ticket, change.private_note, once)
        if change.public_reply is not None:
            await self._reply(ticket, change.public_reply, once)
        has_spoken = change.public_reply is not None or change.private_note is not None
        try:
            await self._settle(ticket, wanted, is_asked=change.status is not None, before=before)
        except LiaisonError as error:
            if not has_spoken:
                raise
            # What was said was said, whatever became of the status.
            told = f"the message was sent, the status was not set: {error}"
            raise Refused(told) if isinstance(error, Refused) else Unknown(told) from error
        return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE)

    async def _living(self, ticket: str) -> dict[str, Any]:
        """The ticket. Raises `NotFound` for one that was deleted, or merged into another one."""
        data = await self._api.get(f"ticket/{ticket}")
        if (survivor := id_from(data.get("id"))) != ticket:
            raise NotFound(f"requesttracker: ticket {ticket} was merged into {survivor}")
        if data.get("Status") == DELETED:
            raise NotFound(f"requesttracker: ticket {ticket} was deleted")
        return data

    def _word(self, change: TicketChange, before: str) -> str:
        """The status to set; the one it has, where that means the same."""
        if change.status is None or status_from(before, self._settings) is change.status:
            return before
        return status_word(change.status, self._settings)

    async def _note(self, ticket: str, words: InternalText, once: str) -> None:
        if await self._say(ticket, "comment", words, content_type(once, is_private=True), once) == REPLY:
            raise await note_exposed(ticket)

    async def _reply(self, ticket: str, words: PublicText, once: str) -> None:
        if await self._say(ticket, "correspond", words, content_type(once), once) == NOTE:
            raise reply_not_shown(ticket)

    async def _say(self, ticket: str, kind: str, text: str, kept_as: str, once: str) -> str | None:
        """What RT has of it afterwards: the type of its transaction."""
        if not text.strip():
            raise Refused(
                f"requesttracker: an empty {kind} on ticket {ticket} would be stored and mailed as such"
            )
        transaction = await self._api.add_message(
            # Always JSON: a raw body is stored in the wrong encoding.
            ticket,
            kind,
            {"Content": text, "ContentType": kept_as},
        )
        seen = await read_back(
            lambda: self._conversation.message(transaction, once),
            lambda seen: seen in (REPLY, NOTE, HIDDEN),
            what=f"requesttracker: {kind} on ticket {ticket}",
        )
        if seen == HIDDEN:
            # Not "unknown": the look-up would not see it either, and it would be sent again.
            raise Refused(
                f"requesttracker: the {kind} on ticket {ticket} was sent and RT does not show it to us; give"
                f" {self._settings.user!r} the right {'ShowTicketComments' if kind == 'comment' else 'ShowTicket'}"
                " on its queue"
            )
        return seen

    async def _settle(self, ticket: str, wanted: str, *, is_asked: bool, before: str) -> None:
        now = any_text((await self._living(ticket)).get("Status"))
        is_reopened = status_from(before, self._settings).is_settled and now != before
        if now == wanted or not (is_asked or is_reopened):
            return
        await self._api.put(f"ticket/{ticket}", {"Status": wanted})
        await read_back(
            lambda: self._api.get(f"ticket/{ticket}"),
            lambda seen: seen.get("Status") == wanted,
            what=f"requesttracker: ticket {ticket} to status {wanted!r}",
            cure="look at its queue's lifecycle and at tickets it depends on",
        )

    async def _add_tags(self, ticket: str, tags: tuple[str, ...]) -> None:
        field = self._settings.tag_field
        known = _values(await self._api.get(f"ticket/{ticket}"), field)
        if known is None:
            raise Refused(
                f"requesttracker: ticket {ticket} has no custom field {field!r}: apply it to its queue, with"
                " SeeCustomField and ModifyCustomField for us"
            )
        if missing := [tag for tag in tags if tag not in known]:
            await self._api.put(f"ticket/{ticket}", {"CustomFields": {field: [*known, *missing]}})
            await read_back(
                lambda: self._api.get(f"ticket/{ticket}"),
                lambda seen: set(tags) <= set(_values(seen, field) or []),
                what=f"requesttracker: tags of ticket {ticket}",
            )


def _values(ticket: dict[str, Any], field: str) -> list[str] | None:
    """The values of a custom field; None where the ticket has no such field."""
    for one in records(ticket.get("CustomFields")):
        if any_text(one.get("name")) == field:
            return [any_text(value) for value in items(one.get("values"))]
    return None
