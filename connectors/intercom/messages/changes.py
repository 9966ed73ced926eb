"""One change of one conversation or ticket: tags and state, then the message, each believed when it is read back.

A reply of kind `comment` goes to customers, one of kind `note` to colleagues alone; it always says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.intercom.api import IntercomApi
from connectors.intercom.mapping import has_tags, version_of
from connectors.intercom.messages.parts import (
    COMMENT,
    NOTE,
    PUBLIC_PARTS,
    html_of,
    is_by,
    is_cut,
    message_key,
    own_part,
    parts_of,
)
from connectors.intercom.threads import Threads
from connectors.kit.fields import any_text, text
from connectors.kit.read_back import read_back
from incidents.errors import Exposed, NotFound, NotShown, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome

MOST_LETTERS = 60_000
"""Of one message; a longer one was not written for a reader."""


class IntercomChanges:
    """Of what `threads` are; ids are Intercom's own. All raise `incidents.errors`."""

    def __init__(self, api: IntercomApi, threads: Threads) -> None:
        self._api = api
        self._threads = threads

    async def change(self, own_id: str, change: TicketChange, once: str, admin: str) -> TicketOutcome:
        """Raises `NotFound`, `Exposed` and `Refused` where they concern this one."""
        before = await self._read(own_id)
        # Before anything is changed: a reply that cannot be sent must not leave a solved conversation behind.
        message = self._message(before, change, once, admin)
        seen = await self._set(own_id, before, change, admin)
        if message is None:
            return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE, version=version_of(seen))
        body, key = message
        path = f"{self._threads.plural}/{own_id}/reply"
        await self._api.send("POST", path, self._threads.reply(body), is_repeatable=False)
        await self._prove(own_id, key, admin, is_note=body["message_type"] == NOTE)
        return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE)

    async def was_done(self, own_id: str, once: str, admin: str) -> bool:
        """Whether what was written with this key is there. Raises `Exposed` for a note that customers could read,
        `NotShown` for a reply that they cannot, `Refused` where it may be among what Intercom shows no more or
        whose words were taken out."""
        data = await self._read(own_id)
        parts = parts_of(data, self._threads.parts)
        for is_private in (True, False):
            found = own_part(parts, message_key(once, is_private=is_private), admin)
            if found is not None:
                await self._require_kind(own_id, found, is_note=is_private)
                return True
        # With words that were taken out goes their mark. No later look tells more: a person decides.
        if is_cut(data, self._threads.parts) or any(
            is_by(one, admin) and one.get("redacted") is True for one in parts
        ):
            raise Refused(
                f"intercom: {self._named(own_id)} has more parts than Intercom shows, or words of ours were taken out;"
                " whether what is looked for is among them, a person must see in the inbox"
            )
        return False

    async def _read(self, own_id: str) -> dict[str, Any]:
        return await self._api.read(self._threads.plural, own_id)

    def _named(self, own_id: str) -> str:
        return f"{self._threads.kind} {own_id}"

    async def _set(
        self, own_id: str, before: Mapping[str, Any], change: TicketChange, admin: str
    ) -> Mapping[str, Any]:
        """What is read with its tags and its state."""
        missing = [tag for tag in change.add_tags if not has_tags(before, [tag])]
        for tag in missing:
            await self._tag(own_id, before, tag, admin)
        shows = None
        if change.status is not None:
            shows = await self._threads.set_status(own_id, before, change.status, admin)
        if not missing and shows is None:
            return before
        return await read_back(
            lambda: self._read(own_id),
            lambda data: (
                (has_tags(data, missing) or not self._threads.shows_tags(data))
                and (shows is None or shows(data))
            ),
            what=f"intercom: tags and state of {self._named(own_id)}",
            cure=f"look at the workflows that run on {self._threads.plural}",
        )

    async def _tag(self, own_id: str, before: Mapping[str, Any], tag: str, admin: str) -> None:
        try:
            tag_id = await self._api.tag_id(tag)
            body = {"id": tag_id, "admin_id": admin}
            path = f"{self._threads.plural}/{own_id}/tags"
            added = await self._api.send("POST", path, body, is_repeatable=True)
        except NotFound:
            # The tag or what it is for is gone; which, the next try tells.
            self._api.forget_tags()
            raise
        if not self._threads.shows_tags(before) and any_text(added.get("id")) != tag_id:
            raise Refused(f"intercom: another tag than the one asked for was put on {self._named(own_id)}")

    def _message(
        self, before: Mapping[str, Any], change: TicketChange, once: str, admin: str
    ) -> tuple[dict[str, Any], str] | None:
        """Body and key; None where nothing is said. `cross_post`, which copies a note elsewhere, is never sent. Raises
        `Refused`."""
        words = change.public_reply if change.private_note is None else change.private_note
        if words is None:
            return None
        is_note = change.private_note is not None
        if not is_note and (why_not := self._threads.must_not_reply(before)):
            raise Refused(f"intercom: {why_not}")
        if not words.strip():
            raise Refused("intercom: an empty message would tell nobody anything")
        if len(words) > MOST_LETTERS:
            raise Refused(f"intercom: a message of more than {MOST_LETTERS} letters; shorten the template")
        key = message_key(once, is_private=is_note)
        kind = NOTE if is_note else COMMENT
        return {"message_type": kind, "type": "admin", "admin_id": admin, "body": html_of(words, key)}, key

    async def _prove(self, own_id: str, key: str, admin: str, *, is_note: bool) -> None:
        async def written() -> Mapping[str, Any]:
            try:
                return await self._read(own_id)
            except NotFound as error:
                raise Unknown(
                    f"intercom: {self._named(own_id)} went after it was changed: {error}"
                ) from error

        def found_in(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
            return own_part(parts_of(data, self._threads.parts), key, admin)

        def may_be_there(data: Mapping[str, Any]) -> bool:
            return not self._threads.shows_newest and is_cut(data, self._threads.parts)

        seen = await read_back(
            written,
            lambda data: found_in(data) is not None or may_be_there(data),
            what=f"intercom: {'note' if is_note else 'reply'} on {self._named(own_id)}",
            cure="look at it in the inbox: what was written may be there without our mark",
        )
        found = found_in(seen)
        if found is None:
            raise Unknown(f"intercom: {self._named(own_id)} has more parts than Intercom shows")
        await self._require_kind(own_id, found, is_note=is_note)

    async def _require_kind(self, own_id: str, part: Mapping[str, Any], *, is_note: bool) -> None:
        """Only the plain kinds count: a note is no note where its kind is any other, and loses its words at once."""
        kind = text(part.get("part_type"))
        if is_note and kind != NOTE:
            raise Exposed(
                f"intercom: the note on {self._named(own_id)} was stored as public, and customers could read it;"
                f" {await self._threads.take_out(own_id, any_text(part.get('id')))}"
            )
        if not is_note and kind not in PUBLIC_PARTS:
            raise NotShown(
                f"intercom: the reply on {self._named(own_id)} was stored as a note, so its customer cannot read it:"
                " look at the workspace's workflows and apps, and tell the customer by hand"
            )
