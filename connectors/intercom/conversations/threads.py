"""Conversations: their states by parts, and words that can be taken out.

No call makes a note of what is public; one takes the words out, and our mark with them:
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/redactconversation
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from connectors.intercom.api import IntercomApi
from connectors.intercom.conversations.mapping import state_for, ticket_from
from connectors.intercom.mapping import contact_id
from connectors.intercom.messages.parts import comments_from, parts_of
from connectors.intercom.settings import IntercomSettings
from connectors.intercom.threads import Shows, Threads
from connectors.kit.fields import any_text, text
from incidents.errors import LiaisonError
from incidents.models import Comment, Ticket, TicketStatus


class ConversationThreads(Threads):
    """As `connectors.intercom.threads.Threads` says."""

    kind = "conversation"
    plural = "conversations"
    parts = "conversation_parts"
    page = 150
    shows_newest = True

    def __init__(self, api: IntercomApi, settings: IntercomSettings, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._settings = settings
        self._clock = clock

    async def tickets(self, rows: Sequence[Mapping[str, Any]], connection: str) -> list[Ticket]:
        return [ticket_from(row, connection, self._settings) for row in rows]

    def comments(self, data: Mapping[str, Any], admin: str, since: datetime) -> list[Comment]:
        return comments_from(parts_of(data, self.parts), admin, since)

    def must_not_reply(self, data: Mapping[str, Any]) -> str:
        return "" if contact_id(data) else "the conversation has no contact to reply to"

    def shows_tags(self, data: Mapping[str, Any]) -> bool:
        return True

    def reply(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return body

    async def set_status(
        self, own_id: str, before: Mapping[str, Any], status: TicketStatus, admin: str
    ) -> Shows | None:
        state = state_for(status)
        if state == text(before.get("state")):
            return None
        await self._api.send(
            "POST", f"conversations/{own_id}/parts", self._part(state, admin), is_repeatable=True
        )
        return lambda data: data.get("state") == state

    async def take_out(self, own_id: str, part_id: str) -> str:
        """The reading says whether the words are there, whatever the call was answered."""
        cure = "look at the workspace's workflows and apps"
        by_hand = f"delete it in the inbox by hand, now. Then {cure}"
        body = {"type": "conversation_part", "conversation_id": own_id, "conversation_part_id": part_id}
        try:
            with suppress(LiaisonError):
                await self._api.send("POST", "conversations/redact", body, is_repeatable=True)
            parts = parts_of(await self._api.read(self.plural, own_id), self.parts)
        except LiaisonError as error:
            return f"its words may be there still: {by_hand} ({error})"
        if any(any_text(one.get("id")) == part_id and one.get("redacted") is not True for one in parts):
            return f"its words could not be taken out: {by_hand}"
        return (
            "its words were taken out, whoever was mailed has them still, and what is left is to be deleted by hand."
            f" Please {cure}"
        )

    def _part(self, state: str, admin: str) -> dict[str, Any]:
        if state == "closed":
            return {"message_type": "close", "type": "admin", "admin_id": admin}
        if state == "open":
            return {"message_type": "open", "admin_id": admin}
        until = self._clock() + timedelta(hours=self._settings.snooze_hours)
        return {"message_type": "snoozed", "admin_id": admin, "snoozed_until": int(until.timestamp())}
