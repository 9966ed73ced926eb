"""What an SLA policy is chosen by: who is affected, how badly, by what way it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from incidents.models import Incident, Severity, Ticket


class SlaSubject(StrEnum):
    """What clocks are kept for."""

    TICKET = "ticket"
    INCIDENT = "incident"


@dataclass(frozen=True, kw_only=True, slots=True)
class SlaFacts:
    """An incident has the tiers, products and channels of all its tickets; one that fits is enough.

    `due_in` is the time from a ticket's opening to the due date that its helpdesk gave it.
    """

    subject: SlaSubject
    severity: Severity | None = None
    tiers: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    due_in: timedelta | None = None


def ticket_facts(
    ticket: Ticket, severity: Severity | None, priorities: Mapping[str, Severity] | None = None
) -> SlaFacts:
    """`severity` is that of the ticket's incident, or None as long as there is none; `priorities` says which
    severity the helpdesk's own priority is. The worse of the two counts, so that joining an incident never makes a
    promise longer.
    """
    own = (priorities or {}).get(folded(ticket.priority)) if ticket.priority else None
    severity = min((one for one in (severity, own) if one is not None), default=None)
    due_in = ticket.due_at - ticket.created_at if ticket.due_at is not None else None
    return replace(_facts(SlaSubject.TICKET, severity, [ticket]), due_in=due_in)


def incident_facts(incident: Incident, tickets: Iterable[Ticket]) -> SlaFacts:
    """What an incident's policy is chosen by, its tickets' tiers, products and channels among it."""
    return _facts(SlaSubject.INCIDENT, incident.severity, list(tickets))


def folded(word: str) -> str:
    """Words as the helpdesk has them, in capitals or not."""
    return word.strip().casefold()


def _facts(subject: SlaSubject, severity: Severity | None, tickets: list[Ticket]) -> SlaFacts:
    return SlaFacts(
        subject=subject,
        severity=severity,
        tiers=_words(ticket.tier for ticket in tickets),
        products=_words(ticket.product for ticket in tickets),
        channels=_words(ticket.channel for ticket in tickets),
    )


def _words(values: Iterable[str | None]) -> frozenset[str]:
    return frozenset(folded(value) for value in values if value)
