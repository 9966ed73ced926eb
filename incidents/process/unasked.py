"""Tickets that a Liaison opened to tell customers who had not written (docs/affected.md).

Such a ticket is no report: nobody has written to us. It becomes one with the customer's first word, which is its body
and its beginning from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from incidents.models import Comment, Ticket, TicketRef
from incidents.step import Step
from incidents.store.ledger.outbound import told_by_keys
from incidents.store.merging.handing import where_it_goes_on
from incidents.store.tickets import KnownTicket


def as_reports(
    tickets: Sequence[Ticket],
    known: Mapping[TicketRef, KnownTicket],
    comments: Mapping[TicketRef, Sequence[Comment]],
) -> list[Ticket]:
    """The tickets without those on which no customer has written yet; of the others the body is the customer's."""
    found: list[Ticket] = []
    for ticket in tickets:
        if not ticket.outbound_key:
            found.append(ticket)
            continue
        before = known.get(ticket.ref)
        if before is not None:
            kept = before.ticket
            found.append(replace(ticket, body=kept.body, created_at=kept.created_at))
        elif words := customers_words(comments.get(ticket.ref, ())):
            found.append(replace(ticket, body=words[0].text, created_at=words[0].at))
    return found


def customers_words(comments: Sequence[Comment]) -> tuple[Comment, ...]:
    """What customers wrote for us to read, the oldest first."""
    return tuple(sorted((one for one in comments if one.is_a_customers_word), key=lambda one: one.at))


async def incidents_told_of(step: Step, tickets: Sequence[Ticket]) -> Mapping[TicketRef, int]:
    """The incidents that these tickets were opened for, by our own ledger, or where they go on; of none that is not
    there any more."""
    asked = {(one.ref.connection, one.outbound_key): one.ref for one in tickets if one.outbound_key}
    if not asked:
        return {}
    told = await told_by_keys(step.connection, list(asked))
    return {asked[key]: await where_it_goes_on(step.connection, incident) for key, incident in told.items()}
