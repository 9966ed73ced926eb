"""One change of one conversation: tags and state, then the message, each believed when it is read back.

A reply of kind `comment` goes to all the conversation's contacts, one of kind `note` to colleagues alone; it always
says which. No call makes a note of what is public; one takes the words out, and our mark with them:
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/redactconversation
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from connectors.intercom.api import IntercomApi
from connectors.intercom.mapping import (
    COMMENT,
    NOTE,
    PUBLIC_PARTS,
    has_tags,
    html_of,
    is_by,
    is_cut,
    message_key,
    own_part,
    parts_of,
    state_for,
    updated_at,
)
from connectors.intercom.settings import IntercomSettings
from connectors.kit.fields import any_text, record, records, text
from connectors.kit.read_back import read_back
from incidents.errors import Exposed, LiaisonError, NotFound, NotShown, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome

MOST_LETTERS = 60_000
"""Of one message; a longer one was not written for a reader."""


class IntercomChanges:
    """All raise `incidents.errors`."""

    def __init__(self, api: IntercomApi, settings: IntercomSettings, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._settings = settings
        self._clock = clock

    async def change(self, own_id: str, change: TicketChange, once: str, admin: str) -> TicketOutcome:
        """Raises `NotFound`, `Exposed` and `Refused` where they concern this conversation."""
        before = await self._api.conversation(own_id)
        # Before anything is changed: a reply that cannot be sent must not leave a solved conversation behind.
        message = _message(before, change, once, admin)
        seen = await self._set(own_id, before, change, admin)
        if message is None:
            version = int(updated_at(seen).timestamp() * 1000)
            return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE, version=version)
        body, key = message
        await self._api.send(f"{own_id}/reply", body, is_repeatable=False)
        await self._prove(own_id, key, admin, is_note=body["message_type"] == NOTE)
        return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE)

    async def was_done(self, own_id: str, once: str, admin: str) -> bool:
        """Whether what was written with this key is there. Raises `Exposed` for a note that customers could read,
        `NotShown` for a reply that they cannot, `Refused` where it may be among what Intercom shows no more or
        whose words were taken out."""
        data = await self._api.conversation(own_id)
        parts = parts_of(data)
        for is_private in (True, False):
            found = own_part(parts, message_key(once, is_private=is_private), admin)
            if found is not None:
                await self._require_kind(own_id, found, is_note=is_private)
                return True
        # With words that were taken out goes their mark. No later look tells more: a person decides.
        if is_cut(data) or any(is_by(one, admin) and one.get("redacted") is True for one in parts):
            raise Refused(
                f"intercom: conversation {own_id} has more parts than Intercom shows, or words of ours were taken out;"
                " whether what is looked for is among them, a person must see in the inbox"
            )
        return False

    async def _set(
        self, own_id: str, before: Mapping[str, Any], change: TicketChange, admin: str
    ) -> Mapping[str, Any]:
        """The conversation with its tags and its state."""
        missing = [tag for tag in change.add_tags if not has_tags(before, [tag])]
        state = None if change.status is None else state_for(change.status)
        if state == text(before.get("state")):
            state = None
        if not missing and state is None:
            return before
        for tag in missing:
            await self._tag(own_id, tag, admin)
        if state is not None:
            await self._api.send(f"{own_id}/parts", self._part(state, admin), is_repeatable=True)
        return await read_back(
            lambda: self._api.conversation(own_id),
            lambda data: has_tags(data, missing) and state in (None, data.get("state")),
            what=f"intercom: tags and state of conversation {own_id}",
            cure="look at the workflows that run on conversations",
        )

    async def _tag(self, own_id: str, tag: str, admin: str) -> None:
        try:
            body = {"id": await self._api.tag_id(tag), "admin_id": admin}
            await self._api.send(f"{own_id}/tags", body, is_repeatable=True)
        except NotFound:
            # The tag or the conversation is gone; which, the next try tells.
            self._api.forget_tags()
            raise

    def _part(self, state: str, admin: str) -> dict[str, Any]:
        if state == "closed":
            return {"message_type": "close", "type": "admin", "admin_id": admin}
        if state == "open":
            return {"message_type": "open", "admin_id": admin}
        until = self._clock() + timedelta(hours=self._settings.snooze_hours)
        return {"message_type": "snoozed", "admin_id": admin, "snoozed_until": int(until.timestamp())}

    async def _prove(self, own_id: str, key: str, admin: str, *, is_note: bool) -> None:
        async def written() -> Mapping[str, Any]:
            try:
                return await self._api.conversation(own_id)
            except NotFound as error:
                raise Unknown(
                    f"intercom: conversation {own_id} went after it was changed: {error}"
                ) from error

        seen = await read_back(
            written,
            lambda data: own_part(parts_of(data), key, admin) is not None,
            what=f"intercom: {'note' if is_note else 'reply'} on conversation {own_id}",
            cure="look at the conversation: what was written may be there without our mark",
        )
        found = own_part(parts_of(seen), key, admin)
        if found is not None:
            await self._require_kind(own_id, found, is_note=is_note)

    async def _require_kind(self, own_id: str, part: Mapping[str, Any], *, is_note: bool) -> None:
        """Only the plain kinds count: a note is no note where its kind is any other, and loses its words at once."""
        kind = text(part.get("part_type"))
        if is_note and kind != NOTE:
            raise Exposed(
                f"intercom: the note on conversation {own_id} was stored as public, and customers could read it;"
                f" {await self._take_out(own_id, any_text(part.get('id')))}"
            )
        if not is_note and kind not in PUBLIC_PARTS:
            raise NotShown(
                f"intercom: the reply on conversation {own_id} was stored as a note, so its customer cannot read it:"
                " look at the workspace's workflows and apps, and tell the customer by hand"
            )

    async def _take_out(self, own_id: str, part_id: str) -> str:
        """What to tell of it: the reading says whether the words are there, whatever the call was answered."""
        cure = "look at the workspace's workflows and apps"
        by_hand = f"delete it in the inbox by hand, now. Then {cure}"
        body = {"type": "conversation_part", "conversation_id": own_id, "conversation_part_id": part_id}
        try:
            with suppress(LiaisonError):
                await self._api.send("redact", body, is_repeatable=True)
            parts = parts_of(await self._api.conversation(own_id))
        except LiaisonError as error:
            return f"its words may be there still: {by_hand} ({error})"
        if any(any_text(one.get("id")) == part_id and one.get("redacted") is not True for one in parts):
            return f"its words could not be taken out: {by_hand}"
        return (
            "its words were taken out, whoever was mailed has them still, and what is left is to be deleted by hand."
            f" Please {cure}"
        )


def _message(
    before: Mapping[str, Any], change: TicketChange, once: str, admin: str
) -> tuple[dict[str, Any], str] | None:
    """Body and key; None where nothing is said. `cross_post`, which copies a note elsewhere, is never sent. Raises
    `Refused`."""
    words = change.public_reply if change.private_note is None else change.private_note
    if words is None:
        return None
    is_note = change.private_note is not None
    if not is_note and not records(record(before.get("contacts")).get("contacts")):
        raise Refused("intercom: the conversation has no contact to reply to")
    if not words.strip():
        raise Refused("intercom: an empty message would tell nobody anything")
    if len(words) > MOST_LETTERS:
        raise Refused(f"intercom: a message of more than {MOST_LETTERS} letters; shorten the template")
    key = message_key(once, is_private=is_note)
    kind = NOTE if is_note else COMMENT
    return {"message_type": kind, "type": "admin", "admin_id": admin, "body": html_of(words, key)}, key
