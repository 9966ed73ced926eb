"""Customers who write late: one digest of what the others were told, in their own thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from incidents.basis import Basis
from incidents.case import PROGRESS, Case
from incidents.decisions import customers
from incidents.effects import Effect
from incidents.lifecycle import WITH_ENGINEERS, standing_of
from incidents.models import IncidentState, Ticket
from incidents.policy.messages import CustomerTemplates
from incidents.promises.updates import CustomerUpdate

_SAME_BREATH = timedelta(minutes=5)
"""So soon after the first message that message itself tells everything."""
_LISTED = 3


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
        so_far, state = (
            so_far_words(said, texts, now=basis.now),
            texts.states.of(standing_of(case.incident.state)),
        )
        return customers.tell(
            case, tickets, basis.policy, template=late, what=PROGRESS, so_far=so_far, state=state
        )
    if said or case.incident.state is IncidentState.ACKNOWLEDGED:
        return customers.tell(case, tickets, basis.policy, template=texts.progress, what=PROGRESS)
    return []


def _has_more_to_tell(case: Case, said: Sequence[CustomerUpdate], basis: Basis) -> bool:
    """Whether the digest says more than the first message does by itself."""
    if not said:
        return False
    is_moved = said[-1].standing is not standing_of(case.incident.state)
    return is_moved or len(said) > 1 or basis.now - said[-1].said_at > _SAME_BREATH


def so_far_words(said: Sequence[CustomerUpdate], texts: CustomerTemplates, *, now: datetime) -> str:
    """A line for each state it was in: `10:05, 10:35 and 11:05 UTC: our engineers are working on it`."""
    lines = []
    for standing, group in groupby(said, key=lambda update: update.standing):
        times = [update.said_at for update in group]
        lines.append(f"{_times_words(times, now=now)}: {texts.states.of(standing)}")
    return "\n".join(lines)


def _times_words(times: Sequence[datetime], *, now: datetime) -> str:
    if len(times) > _LISTED:
        return f"{_time(times[0], now=now)} to {_time(times[-1], now=now)} UTC, {len(times)} times"
    *before, last = [_time(at, now=now) for at in times]
    return f"{', '.join(before)} and {last} UTC" if before else f"{last} UTC"


def _time(at: datetime, *, now: datetime) -> str:
    """Messages of another day with their date."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"
