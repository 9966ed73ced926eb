"""The states that a workspace made for its tickets: each is of one of four categories, and of some types of tickets.

https://www.intercom.com/help/en/articles/9730130-how-ticket-states-work: a type has at least one of each category.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.intercom.api import IntercomApi
from connectors.intercom.mapping import id_from
from connectors.kit.fields import record, records
from incidents.errors import Refused


class TicketStates:
    """Read once, and again where one is missing. All raise `incidents.errors`."""

    def __init__(self, api: IntercomApi, preferred: Collection[str]) -> None:
        self._api = api
        self._preferred = preferred
        self._known: list[dict[str, Any]] | None = None

    async def load(self) -> int:
        """How many there are."""
        self._known = await self._api.ticket_states()
        return len(self._known)

    def forget(self) -> None:
        """One may have been archived, or taken off a type."""
        self._known = None

    async def id_for(self, type_id: str, category: str) -> str:
        """The state of this category for tickets of this type: of several one that the settings name, else the eldest.
        Raises `Refused` where there is none."""
        is_fresh = self._known is None
        if is_fresh:
            await self.load()
        found = self._of(type_id, category)
        if not found and not is_fresh:
            await self.load()
            found = self._of(type_id, category)
        if not found:
            raise Refused(
                f"intercom: the ticket's type has no state of the category {category}; give it one in Settings, Tickets"
            )
        return min(found, key=lambda one: (one not in self._preferred, int(one)))

    def _of(self, type_id: str, category: str) -> list[str]:
        fitting = (
            id_from(state.get("id"))
            for state in self._known or []
            if state.get("category") == category
            and state.get("archived") is not True
            and type_id in _types_of(state)
        )
        return [one for one in fitting if one is not None]


def _types_of(state: Mapping[str, Any]) -> set[str | None]:
    return {id_from(one.get("id")) for one in records(record(state.get("ticket_types")).get("data"))}
