"""What an on-call tool has, in our words: people, rotas, escalations, teams and services.

A reader of a tool's export makes it (`deployments.imports`), `incidents.imports.sections` writes it down. Ids are the
tool's own, and only tie the parts together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.imports.report import ImportLine
from incidents.service_levels import OpenHours


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolPerson:
    """Somebody who can be on call. `mail` is "" where the tool knows none."""

    id: str
    name: str
    mail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolLayer:
    """People (by their ids) who take turns of whole days from `first` on, by the clock of the rota's zone.

    `hours` are minutes of the week, None around the clock. Where layers of one rota meet, the higher `level` has it;
    of equal ones the tool wakes both. Layers of one rotation share its `id`. `begins` is when it has somebody at first,
    where that is in the midst of a turn.
    """

    id: str
    name: str
    people: tuple[str, ...]
    first: datetime
    days: int
    hours: tuple[OpenHours, ...] | None = None
    until: datetime | None = None
    level: int = 0
    begins: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolOverride:
    """A person takes over between two instants; if `layers` are named, by their ids, only what is theirs, and if
    somebody is named in `instead_of`, only what would be that person's."""

    person: str
    start: datetime
    end: datetime
    layers: tuple[str, ...] = ()
    instead_of: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolRota:
    """A schedule. `has_feed` says that a calendar elsewhere has its turns."""

    id: str
    name: str
    zone: str
    layers: tuple[ToolLayer, ...] = ()
    overrides: tuple[ToolOverride, ...] = ()
    has_feed: bool = False


class TargetKind(StrEnum):
    """What can be paged."""

    PERSON = "person"
    ROTA = "rota"
    ESCALATION = "escalation"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolTarget:
    """Whom or what a team or a step pages, by its id."""

    kind: TargetKind
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolStep:
    """Paged so long after the page was made."""

    after: timedelta
    target: ToolTarget


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolEscalation:
    """Who is paged one after the other until somebody answers, all of it so many times."""

    id: str
    name: str
    steps: tuple[ToolStep, ...]
    rounds: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolTeam:
    """A team, and what is paged for it; None where the tool does not say."""

    id: str
    name: str
    target: ToolTarget | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolService:
    """A service, and the id of the team that looks after it; "" where the tool does not say."""

    id: str
    name: str
    team: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OnCallSetup:
    """All of it. `lines` are what the reader has to tell, of what was left out above all."""

    people: tuple[ToolPerson, ...] = ()
    rotas: tuple[ToolRota, ...] = ()
    escalations: tuple[ToolEscalation, ...] = ()
    teams: tuple[ToolTeam, ...] = ()
    services: tuple[ToolService, ...] = ()
    lines: tuple[ImportLine, ...] = ()
