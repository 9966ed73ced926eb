"""Notes and messages, both ways; plain functions.

A note is HTML on the ticket's timeline (https://developers.hubspot.com/docs/api-reference/2026-03/crm/activities/notes/guide).
A thread's messages are public where their type is `MESSAGE`, and for colleagues where it is `COMMENT`
(https://developers.hubspot.com/docs/api-reference/legacy/conversations/conversations/guide).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from connectors.hubspot.mapping import NAME, id_from, properties_of
from connectors.kit.fields import record, records, text, utc_time, whole
from connectors.kit.marks import carries_mark, marked, unmarked
from incidents.models import Author, Comment, Contact, Origin
from incidents.texts.markup import text_of_markup

MESSAGE, COMMENT, INCOMING = "MESSAGE", "COMMENT", "INCOMING"
_JOINER = "\u2060"
# HubSpot's templates fill in `{{...}}` and obey `{%...%}`.
_PLACEHOLDER = re.compile(r"\{(?=[{%#])")
_INTEGRATION, _HUBSPOTS_OWN = "INTEGRATION", "HUBSPOT"


def words_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


def plain_of(words: str, key: str) -> str:
    """Plain words with the key's mark, none of which is a placeholder."""
    return _PLACEHOLDER.sub("{" + _JOINER, marked(words, key))


def html_of(words: str, key: str) -> str:
    """The same as HTML, none of which is markup."""
    return html.escape(plain_of(words, key)).replace("\n", "<br>")


def is_own_note(note: Mapping[str, Any], key: str) -> bool:
    """Whether an app wrote it with this key: a person who quotes the mark did not."""
    said = properties_of(note)
    return said.get("hs_object_source") == _INTEGRATION and carries_mark(text(said.get("hs_note_body")), key)


def is_own_message(message: Mapping[str, Any], key: str) -> bool:
    """Whether an app wrote it with this key: whoever quotes the mark did not."""
    is_apps = record(message.get("client")).get("clientType") == _INTEGRATION
    return is_apps and message.get("direction") != INCOMING and carries_mark(_words(message), key)


def is_failed(message: Mapping[str, Any]) -> bool:
    """Whether it could not be sent."""
    return record(message.get("status")).get("statusType") == "FAILED"


def is_said(message: Mapping[str, Any]) -> bool:
    """Whether somebody wrote it: a thread's list also has its assignments, greetings and statuses."""
    return message.get("type") in (MESSAGE, COMMENT)


def customers_way(message: Mapping[str, Any], requester: Contact) -> dict[str, Any] | None:
    """Whom a reply goes to who answers this message, as the call wants it; None where it is none of the requester's.
    Only the ticket's own contact is answered, by the address that they wrote from."""
    if message.get("direction") != INCOMING or message.get("type") != MESSAGE:
        return None
    for sender in records(message.get("senders")):
        actor, way = text(sender.get("actorId")), record(sender.get("deliveryIdentifier"))
        kind, value = text(way.get("type")), text(way.get("value"))
        is_theirs = actor == f"V-{requester.id}" or (
            bool(requester.email) and kind == "HS_EMAIL_ADDRESS" and value.lower() == requester.email.lower()
        )
        if is_theirs and actor and kind and value:
            found: dict[str, Any] = {
                "actorId": actor,
                "deliveryIdentifiers": [{"type": kind, "value": value}],
            }
            return found | ({"recipientField": "TO"} if kind == "HS_EMAIL_ADDRESS" else {})
    return None


def from_note(note: Mapping[str, Any], app_id: int) -> Comment:
    """What was written for colleagues on the timeline. Raises `Unrecognised` without a time."""
    said = properties_of(note)
    source = text(said.get("hs_object_source"))
    is_ours = source == _INTEGRATION and text(said.get("hs_object_source_id")) == str(app_id)
    is_typed = source == "CRM_UI"
    return Comment(
        id=f"note-{id_from(note.get('id')) or ''}",
        author=Author.LIAISON if is_ours else Author.AGENT,
        author_name="",
        is_public=False,
        text=_shown(text_of_markup(text(said.get("hs_note_body")))),
        at=utc_time(note.get("createdAt") or said.get("hs_createdate"), of=NAME),
        origin=Origin.PERSON if is_ours or is_typed else Origin.AUTOMATIC,
        author_id=str(app_id) if is_ours else text(said.get("hs_created_by_user_id")),
        # How HubSpot knows who typed it is not documented.
        is_signed_in=None if is_typed else False,
    )


def from_message(message: Mapping[str, Any], app_id: int) -> Comment:
    """What a customer wrote or was written, or colleagues among themselves. Raises `Unrecognised` without a time."""
    is_public = message.get("type") == MESSAGE
    is_customers = is_public and message.get("direction") == INCOMING
    client, actor = record(message.get("client")), text(message.get("createdBy"))
    is_apps = client.get("clientType") == _INTEGRATION
    is_ours = not is_customers and is_apps and whole(client.get("integrationAppId")) == app_id
    is_typed = actor.startswith("A-") and client.get("clientType") == _HUBSPOTS_OWN
    sender = next(iter(records(message.get("senders"))), {})
    house = Author.LIAISON if is_ours else Author.AGENT
    return Comment(
        id=text(message.get("id")),
        author=Author.CUSTOMER if is_customers else house,
        author_name=text(sender.get("name")),
        is_public=is_public,
        text=_shown(_words(message)),
        at=utc_time(message.get("createdAt"), of=NAME),
        origin=Origin.PERSON if is_customers or is_ours or is_typed else Origin.AUTOMATIC,
        author_id=str(app_id) if is_ours else actor,
        is_signed_in=None if is_typed and not is_public else False,
    )


def _words(message: Mapping[str, Any]) -> str:
    markup = text(message.get("richText"))
    return text_of_markup(markup) if markup else text(message.get("text"))


def _shown(words: str) -> str:
    return unmarked(words.replace(_JOINER, "").strip())
