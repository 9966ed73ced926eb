"""A report to be matched, and a match: what similarity is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from insights.learning import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketReport:
    """A ticket as similarity sees it; `id` is anything that names it for ever.

    `place` is latitude and longitude in degrees, `address` the same in words, where there is one. `incident` is the
    incident it belongs to, as far as is known when it is added.
    """

    id: str
    opened_at: datetime
    service: str
    title: str = ""
    body: str = ""
    kind: str = ""
    customer: str = ""
    channel: str = ""
    address: str = ""
    place: tuple[float, float] | None = None
    incident: str | None = None


class MatchVerdict(StrEnum):
    """LINK: sure enough to join without asking. SUGGEST: for a person to look at."""

    LINK = "link"
    SUGGEST = "suggest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A fault that a ticket may be about: an incident, or a ticket that belongs to none (`incident` is None).

    `report` is its member that is most like the ticket, `reports` how many it has, `probability` that both are the
    same fault. `fixed_by` is what ended it, if it is over and that is known.
    """

    incident: str | None
    report: str
    reports: int
    probability: float
    verdict: MatchVerdict
    is_open: bool
    fixed_by: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDuplicate:
    """That `newer` reports the same fault as `older`, known from `known_at` on."""

    newer: str
    older: str
    known_at: datetime
