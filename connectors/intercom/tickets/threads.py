"""Tickets: states by their types, replies on customers' tickets alone.

A tracker ticket is the engineers' side: it takes notes only, and its customers see none of it. Neither a note nor a
state of ours is copied to what is linked to it: `cross_post` is never sent.
https://www.intercom.com/help/en/articles/8300306-how-to-manage-tracker-tickets-in-the-inbox
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.intercom.api import IntercomApi
from connectors.intercom.mapping import contact_id
from connectors.intercom.messages.parts import COMMENT, comments_from, parts_of
from connectors.intercom.settings import IntercomSettings
from connectors.intercom.threads import Shows, Threads
from connectors.intercom.tickets.contacts import contacts_of
from connectors.intercom.tickets.mapping import (
    BACK_OFFICE,
    PARTS,
    TRACKER,
    category_of,
    first_message,
    is_shown,
    state_category_for,
    state_category_of,
    status_of,
    ticket_from,
    type_id_of,
)
from connectors.intercom.tickets.states import TicketStates
from incidents.errors import NotAllowed, Refused
from incidents.models import Comment, Ticket, TicketStatus

_WHERE_CUSTOMERS_ARE = "customers are answered on what is linked to it"


class TicketThreads(Threads):
    """As `connectors.intercom.threads.Threads` says."""

    kind = "ticket"
    plural = "tickets"
    parts = PARTS
    page = 20
    """A search gives them with all their parts."""
    shows_newest = False
    """Which 500 of more parts are shown, nobody says."""

    def __init__(self, api: IntercomApi, settings: IntercomSettings) -> None:
        self._api = api
        self._settings = settings
        self._states = TicketStates(api, settings.ticket_state_ids)

    async def check(self) -> str:
        """How many states there are. Raises `NotAllowed` with what to do about it."""
        try:
            return f"{await self._states.load()} ticket states"
        except NotAllowed as error:
            raise NotAllowed(
                f"{error}; give the app the permission to read and write tickets, or set reads_tickets to false"
            ) from error

    async def tickets(self, rows: Sequence[Mapping[str, Any]], connection: str) -> list[Ticket]:
        """With their contacts, who are asked for together."""
        people = await contacts_of(self._api, (contact_id(row) for row in rows))
        return [ticket_from(row, connection, self._settings, people) for row in rows]

    def comments(self, data: Mapping[str, Any], admin: str, since: datetime) -> list[Comment]:
        first = first_message(data)
        later = [one for one in parts_of(data, self.parts) if one is not first]
        return comments_from(later, admin, since, is_shown=is_shown(data))

    def must_not_reply(self, data: Mapping[str, Any]) -> str:
        category = category_of(data)
        if category in (BACK_OFFICE, TRACKER):
            return f"no customer is answered on a {category.lower()} ticket: {_WHERE_CUSTOMERS_ARE}"
        if not is_shown(data):
            return "the ticket is not shared with its customer"
        return "" if contact_id(data) else "the ticket has no contact to reply to"

    def shows_tags(self, data: Mapping[str, Any]) -> bool:
        return "tags" in data

    def reply(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Customers are told of a reply: it is said, so that no default decides."""
        return {**body, "skip_notifications": False} if body["message_type"] == COMMENT else body

    async def set_status(
        self, own_id: str, before: Mapping[str, Any], status: TicketStatus, admin: str
    ) -> Shows | None:
        """Quietly: what customers are to know of it, a reply of ours says."""
        if status.is_settled and status_of(before).is_settled:
            return None
        category, is_open = state_category_for(status), not status.is_settled
        body: dict[str, Any] = {}
        if state_category_of(before) != category:
            body["ticket_state_id"] = await self._states.id_for(type_id_of(before), category)
        if before.get("open") is not is_open:
            body["open"] = is_open
        if not body:
            return None
        body |= {"admin_id": int(admin), "skip_notifications": True}
        try:
            await self._api.send("PUT", f"tickets/{own_id}", body, is_repeatable=True)
        except Refused:
            self._states.forget()
            raise
        return lambda data: state_category_of(data) == category and data.get("open") is is_open

    async def take_out(self, own_id: str, part_id: str) -> str:
        return (
            "no described call takes it back: delete it in the inbox by hand, now. Then look at the workspace's"
            " workflows and apps"
        )
