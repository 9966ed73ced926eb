"""Who is accountable for an incident at the helpdesk's side, and what is done when nobody is, or nobody stirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from incidents.policy.rungs import Rung
from incidents.policy.words import Duration, Name, PolicySection
from incidents.rotas.rota import Roster, holder
from incidents.sla.calendars import ALWAYS, Calendar
from incidents.texts.plain_text import one_line

_SECOND = timedelta(seconds=1)
LONGEST_NAME = 100


def _a_name(name: str) -> str:
    if not name.strip() or one_line(name) != name:
        raise ValueError("write the agent's name as the helpdesk shows it, in one line")
    return name


AgentName = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_a_name)]
"""An agent as the helpdesk shows them, so that they are known again by their tickets."""


@dataclass(frozen=True, slots=True)
class OwnerHours:
    """What shifts go by: the SLA's calendars, and the policy's rotas."""

    calendars: Mapping[str, Calendar]
    roster: Roster


class OwnerShift(PolicySection):
    """Who is accountable while a calendar is open, or whoever has a rota."""

    calendar: str | None = Field(
        default=None, description="One of the SLA's calendars, or always; with owner."
    )
    owner: AgentName | None = Field(default=None, description="The agent, by the name the helpdesk shows.")
    rota: Name | None = Field(
        default=None, description="Instead: one of `rotas`; its people are named as the helpdesk shows them."
    )

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if (self.rota is None) == (self.calendar is None) or (self.owner is None) != (self.calendar is None):
            raise ValueError("write calendar and owner, or rota alone: {calendar: office, owner: Ada Agent}")
        return self

    def holder(self, hours: OwnerHours, *, now: datetime) -> str | None:
        """Who has it now, if anybody."""
        if self.rota is None:
            is_open = _is_open(hours.calendars.get(self.calendar or ""), now)
            return self.owner if is_open else None
        rota = hours.roster.rotas.get(self.rota)
        person = holder(rota, now).person if rota is not None else None
        return hours.roster.name_of(person) if person is not None else None

    def people(self, hours: OwnerHours) -> frozenset[str]:
        """Everybody who has it at some time."""
        if self.owner is not None:
            return frozenset({self.owner})
        rota = hours.roster.rotas.get(self.rota or "")
        if rota is None:
            return frozenset()
        keys = {person for layer in rota.layers for person in layer.people}
        keys |= {turn.person for turn in rota.overrides}
        return frozenset(hours.roster.name_of(key) for key in keys)


class Ownership(PolicySection):
    """Who is accountable for an incident, from the first report until it is closed."""

    default: AgentName | None = Field(
        default=None, description="Who is, where none of its tickets has an agent and nobody has the shift."
    )
    shifts: list[OwnerShift] = Field(
        default_factory=list,
        description="Who is while a calendar is open or the rota is theirs, the first that is; then they hand over.",
    )
    nobody_after: Duration = Field(
        default=timedelta(minutes=15), description="So long without an owner, and the lead is told."
    )
    silent_after: Duration | None = Field(
        default=timedelta(hours=4),
        description="So long without an agent's word on its tickets or a hand-over, and the lead is told; null: never.",
    )
    calendar: str = Field(
        default=ALWAYS.name,
        description="Hours by which both are counted: one of the SLA's calendars, or always.",
    )
    lead: Rung | None = Field(
        default=None, description="Paged when an incident is orphaned; left out, it is only written."
    )

    def on_shift(self, hours: OwnerHours, *, now: datetime) -> str | None:
        """Whose shift it is now."""
        found = (shift.holder(hours, now=now) for shift in self.shifts)
        return next((owner for owner in found if owner is not None), None)

    def first_owner(self, hours: OwnerHours, *, now: datetime) -> str | None:
        """Who is accountable where no agent has a ticket of it."""
        return self.on_shift(hours, now=now) or self.default

    def has_shifts(self, owner: str, hours: OwnerHours) -> bool:
        """Whether the owner is one of those who take turns."""
        return any(owner in shift.people(hours) for shift in self.shifts)

    def waited(self, calendars: Mapping[str, Calendar], since: datetime, *, now: datetime) -> timedelta:
        """How long that is by the calendar that counts."""
        calendar = calendars.get(self.calendar)
        return calendar.working_time(since, now) if calendar is not None else now - since


def _is_open(calendar: Calendar | None, now: datetime) -> bool:
    return calendar is not None and calendar.working_time(now, now + _SECOND) > timedelta(0)
