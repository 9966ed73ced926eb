"""What conversations and tickets have in common, as plain functions: ids, tags, times, addresses.

Shapes: https://github.com/intercom/Intercom-OpenAPI, version 2.15. Times are Unix seconds there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.intercom.settings import IntercomSettings
from connectors.kit.fields import any_text, record, records, text, unix_time, whole

NAME = "intercom"
CUSTOMERS = frozenset({"user", "lead", "contact"})
_TICKET = "ticket-"
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_REGION = re.compile(r"https://api\.((?:eu|au)\.)intercom\.io(?:/|$)")


def id_from(value: object) -> str | None:
    """Intercom's id as text, or None for what cannot be one; ids go into paths, so digits only."""
    found = str(value) if whole(value) is not None else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def ticket_ref_id(own_id: str) -> str:
    """Our id of a ticket: nobody says that a conversation never has the same number, and its own is that number."""
    return _TICKET + own_id


def is_ticket(ref_id: str) -> bool:
    """Whether it is a ticket, and no conversation, that we call so."""
    return ref_id.startswith(_TICKET)


def own_id_from(ref_id: str) -> str | None:
    """Intercom's id of the conversation or ticket that we call so; None for what cannot be one."""
    return id_from(ref_id.removeprefix(_TICKET))


def tags_of(data: Mapping[str, Any]) -> list[str]:
    """The names of its tags."""
    names = (text(tag.get("name")) for tag in records(record(data.get("tags")).get("tags")))
    return [name for name in names if name]


def has_tags(data: Mapping[str, Any], wanted: Iterable[str]) -> bool:
    """Whether all are on it; Intercom does not tell capitals from small letters in them."""
    known = {name.casefold() for name in tags_of(data)}
    return all(name.casefold() in known for name in wanted)


def tier_of(tags: Sequence[str], prefix: str) -> str | None:
    """The tier that a tag with this prefix names."""
    found = (tag.removeprefix(prefix) for tag in tags if prefix and tag.startswith(prefix))
    return next(found, None) or None


def contact_id(data: Mapping[str, Any]) -> str:
    """The first contact's id; "" without one."""
    contacts = records(record(data.get("contacts")).get("contacts"))
    return any_text(contacts[0].get("id")) if contacts else ""


def assigned(data: Mapping[str, Any], field: str) -> str | None:
    """The teammate's or team's id; "0" is nobody."""
    found = any_text(data.get(field))
    return None if found in ("", "0") else found


def updated_at(data: Mapping[str, Any]) -> datetime:
    """When it changed, to the second. Raises `Unrecognised`."""
    return unix_time(data.get("updated_at"), of=NAME)


def version_of(data: Mapping[str, Any]) -> int:
    """Its order: milliseconds, of whole seconds. Raises `Unrecognised`."""
    return int(updated_at(data).timestamp() * 1000)


def inbox_url(settings: IntercomSettings, own_id: str) -> str:
    """Where people work on it: each region has its own inbox."""
    region = _REGION.match(settings.base_url)
    host = f"https://app.{region[1] if region else ''}intercom.com"
    return f"{host}/a/inbox/{settings.workspace_id}/inbox/conversation/{own_id}"
