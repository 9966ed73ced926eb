"""A desk of our own: tickets that no helpdesk keeps, because there is only a channel (a mailbox).

What such a connector needs kept stands behind `TicketDesk`: numbers, states, private notes, which message belongs to
which ticket, and which were seen or sent. The connector is given one for its connection and knows nothing of the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from incidents.models import Author, Comment, Contact, Origin, Ticket, TicketChange, TicketOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketToken:
    """What a mail of ours carries so that its answer finds the ticket: number, and a secret that nobody guesses."""

    number: int
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A message as it came in.

    `fingerprint` is equal for two copies of one message and for nothing else. `message_id` and `references` (nearest
    last) are bare, without angle brackets. `tokens` are those it shows. `unreachable` are the addresses that it says
    cannot be reached, in lower case.
    """

    fingerprint: str
    message_id: str
    references: tuple[str, ...]
    tokens: tuple[TicketToken, ...]
    sender: Contact
    author: Author
    is_public: bool
    origin: Origin
    subject: str
    text: str
    at: datetime
    unreachable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedArrival:
    """What became of an arrival: the ticket it is on, and its own id there.

    `ticket` is None for what belongs to none and opens none, with the reason in `why`.
    """

    ticket: str | None
    message: str
    is_new: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskTicket:
    """A ticket, and what its next mail needs: the token, and the chain of what was written to and fro."""

    ticket: Ticket
    token: TicketToken
    references: tuple[str, ...] = ()


class ReplyState(StrEnum):
    """How far a reply came: `sending` may be at the customer's or not."""

    SENDING = "sending"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class BegunReply:
    """A reply on the ticket `id` that is about to leave as the mail `message_id`."""

    id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class BegunMail:
    """How far a mail about no ticket came, and the message id that it was begun with."""

    state: ReplyState
    message_id: str


class TicketDesk(Protocol):
    """The desk of one connection. Fails only with `incidents.errors`; what is asked twice is done once."""

    async def take_in(self, arrivals: Sequence[Arrival], *, now: datetime) -> Sequence[PlacedArrival]:
        """Put each message on its ticket, or open one for it, in one transaction; one known already changes nothing.

        It belongs to the ticket of its token, else of the nearest message it refers to. A customer's word reopens a
        ticket; on a closed one it opens another, which follows it. What a machine wrote opens none.
        """
        ...

    async def tickets(self, ids: Sequence[str]) -> Sequence[DeskTicket]:
        """The tickets as they are now, in the order asked for; ids that do not exist are left out."""
        ...

    async def changed_since(
        self, since: datetime, *, after: int = 0, limit: int = 200
    ) -> Sequence[DeskTicket]:
        """The next `limit` tickets changed at or after `since`, oldest first; `after` is the number of the last one
        seen of those changed at `since` itself. Deleted ones are among them."""
        ...

    async def comments(self, id: str, since: datetime) -> Sequence[Comment]:
        """What came to the ticket at or after `since`, oldest first, without its first message."""
        ...

    async def change(
        self, ids: Sequence[str], change: TicketChange, *, once: str, now: datetime
    ) -> Sequence[TicketOutcome]:
        """Apply a change without a public reply, in one transaction; an outcome for each id, in order."""
        ...

    async def begin_replies(
        self, replies: Sequence[BegunReply], change: TicketChange, *, once: str, now: datetime
    ) -> Sequence[TicketOutcome | None]:
        """Write down, in one transaction, that these replies are about to be sent; None means: go ahead.

        An outcome says why not: it is gone, closed, done before, or `unknown` because an earlier attempt with this key
        may have got through.
        """
        ...

    async def begin_mail(
        self, to: Contact, text: str, *, once: str, message_id: str, now: datetime
    ) -> BegunMail | None:
        """Write down that a mail about no ticket is about to be sent; None means: go ahead, else how far it came."""
        ...

    async def begun_mail(self, to: Contact, once: str) -> BegunMail | None:
        """The mail about no ticket that was begun for them with this key, whatever its message id is made of now."""
        ...

    async def secret(self) -> str:
        """What nobody guesses, and what stays: message ids are made of it. Made at the first call."""
        ...

    async def replies_sent(self, message_ids: Sequence[str], *, now: datetime) -> frozenset[str]:
        """The replies are on their way for certain: what was to change with them (status, tags) changes now.

        Returns which of the messages are ours at all; a second time changes nothing.
        """
        ...

    async def replies_failed(self, message_ids: Sequence[str]) -> None:
        """The replies surely were not sent: they may be begun anew."""
        ...

    async def reply_message(self, id: str, once: str) -> tuple[ReplyState, str] | None:
        """How far the change with this key came, and its message id ("" where no mail belongs to it); None if it never
        was begun."""
        ...

    async def remove(self, id: str, *, now: datetime) -> None:
        """Delete a ticket and every word on it; that its messages were seen stays known, lest they open it anew."""
        ...

    async def counts(self) -> DeskCounts:
        """What is kept, for `liaison check`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskCounts:
    """Tickets kept, those not settled, and messages that belong to none."""

    tickets: int
    unsettled: int
    aside: int
