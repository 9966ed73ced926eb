"""A change of a ticket, as a decision about its incident sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.effects import Written
from incidents.models import Comment, Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketNews:
    """A ticket as it was known and as it is, with its new comments. `before` is None when it is new to us.

    `status_is_ours`: we set (or are setting) this status ourselves, so it is no news. `status_is_refused`: by the
    policy it was not its maker's to set; `our_statuses` are our own writes of it. `customer_told_at` is when a message
    of ours last went out to its customer.
    """

    before: Ticket | None
    after: Ticket
    comments: tuple[Comment, ...] = ()
    status_is_ours: bool = False
    status_is_refused: bool = False
    our_statuses: Sequence[Written] = ()
    customer_told_at: datetime | None = None

    @property
    def has_left(self) -> bool:
        """Whether it was there until now: deleted, spam, suspended or merged away just now."""
        return self.after.gone is not None and (self.before is None or self.before.gone is None)

    @property
    def is_back(self) -> bool:
        """Whether it was gone until now, and is a ticket again."""
        return self.after.gone is None and self.before is not None and self.before.gone is not None

    @property
    def has_another_customer(self) -> bool:
        """Whether its requester is somebody else than before."""
        return self.before is not None and self.before.requester.id != self.after.requester.id

    @property
    def is_taken(self) -> bool:
        """Whether an agent has taken it just now."""
        was = self.before.assignee if self.before is not None else None
        return self.after.assignee is not None and self.after.assignee != was

    @property
    def matters(self) -> bool:
        """Whether there is anything in it for its incident."""
        is_moved = self.before is not None and self.before.status != self.after.status
        has_said = bool(self.comments) or self.is_taken
        return has_said or is_moved or self.has_left or self.is_back or self.has_another_customer
