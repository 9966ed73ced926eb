"""How the process behaves: the policy's sections from correlation to what customers read."""

from __future__ import annotations

import math
from datetime import timedelta
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from incidents.models import Severity, TicketStatus, Verdict
from incidents.policy.cadence import Cadence
from incidents.policy.messages import CustomerTemplates
from incidents.policy.sla.section import Sla, SlaTarget
from incidents.policy.words import (
    Duration,
    PolicySection,
    WebAddress,
)
from incidents.texts.still_broken import says_still_broken

__all__ = [
    "Cadence",
    "Closure",
    "Correlation",
    "CustomerTemplates",
    "Escalation",
    "Links",
    "Sla",
    "SlaTarget",
    "Templates",
    "Validation",
]


class Correlation(PolicySection):
    """When a ticket is about a fault we already know."""

    window: Duration = Field(
        default=timedelta(hours=2),
        description="A new ticket joins its service's open incident if that one's last ticket is younger.",
    )


class Validation(PolicySection):
    """When customers' claims count as true."""

    tickets: int = Field(
        default=3, ge=1, le=10_000, description="So many tickets make a fault likely without any probe."
    )
    within: Duration = Field(
        default=timedelta(minutes=15), description="The time in which those tickets must come."
    )
    recheck_after: Duration = Field(
        default=timedelta(minutes=2), description="Pause before looking again at what could not be confirmed."
    )
    rechecks: int = Field(
        default=2, ge=0, le=100, description="How often to look again before it is called not an incident."
    )


class Flapping(PolicySection):
    """A service that opens incident after incident wakes its team once, and again if it still fails after a while."""

    openings: int = Field(
        default=3,
        ge=2,
        le=100,
        description="So many incidents of one service, this one counted in, are flapping.",
    )
    within: Duration = Field(default=timedelta(hours=1), description="The time in which they are opened.")
    hold: Duration = Field(
        default=timedelta(minutes=30),
        description="After a page about the service, so long the next ones wait while it flaps.",
    )


class KnownFix(PolicySection):
    """What fixed such a fault before, or an action on offer, is the agent's to try before engineers are woken."""

    hold: Duration = Field(
        default=timedelta(minutes=10),
        description="So long the page waits; then it goes out if it still fails.",
    )
    severity: Severity = Field(
        default=Severity.MEDIUM,
        description="Incidents of this severity and milder, 1 to 4; worse ones wake at once.",
    )


class Escalation(PolicySection):
    """When engineers are mobilised."""

    on: list[Verdict] = Field(
        default_factory=lambda: [Verdict.CONFIRMED, Verdict.LIKELY],
        min_length=1,
        description="Verdicts that bring in engineers when no action has helped.",
    )
    repeats: Duration | None = Field(
        default=timedelta(minutes=15),
        description="So long the page waits while the team has an incident of the service that is as bad; null: never.",
    )
    flapping: Flapping | None = Field(
        default=None,
        description="When a service that opens incident after incident is held; left out: never.",
    )
    known_fix: KnownFix | None = Field(
        default=None, description="When a fix that is known is the agent's to try first; left out: never."
    )


class ChatRights(PolicySection):
    """Who may acknowledge and resolve incidents from chat. Asking how they stand, and notes, are everybody's."""

    may_act: Literal["room", "group", "users", "anyone"] = Field(
        default="room",
        description="Members of the incident's room, of a user group, the users listed, or anyone in the workspace.",
    )
    group: str = Field(default="", description="Id of the user group, such as S0614TZR7; for may_act: group.")
    users: list[str] = Field(
        default_factory=list, description="Ids of the users, such as U024BE7LH; for may_act: users."
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.may_act == "group" and not self.group:
            raise ValueError("may_act: group needs the group's id: group: S0614TZR7")
        if self.may_act == "users" and not self.users:
            raise ValueError("may_act: users needs the users' ids: users: [U024BE7LH]")
        return self


class NotTold(StrEnum):
    """What is done where a customer's last message has not surely arrived."""

    ASK = "ask"
    CLOSE = "close"


class Closure(PolicySection):
    """When a fix counts as proven, and what brings an incident back."""

    proofs: int = Field(default=2, ge=1, le=100, description="Healthy looks in a row that prove a fix.")
    proof_interval: Duration = Field(default=timedelta(seconds=20), description="Pause between two looks.")
    quiet_for: Duration | None = Field(
        default=None,
        description="So long looks must be healthy without a red one; left out, as long as `proofs` takes.",
    )
    when_not_told: NotTold = Field(
        default=NotTold.ASK,
        description=(
            "ask: while a customer has not surely been told, or a change is on its way, a person must say by name that "
            "it is over; close: it is closed, and says who must be told by hand."
        ),
    )
    raise_severity_by: int = Field(
        default=0,
        ge=0,
        le=3,
        description="How much worse an incident is that a customer's 'still broken' reopens; 1 makes 2 of 3.",
    )
    reopen_within: Duration = Field(
        default=timedelta(days=7), description="How long a customer's 'still broken' reopens the incident."
    )
    still_broken_phrases: list[str] = Field(
        default_factory=list,
        description=(
            "What customers write when it is not fixed, instead of what is built in for seventeen languages; "
            "case, accents and fillers do not matter."
        ),
    )
    solved_status: TicketStatus = Field(
        default=TicketStatus.SOLVED,
        description="Status given to tickets whose customers were told: solved or closed.",
    )

    @field_validator("still_broken_phrases")
    @classmethod
    def _say_something(cls, phrases: list[str]) -> list[str]:
        if any(not phrase.strip() for phrase in phrases):
            raise ValueError("an empty phrase would match every answer; remove it")
        return phrases

    @field_validator("solved_status")
    @classmethod
    def _settles(cls, status: TicketStatus) -> TicketStatus:
        if not status.is_settled:
            raise ValueError(f"{status.value!r} does not settle a ticket; use solved or closed")
        return status

    @property
    def looks(self) -> int:
        """How many healthy looks in a row prove a fix."""
        if self.quiet_for is None:
            return self.proofs
        # The first look begins the quiet, so it takes one more than there are pauses.
        return max(self.proofs, 1 + math.ceil(self.quiet_for / self.proof_interval))

    def says_still_broken(self, text: str) -> str | None:
        """The words by which a customer's answer says that it is not fixed, or None."""
        return says_still_broken(text, self.still_broken_phrases)


class Templates(PolicySection):
    """Texts that may be reworded."""

    customer: CustomerTemplates = Field(
        default_factory=CustomerTemplates, description="Messages to customers."
    )


class Links(PolicySection):
    """Addresses put into notes and pages, so that a reader can go on from there."""

    prefect_ui: WebAddress | None = Field(default=None, description="Where people open the Prefect UI.")
    gateway: WebAddress | None = Field(
        default=None, description="Where vendors reach our gateway from outside."
    )
