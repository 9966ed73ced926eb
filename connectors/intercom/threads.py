"""What differs between a conversation and a ticket; all else is done alike on both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from incidents.models import Comment, Ticket, TicketStatus

Shows = Callable[[Mapping[str, Any]], bool]
"""Whether what is read shows what was set."""


class Threads(Protocol):
    """One kind of what people write on. `kind` and `plural` are Intercom's words for it, `parts` is the name of its
    list of parts, `page` how many are taken from a search at once. `shows_newest`: of more parts than are shown these
    are the newest. All raise `incidents.errors`."""

    kind: str
    plural: str
    parts: str
    page: int
    shows_newest: bool

    async def tickets(self, rows: Sequence[Mapping[str, Any]], connection: str) -> list[Ticket]:
        """In our words, in their order. Raises `Unrecognised`."""
        ...

    def comments(self, data: Mapping[str, Any], admin: str, since: datetime) -> list[Comment]:
        """What was written on it at or after `since`, oldest first; `admin` is our own teammate."""
        ...

    def must_not_reply(self, data: Mapping[str, Any]) -> str:
        """Why no public reply may be written there; "" where it may."""
        ...

    def shows_tags(self, data: Mapping[str, Any]) -> bool:
        """Whether its tags can be read."""
        ...

    def reply(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The call's body for a message, with what this kind wants said beside it."""
        ...

    async def set_status(
        self, own_id: str, before: Mapping[str, Any], status: TicketStatus, admin: str
    ) -> Shows | None:
        """What shows that it was set; None where it is so already and nothing was sent."""
        ...

    async def take_out(self, own_id: str, part_id: str) -> str:
        """Takes out a note's words that customers can read, where a call does so; says what was and is to be done."""
        ...
