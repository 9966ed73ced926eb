"""What the review of an incident goes by: its case and its story, and what surely reached whom when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from incidents.alerts.episodes import Episode
from incidents.case import Case
from incidents.models import TicketRef
from incidents.store.timeline import TimelineEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class SlaOutcomes:
    """Of the promises by policy to the incident and its tickets: how many were kept, broken, and are under way."""

    kept: int = 0
    broken: int = 0
    open: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewFacts:
    """`first_told` is when a message of ours first reached a ticket's customer, `first_answered` when the promise of a
    first answer to it was stopped; a ticket without either is in neither. `told_at_the_end` have had a last message,
    `alerts` are those told in the incident.
    """

    case: Case
    story: tuple[TimelineEntry, ...]
    alerts: tuple[Episode, ...] = ()
    first_told: Mapping[TicketRef, datetime] = field(default_factory=dict)
    first_answered: Mapping[TicketRef, datetime] = field(default_factory=dict)
    told_at_the_end: frozenset[TicketRef] = frozenset()
    sla: SlaOutcomes = SlaOutcomes()
