"""One change of one ticket: tags and status, then the note or the reply, each believed when it is read back.

An e-mail engagement (`/crm/objects/.../emails`) only logs a mail
(https://developers.hubspot.com/docs/api-reference/crm-emails-v3/guide); what reaches a customer is a message on a
thread of the conversations inbox or the help desk. So a ticket without such a thread, as one that was made by hand or
by a form, cannot be answered from here, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from connectors.hubspot.calls.api import HubSpotApi
from connectors.hubspot.mapping import (
    contact_from,
    contact_ids,
    id_from,
    properties_of,
    stage_for,
    tags_of,
)
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.words.mapping import (
    COMMENT,
    MESSAGE,
    customers_way,
    html_of,
    is_failed,
    is_own_message,
    is_own_note,
    plain_of,
    words_key,
)
from connectors.kit.fields import text
from connectors.kit.private_notes import exposed
from connectors.kit.read_back import read_back, require_there
from incidents.errors import NotFound, NotShown, Refused
from incidents.models import ChangeOutcome, Contact, TicketChange, TicketOutcome, TicketStatus

MOST_LETTERS = 65_536
"""Of a note's body, and by our own limit of a message:
https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide"""
MOST_LETTERS_OF_TAGS = 65_536
MOST_CONTACTS = 100
"""Of a ticket that are looked at."""
_NO_THREAD = (
    "has no conversation in the inbox or the help desk by which its contact could be answered: HubSpot sends nothing"
    " from here to a ticket of a form, an import or a person's making; answer them by hand"
)


class _Way(NamedTuple):
    """How the customer is answered: the thread, and what the call needs beside the words."""

    thread: str
    said: dict[str, Any]


class HubSpotChanges:
    """All raise `incidents.errors`."""

    def __init__(self, api: HubSpotApi, settings: HubSpotSettings, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._settings = settings
        self._clock = clock

    async def change(self, own_id: str, change: TicketChange, once: str) -> TicketOutcome:
        """Raises `NotFound`, `Exposed` and `Refused` where they concern this ticket."""
        before = await self._here(own_id)
        words = change.public_reply if change.private_note is None else change.private_note
        is_private = change.private_note is not None
        way: _Way | None = None
        # Before anything is changed: a reply that cannot be sent must not leave a solved ticket behind.
        if words is not None:
            _require_words(words, words_key(once, is_private=is_private))
            way = None if is_private else await self._way(own_id, before)
        await self._set(own_id, before, change)
        if words is not None:
            key = words_key(once, is_private=is_private)
            if way is None:
                await self._api.write_note(own_id, html_of(words, key), self._clock())
            else:
                said = {"type": MESSAGE, "text": plain_of(words, key), "richText": html_of(words, key)}
                await self._api.write_message(way.thread, said | way.said)
            await self._prove(own_id, once, is_private=is_private)
            if way is not None and change.status is not None:
                await self._set_again(own_id, change.status)
        return TicketOutcome(id=own_id, outcome=ChangeOutcome.DONE)

    async def was_done(self, own_id: str, once: str) -> bool:
        """Whether what was written with this key is there. Raises `Exposed` for a note that customers could read, and
        `NotShown` for a reply that they cannot."""
        await self._here(own_id)
        return await self._is_there(own_id, once, is_private=True) or await self._is_there(
            own_id, once, is_private=False
        )

    async def _here(self, own_id: str) -> Mapping[str, Any]:
        found = await self._api.ticket(own_id)
        if id_from(found.get("id")) != own_id:
            raise NotFound(f"hubspot: ticket {own_id} went into another one")
        if found.get("archived") is True:
            raise NotFound(f"hubspot: ticket {own_id} is in the bin")
        return found

    async def _set(self, own_id: str, before: Mapping[str, Any], change: TicketChange) -> None:
        wanted: dict[str, str] = {}
        name = self._settings.tags_property
        has = tags_of(before, name)
        if missing := [tag for tag in dict.fromkeys(change.add_tags) if tag not in has]:
            if any(";" in tag for tag in missing):
                raise Refused("hubspot: a tag with a semicolon, which parts tags from each other")
            wanted[name] = ";".join([*has, *missing])
            if len(wanted[name]) > MOST_LETTERS_OF_TAGS:
                raise Refused(f"hubspot: more than {MOST_LETTERS_OF_TAGS} letters of tags on ticket {own_id}")
        if change.status is not None:
            wanted |= await self._stage(before, change.status)
        if not wanted:
            return
        try:
            await self._api.set(own_id, wanted)
        except Refused:
            # A stage may be gone.
            self._api.forget()
            raise
        await read_back(
            lambda: self._here(own_id),
            lambda data: all(_is_so(data, key, value) for key, value in wanted.items()),
            what=f"hubspot: tags and status of ticket {own_id}",
            cure="look at the workflows on tickets, at the rules of its pipeline, and whether the portal has the"
            f" property {name}",
        )

    async def _set_again(self, own_id: str, status: TicketStatus) -> None:
        """A pipeline may move a ticket to waiting as soon as its customer is answered; to what its customer's own
        answer did it is left."""
        now = await self._here(own_id)
        if text(properties_of(now).get("hs_pipeline_stage")) in self._settings.waiting_stages:
            await self._set(own_id, now, TicketChange(status=status))

    async def _stage(self, before: Mapping[str, Any], status: TicketStatus) -> dict[str, str]:
        said = properties_of(before)
        now, pipeline = text(said.get("hs_pipeline_stage")), text(said.get("hs_pipeline"))
        stages = await self._api.stages(knows=now)
        found = stage_for(status, now, pipeline, stages, self._settings)
        if found is None:
            raise Refused(f"hubspot: the ticket's pipeline has no status that means {status.value}")
        return {} if found == now else {"hs_pipeline_stage": found}

    async def _way(self, own_id: str, before: Mapping[str, Any]) -> _Way:
        """By the channel of the requester's newest message, else of another contact's of the ticket. Raises `Refused`
        where there is none."""
        ids = contact_ids(before)[:MOST_CONTACTS]
        found = {one.id: one for one in map(contact_from, await self._api.contacts(ids))} if ids else {}
        contacts = [found[one] for one in ids if one in found]
        if not contacts:
            raise Refused(f"hubspot: ticket {own_id} has no contact who could be answered")
        subject = text(properties_of(before).get("subject"))
        ways: dict[str, _Way] = {}
        threads = [one for one in await self._api.threads(own_id) if one.get("archived") is not True]
        threads.sort(key=lambda one: text(one.get("latestMessageTimestamp")), reverse=True)
        for thread in threads:
            thread_id = id_from(thread.get("id")) or ""
            async for message in self._api.messages(thread_id):
                for contact in contacts:
                    said = None if contact.id in ways else self._answering(message, contact, subject)
                    if said is not None:
                        ways[contact.id] = _Way(thread_id, said)
                if contacts[0].id in ways:
                    return ways[contacts[0].id]
        if not ways:
            raise Refused(f"hubspot: ticket {own_id} {_NO_THREAD}")
        return next(iter(ways.values()))

    def _answering(self, message: Mapping[str, Any], contact: Contact, subject: str) -> dict[str, Any] | None:
        """What a reply to this message needs beside its words; None where it is none of the contact's."""
        to = customers_way(message, contact)
        # HubSpot advises to copy both from the thread's newest message.
        channel, account = text(message.get("channelId")), text(message.get("channelAccountId"))
        if to is None or not channel or not account:
            return None
        way = {"recipients": [to], "channelId": channel, "channelAccountId": account, "attachments": []}
        named = text(message.get("subject")) or subject
        return {"senderActorId": self._settings.sender} | way | ({"subject": named} if named else {})

    async def _prove(self, own_id: str, once: str, *, is_private: bool) -> None:
        await require_there(
            lambda: self._is_there(own_id, once, is_private=is_private),
            what=f"hubspot: the {'note' if is_private else 'reply'} on ticket {own_id}",
            on="ticket",
        )

    async def _is_there(self, own_id: str, once: str, *, is_private: bool) -> bool:
        """Where it belongs, or, which is told, where it does not: by the ticket's associations, never by the search,
        which sees it late."""
        key = words_key(once, is_private=is_private)
        if is_private:
            if await self._is_noted(own_id, key):
                return True
            message = await self._said(own_id, key)
            if message is not None and message.get("type") != COMMENT:
                raise await exposed(
                    f"hubspot: the note on ticket {own_id}",
                    None,
                    cure="look at the workflows and apps of the portal",
                )
            return message is not None
        message = await self._said(own_id, key)
        if message is None and not await self._is_noted(own_id, key):
            return False
        if message is None or message.get("type") == COMMENT:
            raise NotShown(
                f"hubspot: the reply on ticket {own_id} was stored for colleagues, so its customer cannot read it: look"
                " at the workflows and apps of the portal, and tell the customer by hand"
            )
        if is_failed(message):
            raise NotShown(
                f"hubspot: the reply on ticket {own_id} was not sent: look at its channel, and tell the customer by"
                " hand"
            )
        return True

    async def _is_noted(self, own_id: str, key: str) -> bool:
        return any(is_own_note(note, key) for note in await self._api.notes(own_id))

    async def _said(self, own_id: str, key: str) -> Mapping[str, Any] | None:
        for thread in await self._api.threads(own_id):
            async for message in self._api.messages(id_from(thread.get("id")) or ""):
                if is_own_message(message, key):
                    return message
        return None


def _require_words(words: str, key: str) -> None:
    if not words.strip():
        raise Refused("hubspot: an empty message would tell nobody anything")
    if len(html_of(words, key)) > MOST_LETTERS:
        raise Refused(f"hubspot: a message of more than {MOST_LETTERS} letters; shorten the template")


def _is_so(data: Mapping[str, Any], key: str, value: str) -> bool:
    """Whether it holds all that was set; another may have added a tag of theirs."""
    now = text(properties_of(data).get(key))
    return now == value or (key not in ("hs_pipeline_stage",) and set(_tags(value)) <= set(_tags(now)))


def _tags(value: str) -> Sequence[str]:
    return [one.strip() for one in value.split(";")]
