"""Who is accountable for an incident at the helpdesk's side, and what is done when nobody is, or nobody stirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from incidents.policy.rungs import Rung
from incidents.policy.words import Duration, PolicySection
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


class OwnerShift(PolicySection):
    """Who is accountable while a calendar is open."""

    calendar: str = Field(description="One of the SLA's calendars, or always.")
    owner: AgentName = Field(description="The agent, by the name the helpdesk shows.")


class Ownership(PolicySection):
    """Who is accountable for an incident, from the first report until it is closed."""

    default: AgentName | None = Field(
        default=None, description="Who is, where none of its tickets has an agent and nobody has the shift."
    )
    shifts: list[OwnerShift] = Field(
        default_factory=list,
        description="Who is while their calendar is open, the first that is; they hand over when it closes.",
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

    def on_shift(self, calendars: Mapping[str, Calendar], *, now: datetime) -> str | None:
        """Whose calendar is open now."""
        return next(
            (shift.owner for shift in self.shifts if _is_open(calendars.get(shift.calendar), now)), None
        )

    def first_owner(self, calendars: Mapping[str, Calendar], *, now: datetime) -> str | None:
        """Who is accountable where no agent has a ticket of it."""
        return self.on_shift(calendars, now=now) or self.default

    def waited(self, calendars: Mapping[str, Calendar], since: datetime, *, now: datetime) -> timedelta:
        """How long that is by the calendar that counts."""
        calendar = calendars.get(self.calendar)
        return calendar.working_time(since, now) if calendar is not None else now - since


def _is_open(calendar: Calendar | None, now: datetime) -> bool:
    return calendar is not None and calendar.working_time(now, now + _SECOND) > timedelta(0)
