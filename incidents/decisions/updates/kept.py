"""What keeps a promised update: a message of ours that has reached customers, or their agents' own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.decisions import customers
from incidents.decisions.ticket_change import TicketNews
from incidents.lifecycle import OWES_UPDATES
from incidents.models import Author, Comment, Incident, Origin
from incidents.promises.updates import (
    CustomerUpdate,
    answered,
    open_promises,
    settled_by_message,
)


def customers_were_told(case: Case, marks: Iterable[str], basis: Basis) -> Plan:
    """Messages with these marks have just reached customers."""
    return Plan(incident=case.incident, updates=settled_by_message(case.updates, marks, at=basis.now))


def agents_wrote(
    case: Case, news: Sequence[TicketNews], basis: Basis
) -> tuple[Incident, tuple[CustomerUpdate, ...]]:
    """An agent's public reply keeps the promise to that ticket's customer; to all of them, once all who wait have one.

    The cadence then counts anew. Returns the incident and the promise as they are after it.
    """
    incident = case.incident
    promised = open_promises(case.updates)
    if not promised or incident.state not in OWES_UPDATES:
        return incident, ()
    newest = promised[-1]
    replies = {
        item.after.ref: comment.at
        for item in news
        for comment in item.comments
        if _is_word_of_an_agent(comment) and comment.at >= newest.said_at
    }
    if not replies:
        return incident, ()
    now_settled = {item.after.ref for item in news if item.after.status.is_settled}
    waiting = [ticket.ref for ticket in customers.waiting(case) if ticket.ref not in now_settled]
    after = answered(newest, replies, waiting, at=min(max(replies.values()), basis.now))
    if after.is_open:
        # Who was answered too late is not among those who had their word by the time that was promised.
        in_time = [ref for ref, said_at in replies.items() if said_at < newest.broken_at]
        after = answered(newest, in_time, waiting, at=basis.now)
    else:
        incident = replace(incident, next_update_at=customers.next_update_at(incident, basis))
    return incident, (after,)


def _is_word_of_an_agent(comment: Comment) -> bool:
    return comment.author is Author.AGENT and comment.is_public and comment.origin is Origin.PERSON
