"""Tickets that we open ourselves, to write to a customer first.

The ticket is made on behalf of its requester with a first comment of ours: whoever is the submitter is its author
(https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/, "Requesters and submitters"). It is the
account's trigger for proactive tickets that mails it. The key stands twice: as the `Idempotency-Key`, which brings the
first answer again for two hours (https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency), and
as the ticket's `external_id`, by which it is found for as long as it is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.kit.fields import any_text, record, records
from connectors.kit.mailbox.access import ADDRESS
from connectors.zendesk.calls import Call, Get
from connectors.zendesk.comments.audits import comment_of
from connectors.zendesk.mapping import (
    DELETED,
    ONCE,
    inert,
    status_word,
    ticket_id_from,
)
from incidents.errors import NotShown, Refused, Unknown, Unreachable
from incidents.models import ChangeOutcome, Contact, PublicText, TicketOutcome, TicketStatus
from incidents.texts.plain_text import cut, one_line, printable

_LONGEST_SUBJECT = 150
_OVER = frozenset({DELETED, status_word(TicketStatus.CLOSED)})


class OutboundTickets:
    """Opens them and finds them again."""

    def __init__(self, get: Get, call: Call) -> None:
        self._get = get
        self._call = call

    async def open(
        self, to: Contact, subject: PublicText, text: PublicText, *, once: str, submitter: str
    ) -> str:
        """Open a ticket for the customer, and return its id: that of the one that `once` has opened already, if it has.

        It waits for the customer, so that an answer opens it. `submitter` is our user's id. Raises `incidents.errors`,
        `NotShown` where the customer cannot read it.
        """
        if ADDRESS.fullmatch(to.email) is None:
            raise Refused(f"zendesk: the customer has no mail address ({len(to.email)} characters)")
        if (found := await self.find(once)) is not None:
            return found
        name = one_line(to.name) or to.email
        body = {
            "ticket": {
                "subject": inert(cut(one_line(subject), _LONGEST_SUBJECT)),
                "comment": {"body": inert(printable(text)), "public": True},
                "requester": {"name": cut(name, _LONGEST_SUBJECT), "email": to.email},
                "submitter_id": int(submitter),
                "status": status_word(TicketStatus.WAITING_FOR_CUSTOMER),
                "external_id": once,
                "metadata": {ONCE: once},
            }
        }
        answer = await self._call(
            "POST", "tickets.json", json=body, headers={"Idempotency-Key": once}, is_repeatable=False
        )
        return _made(record(answer))

    async def find(self, once: str, *, is_writable: bool = False) -> str | None:
        """The id of the ticket that was opened with this key; None if there is none. `is_writable`: and only one that
        can still be written on."""
        data = await self._get("tickets.json", external_id=once)
        for ticket in records(data.get("tickets")):
            # Compared, because a filter that Zendesk passed over would find every ticket there is.
            if ticket.get("external_id") == once and not (is_writable and ticket.get("status") in _OVER):
                return ticket_id_from(ticket.get("id"))
        return None


def require_done(outcomes: Sequence[TicketOutcome]) -> None:
    """Raises what became of a message that did not get through: `Unknown`, `Unreachable` or `Refused`."""
    for one in outcomes:
        if one.outcome is ChangeOutcome.UNKNOWN:
            raise Unknown(one.detail)
        if one.outcome is ChangeOutcome.LATER:
            raise Unreachable(one.detail)
        if one.outcome is not ChangeOutcome.DONE:
            raise Refused(one.detail)


def _made(answer: Mapping[str, Any]) -> str:
    ticket = ticket_id_from(record(answer.get("ticket")).get("id"))
    if ticket is None:
        raise Unknown("zendesk POST tickets: the answer names no ticket")
    comment = comment_of(answer.get("audit"))
    if comment and comment.get("public") is not True:
        raise NotShown(
            f"zendesk: ticket {any_text(ticket)} was opened with a note that its customer cannot read: look at the"
            " account's triggers and apps, and tell the customer by hand"
        )
    return ticket
