"""Who may say what to Liaison in a private note of the helpdesk. Chat has its own section; forms are Prefect's."""

from __future__ import annotations

from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from incidents.policy.words import Connection, PolicySection

_BY_MAIL = "mail/"


class CommandRules(PolicySection):
    """Commands in private notes. A customer's word, a mail and a note of our own never are one."""

    in_notes: bool = Field(
        default=True, description="Whether a private note that begins with /liaison is a command."
    )
    who: Literal["agents", "people"] = Field(
        default="agents",
        description="Who may act by a note: every agent of the helpdesk, or those named in `people`.",
    )
    people: list[str] = Field(
        default_factory=list,
        description="Names or ids of agents, as their helpdesk has them; for who: people.",
    )
    approvers: list[str] = Field(
        default_factory=list,
        description="Agents, by name or id, who may approve, deny and run by a note; left out, nobody may.",
    )
    believed: list[Connection] = Field(
        default_factory=list,
        description=(
            "Helpdesks that do not say how a note was made and whose notes are commands all the same, as nobody can "
            "write one there by mail in an agent's name: redmine/support."
        ),
    )
    timezone: str = Field(
        default="UTC", description="Zone of a time in `promise` that names none, such as Europe/Berlin."
    )

    def hears(self, connection: str) -> bool:
        """Whether a private note at that helpdesk can be a command; never in a mailbox."""
        return self.in_notes and not connection.startswith(_BY_MAIL)

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.who == "people" and not self.people:
            raise ValueError("who: people needs the people: people: [Ada Agent]")
        return self

    @field_validator("believed")
    @classmethod
    def _is_no_mailbox(cls, connections: list[str]) -> list[str]:
        mailboxes = [one for one in connections if one.startswith(_BY_MAIL)]
        if mailboxes:
            raise ValueError(f"{mailboxes[0]}: a mail can be written in anybody's name, so it is no command")
        return connections

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(f"{name[:40]!r} is no time zone; write UTC or such as Europe/Berlin") from error
        return name
