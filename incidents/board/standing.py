"""What the board shows, as it was read from the store at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.actions import Pause
from incidents.approval import Approval
from incidents.models import Incident, IncidentState
from incidents.store.sla.board import BoardRow


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenIncident:
    """An open incident with what follows from the rest of the store.

    `tickets` are those whose customers still wait, `customers` how many different people wrote them. `promised_by` is
    when customers were told that they hear from us next, `sla_due_at` when the next promise of an SLA breaks.
    `stuck` counts effects that wait for a person or were given up.
    """

    incident: Incident
    tickets: int = 0
    customers: int = 0
    tiers: tuple[str, ...] = ()
    promised_by: datetime | None = None
    sla_due_at: datetime | None = None
    stuck: int = 0
    questions: tuple[Approval, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class UnwellConnection:
    """A connection that has refused or not answered more than once: how many effects wait for it, since when, and
    what it said last."""

    name: str
    waiting: int
    since: datetime
    said: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What has come in and was not handled, and what should have gone out; `since` is the oldest one's time."""

    deliveries: int = 0
    deliveries_since: datetime | None = None
    effects: int = 0
    effects_since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """All of it, at one moment, the most urgent incidents first; of the first `in_full` it was read who is hit.
    `stuck_elsewhere` are effects about tickets that belong to no incident; `parked` are
    webhooks that were stored and not understood; `pause` is set while no action is started."""

    at: datetime
    incidents: Sequence[OpenIncident] = ()
    in_full: int = 0
    breaching: Sequence[BoardRow] = ()
    lately: Sequence[Incident] = ()
    unwell: Sequence[UnwellConnection] = ()
    backlog: Backlog = Backlog()
    parked: int = 0
    stuck_elsewhere: int = 0
    pause: Pause | None = None

    @property
    def stuck(self) -> int:
        """Effects that wait for a person, of incidents and of none."""
        return self.stuck_elsewhere + sum(one.stuck for one in self.incidents)

    @property
    def unanswered(self) -> int:
        """Open incidents that engineers were woken for and that nobody has."""
        return sum(is_unanswered(one.incident) for one in self.incidents)


def is_unanswered(incident: Incident) -> bool:
    """Whether its page is out and nobody has taken it."""
    return incident.state is IncidentState.ESCALATED and incident.responder is None
