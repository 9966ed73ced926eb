"""One change of one conversation: tags and status, then the message, each believed when it is read back.

A reply goes to the conversation's customer, a note to colleagues: two calls. Either makes a conversation active again
unless it says another status, so it always says one.
https://developer.helpscout.com/mailbox-api/endpoints/conversations/threads/reply/ and `.../note/`. No call makes a note
of what is public; one changes its words: `.../threads/update/`
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.helpscout.api import HelpScoutApi
from connectors.helpscout.conversation.threads import (
    html_of,
    id_from,
    is_by_customer,
    is_note,
    is_own,
    is_sent_reply,
    message_key,
    words_of,
    written_at,
)
from connectors.helpscout.mapping import (
    ACTIVE,
    CLOSED,
    customer_of,
    gone_from,
    has_tags,
    is_draft,
    is_ours,
    status_of,
    status_word,
    tags_of,
    updated_at,
    version_of,
)
from connectors.helpscout.settings import HelpScoutSettings
from connectors.kit.read_back import read_back
from incidents.errors import Exposed, LiaisonError, NotFound, NotShown, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome

MOST_LETTERS = 60_000
"""Of one message; Help Scout names no limit, and a longer one was not written for a reader."""
WITHDRAWN = "This note was withdrawn."


class HelpScoutChanges:
    """All raise `incidents.errors`."""

    def __init__(self, api: HelpScoutApi, settings: HelpScoutSettings) -> None:
        self._api = api
        self._settings = settings

    async def change(self, own_id: str, change: TicketChange, once: str, user: str) -> TicketOutcome:
        """Raises `NotFound`, `Exposed` and `Refused` where they concern this conversation."""
        before = await self._living(own_id)
        # Before anything is changed: a reply that cannot be sent must not leave a closed conversation behind.
        message = _message(before, change, once)
        seen = await self._set(own_id, before, change)
        if message is None:
            return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE, version=version_of(seen))
        path, body, key = message
        if status := status_of(seen):
            body["status"] = status
        await self._api.send(
            "POST", f"v2/conversations/{own_id}/{path}", body, of=own_id, is_repeatable=False
        )
        closed_at = updated_at(seen) if status == CLOSED else None
        if await self._prove(own_id, key, user, is_private=path == "notes", closed_at=closed_at):
            # It was open again, and what we wrote has closed it.
            await self._open(own_id)
        return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE)

    async def was_done(self, own_id: str, once: str, user: str) -> bool:
        """Whether what was written with this key is there. Raises `Exposed` for a note that customers could read, and
        `NotShown` for a reply that they cannot."""
        note, reply = (message_key(once, is_private=is_private) for is_private in (True, False))
        async for one in self._api.threads(own_id):
            if is_own(one, note, user):
                await self._require_private(own_id, one, note, user)
                return True
            if is_own(one, reply, user):
                _require_sent(own_id, one)
                return True
        return False

    async def _living(self, own_id: str) -> dict[str, Any]:
        data = await self._api.conversation(own_id)
        if (gone := gone_from(data)) is not None:
            raise NotFound(f"helpscout: conversation {own_id} is no more ({gone}): restore it there first")
        if is_draft(data) or not is_ours(data, self._settings):
            raise NotFound(f"helpscout: conversation {own_id} is a draft, or in an inbox that is not ours")
        return data

    async def _set(self, own_id: str, before: Mapping[str, Any], change: TicketChange) -> Mapping[str, Any]:
        """The conversation with its tags and its status."""
        missing = [tag for tag in change.add_tags if not has_tags(before, [tag])]
        status = None if change.status is None else status_word(change.status)
        if status == status_of(before):
            status = None
        if not missing and status is None:
            return before
        path = f"v2/conversations/{own_id}"
        if missing:
            # What is sent takes the place of all there were.
            body = {"tags": [*tags_of(before), *missing]}
            await self._api.send("PUT", f"{path}/tags", body, of=own_id, is_repeatable=True)
        if status is not None:
            await self._set_status(own_id, status)
        return await read_back(
            lambda: self._api.conversation(own_id),
            lambda data: has_tags(data, missing) and status in (None, status_of(data)),
            what=f"helpscout: tags and status of conversation {own_id}",
            cure="look at the workflows that run on conversations",
        )

    async def _prove(
        self, own_id: str, key: str, user: str, *, is_private: bool, closed_at: datetime | None
    ) -> bool:
        """Whether its customer wrote between `closed_at` and our own words."""
        what = f"helpscout: {'note' if is_private else 'reply'} on conversation {own_id}"
        found, is_answered = None, False
        try:
            async for one in self._api.threads(own_id):
                if found is None:
                    found = one if is_own(one, key, user) else None
                elif closed_at is None or written_at(one) <= closed_at:
                    break
                else:
                    is_answered = is_answered or is_by_customer(one)
        except LiaisonError as error:
            # Also where it is gone, or merged, since: it was sent all the same.
            raise Unknown(f"{what}: answered with success, but could not be read back: {error}") from error
        if found is None:
            # Nothing says that a list shows at once what was written.
            raise Unknown(f"{what}: answered with success, and not among what is written there (yet)")
        if is_private:
            await self._require_private(own_id, found, key, user)
        else:
            _require_sent(own_id, found)
        return is_answered

    async def _open(self, own_id: str) -> None:
        try:
            await self._set_status(own_id, ACTIVE)
        except LiaisonError as error:
            raise Unknown(
                f"helpscout: conversation {own_id}: its customer wrote, and it could not be opened again: {error}"
            ) from error

    async def _set_status(self, own_id: str, status: str) -> None:
        patch = {"op": "replace", "path": "/status", "value": status}
        await self._api.send("PATCH", f"v2/conversations/{own_id}", patch, of=own_id, is_repeatable=True)

    async def _own(self, own_id: str, key: str, user: str) -> Mapping[str, Any] | None:
        async for one in self._api.threads(own_id):
            if is_own(one, key, user):
                return one
        return None

    async def _require_private(self, own_id: str, note: Mapping[str, Any], key: str, user: str) -> None:
        """A note that customers could read loses its words at once, as no call makes it private, and is told:
        `Exposed`. Its mark stays, so that a look-up finds what became of it."""
        if is_note(note):
            return
        told = (
            f"helpscout: the note on conversation {own_id} was stored as public, and customers could read it"
        )
        cure = "look at the workflows and apps of the account: something publishes notes"
        by_hand = "its words could not be taken out: delete it there by hand, now"
        thread = id_from(note.get("id"))
        try:
            if thread is None:
                raise Refused("it has no id")
            path = f"v2/conversations/{own_id}/threads/{thread}"
            patch = {"op": "replace", "path": "/text", "value": html_of(WITHDRAWN, key)}
            await self._api.send("PATCH", path, patch, of=own_id, is_repeatable=True)
            seen = await self._own(own_id, key, user)
        except LiaisonError as error:
            raise Exposed(f"{told}; {by_hand}. Then {cure} ({error})") from error
        if seen is None or WITHDRAWN not in words_of(seen.get("body")):
            raise Exposed(f"{told}; {by_hand}. Then {cure}")
        raise Exposed(
            f"{told}; its words were taken out, whoever was mailed has them still, and what is left is to be deleted by"
            f" hand. Please {cure}"
        )


def _require_sent(own_id: str, reply: Mapping[str, Any]) -> None:
    if not is_sent_reply(reply):
        raise NotShown(
            f"helpscout: the reply on conversation {own_id} was stored as a draft or a note, so its customer cannot"
            " read it: look at the account's workflows and apps, and tell the customer by hand"
        )


def _message(
    before: Mapping[str, Any], change: TicketChange, once: str
) -> tuple[str, dict[str, Any], str] | None:
    """Path, body and key; None where nothing is said. Raises `Refused`."""
    words = change.public_reply if change.private_note is None else change.private_note
    if words is None:
        return None
    if not words.strip():
        raise Refused("helpscout: an empty message would tell nobody anything")
    if len(words) > MOST_LETTERS:
        raise Refused(f"helpscout: a message of more than {MOST_LETTERS} letters; shorten the template")
    key = message_key(once, is_private=change.private_note is not None)
    body: dict[str, Any] = {"text": html_of(words, key)}
    if change.private_note is not None:
        return "notes", body, key
    customer = customer_of(before).id
    if not customer:
        raise Refused("helpscout: the conversation has no customer to reply to")
    # Neither a draft, which nobody would be sent, nor to anybody else.
    return "reply", {**body, "customer": {"id": int(customer)}, "draft": False}, key
