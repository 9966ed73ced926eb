"""One change of one conversation: tags and state, then the message, each believed when it is read back.

A reply of kind `comment` goes to all the conversation's contacts, one of kind `note` to colleagues alone; it always
says which. No described call hides or rewrites what was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.intercom.api import IntercomApi
from connectors.intercom.mapping import (
    COMMENT,
    NOTE,
    PUBLIC_PARTS,
    has_tags,
    html_of,
    is_cut,
    message_key,
    own_part,
    parts_of,
    state_for,
    updated_at,
)
from connectors.intercom.settings import IntercomSettings
from connectors.kit.fields import record, records, text
from connectors.kit.read_back import read_back
from incidents.errors import Exposed, NotFound, NotShown, Refused, Unknown
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
        `NotShown` for a reply that they cannot, `Refused` where it may be among what Intercom shows no more."""
        data = await self._api.conversation(own_id)
        parts = parts_of(data)
        for is_private in (True, False):
            found = own_part(parts, message_key(once, is_private=is_private), admin)
            if found is not None:
                _require_kind(own_id, found, is_note=is_private)
                return True
        if is_cut(data):
            # No later look tells more: a person decides.
            raise Refused(
                f"intercom: conversation {own_id} has more parts than Intercom shows; whether our words are"
                " among them, a person must see in the inbox"
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
            _require_kind(own_id, found, is_note=is_note)


def _require_kind(own_id: str, part: Mapping[str, Any], *, is_note: bool) -> None:
    """Only the plain kinds count: a note is no note where its kind is any other."""
    kind = text(part.get("part_type"))
    if is_note and kind != NOTE:
        raise Exposed(
            f"intercom: the note on conversation {own_id} was stored as public, and customers could read it; no call"
            " takes it back: delete it in the inbox by hand, now. Then look at the workspace's workflows and apps"
        )
    if not is_note and kind not in PUBLIC_PARTS:
        raise NotShown(
            f"intercom: the reply on conversation {own_id} was stored as a note, so its customer cannot read it: look"
            " at the workspace's workflows and apps, and tell the customer by hand"
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
