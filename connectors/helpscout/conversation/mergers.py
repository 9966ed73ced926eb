"""Conversations that were merged into others: how that is told, and what is made of it.

https://developer.helpscout.com/mailbox-api/endpoints/conversations/update/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.helpscout.conversation.threads import id_from
from connectors.kit.answers import Redirected
from connectors.kit.fields import record, records
from incidents.errors import NotFound, Refused
from incidents.models import Departure, Ticket, TicketStatus

_SURVIVOR = re.compile(r"(?:https://[^/?#]+)?/v[23]/conversations/([1-9][0-9]{0,17})(?:[/?#].*)?", re.ASCII)


class MergedConversation(NotFound):
    """A conversation that lives on in another one, of the id `into`."""

    def __init__(self, message: str, *, into: str) -> None:
        super().__init__(message)
        self.into = into


def moved(error: Redirected, own_id: str) -> Refused:
    """https://developer.helpscout.com/mailbox-api/endpoints/conversations/get/: a merged conversation is known by the
    id of the one that took it in, which the answer's `Location` names."""
    found = _SURVIVOR.fullmatch(error.location)
    if not own_id or found is None or found[1] == own_id:
        return Refused(f"{error}; led elsewhere, which is not followed")
    return MergedConversation(f"helpscout: conversation {own_id} was merged into {found[1]}", into=found[1])


def taken_in(conversation: Mapping[str, Any]) -> list[str]:
    """The ids of those that were merged into it, as the events among what was written name them. Their key is not
    documented; it is told by others who read it."""
    found: dict[str, None] = {}
    for one in records(record(conversation.get("_embedded")).get("threads")):
        action = record(one.get("action"))
        own_id = id_from(record(action.get("associatedEntities")).get("originalConversation"))
        if action.get("type") == "merged" and own_id not in (None, id_from(conversation.get("id"))):
            found[own_id or ""] = None
    return list(found)


def as_merged(survivor: Ticket, own_id: str) -> Ticket:
    """The conversation that took this one in, under the id that was asked for."""
    return replace(
        survivor,
        ref=replace(survivor.ref, id=own_id),
        status=TicketStatus.CLOSED,
        source_status="merged",
        gone=Departure.MERGED,
        merged_into=survivor.ref.id,
    )
