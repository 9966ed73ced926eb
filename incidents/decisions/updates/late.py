"""Customers who write late: one digest of what the others were told, in their own thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from incidents.basis import Basis
from incidents.case import PROGRESS, Case
from incidents.decisions import customers
from incidents.effects import Effect
from incidents.lifecycle import WITH_ENGINEERS, standing_of
from incidents.models import IncidentState, Ticket
from incidents.promises.updates import CustomerUpdate

_SAME_BREATH = timedelta(minutes=5)
"""So soon after the first message that message itself tells everything."""


def catch_up(case: Case, tickets: Iterable[Ticket], basis: Basis) -> list[Effect]:
    """What customers read whose tickets have just joined: the digest if others were told something, else the first
    message if the others have had it; nothing while nobody was told anything. Once a ticket, and only one of the two.
    """
    if case.incident.state not in WITH_ENGINEERS:
        # While a fix is proven they are told with the others, in a minute.
        return []
    texts = basis.policy.templates.customer
    said = [update for update in case.updates if update.generation == case.incident.generation]
    late = texts.late_text
    if late is not None and _has_more_to_tell(case, said, basis):
        return customers.tell(case, tickets, basis, wording=late, what=PROGRESS, said=said)
    if said or case.incident.state is IncidentState.ACKNOWLEDGED:
        first = texts.first_text(is_again=case.incident.generation > 1)
        return customers.tell(case, tickets, basis, wording=first, what=PROGRESS)
    return []


def _has_more_to_tell(case: Case, said: Sequence[CustomerUpdate], basis: Basis) -> bool:
    """Whether the digest says more than the first message does by itself."""
    if not said:
        return False
    is_moved = said[-1].standing is not standing_of(case.incident.state)
    return is_moved or len(said) > 1 or basis.now - said[-1].said_at > _SAME_BREATH
