"""Opening tickets as if customers had written them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from incidents.models import Contact


@runtime_checkable
class TicketOpener(Protocol):
    """A helpdesk at which a ticket can be opened as if a customer had written it. Only drills do so."""

    async def open_ticket(self, customer: Contact, subject: str, text: str, *, tag: str) -> str:
        """Open a ticket whose requester is the customer, by mail address, and return its id.

        `tag` goes on it where the connection's settings let it have tags. Never repeated in place: after `Unknown`,
        look for the subject among what changed.
        """
        ...
