"""What customers are told, and when they hear from us next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from incidents.basis import Basis
from incidents.case import PROGRESS, Case, is_told_unasked
from incidents.decisions.updates.saying import said_to
from incidents.effects import Effect, customer_message, ticket_note
from incidents.lifecycle import standing_of
from incidents.models import Incident, Ticket
from incidents.promises.updates import CustomerUpdate
from incidents.texts.messages import internal
from incidents.texts.team import worded
from incidents.texts.tongues import Wording


def tell(
    case: Case,
    tickets: Iterable[Ticket],
    basis: Basis,
    *,
    wording: Wording,
    what: str,
    said: Sequence[CustomerUpdate] = (),
    words: str = "",
) -> list[Effect]:
    """A message to each ticket's requester, in their language; `what` makes it once a ticket in this generation. `said`
    is for the digest of whoever comes late, `words` are an agent's.

    Templates that do not name the customer give one text for all of a language and zone, which a helpdesk can send in
    one call. Nobody is
    written to on a ticket that is gone; whom no reply reaches, the ticket's agent is asked to tell. Who was told before
    they wrote has no first message again.
    """
    incident = case.incident
    effects: list[Effect] = []
    for ticket in tickets:
        if ticket.gone is not None:
            continue
        if what == PROGRESS and is_told_unasked(case, ticket.requester.email):
            continue
        text = said_to(
            basis.policy.language.of_ticket(ticket),
            wording,
            incident,
            basis,
            next_by=incident.next_update_at,
            customer_name=ticket.requester.name,
            said=said,
            words=words,
        )
        if ticket.is_reachable:
            effects.append(
                customer_message(incident.id, ticket.ref, case.once(what), text, ticket.requester.id)
            )
        else:
            note = internal(
                worded(
                    "{incident}: no reply reaches this customer. Please tell them yourself:\n\n{text}",
                    incident=incident.name,
                    text=text,
                )
            )
            effects.append(ticket_note(incident.id, ticket.ref, case.once(f"{what}:by-hand"), note))
    return effects


def next_update_at(incident: Incident, basis: Basis) -> datetime | None:
    """When customers hear from us again, by severity and by how far it is; None when the cadence is off."""
    cadence = basis.policy.cadence
    return (
        basis.now + cadence.every(incident.severity, standing_of(incident.state)) if cadence.enabled else None
    )


def waiting(case: Case) -> Iterable[Ticket]:
    """Tickets whose customers still wait for an answer."""
    return (item.ticket for item in case.present if not item.ticket.status.is_settled)


def owners_ticket(case: Case) -> Ticket | None:
    """Where the accountable agent reads: on their oldest ticket that is not settled, else on the oldest."""
    unsettled = list(waiting(case))
    owned = [ticket for ticket in unsettled if ticket.assignee == case.incident.owner]
    return next(iter([*owned, *unsettled]), None)
