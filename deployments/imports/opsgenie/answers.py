"""Opsgenie's API answers, as far as they are read. Times are instants (RFC 3339).

Sources: github.com/opsgenie/opsgenie-oas, swagger.json (Apache-2.0; definitions Schedule, ScheduleRotation,
ScheduleOverride, Escalation, TeamRoutingRule, User); docs.opsgenie.com/docs/service-api for services.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from deployments.imports.export_files import ExportObject, Instant, ListShape

LISTS = ListShape(items="data", next_page=("paging", "next"))


class OpsgenieObject(ExportObject):
    """Part of an answer; its fields are written as `startDate`."""

    model_config = ConfigDict(alias_generator=to_camel)


class RecipientType(StrEnum):
    """Whom a rotation, a step or a routing rule means."""

    ALL = "all"
    NONE = "none"
    USER = "user"
    ESCALATION = "escalation"
    SCHEDULE = "schedule"
    TEAM = "team"
    GROUP = "group"


class Recipient(OpsgenieObject):
    """Somebody or something that is notified."""

    type: RecipientType
    id: str = ""
    name: str = ""
    username: str = ""


class OpsgenieUser(OpsgenieObject):
    """A user. `username` is their mail address."""

    id: str
    username: str = Field(min_length=1)
    full_name: str = ""
    blocked: bool = False


class NamedReference(OpsgenieObject):
    """What is named by id, name, or both."""

    id: str = ""
    name: str = ""


class TimeRestriction(OpsgenieObject):
    """A stretch of each day, or, with the days, of the week; by the schedule's clock."""

    start_day: str | None = None
    end_day: str | None = None
    start_hour: int = Field(ge=0, le=23)
    start_min: int = Field(default=0, ge=0, le=59)
    end_hour: int = Field(ge=0, le=24)
    end_min: int = Field(default=0, ge=0, le=59)


class TimeRestrictions(OpsgenieObject):
    """When a rotation is active: `restriction` with `time-of-day`, else `restrictions`."""

    type: Literal["time-of-day", "weekday-and-time-of-day"]
    restriction: TimeRestriction | None = None
    restrictions: list[TimeRestriction] = Field(default_factory=list)


class Rotation(OpsgenieObject):
    """Turns of `length` hours, days or weeks from `startDate` on."""

    id: str
    name: str = ""
    start_date: Instant
    end_date: Instant | None = None
    type: Literal["hourly", "daily", "weekly"]
    length: int = Field(default=1, ge=1, le=1_000)
    participants: list[Recipient] = Field(default_factory=list)
    time_restriction: TimeRestrictions | None = None


class Schedule(OpsgenieObject):
    """Who is on call; of several rotations all who are active are notified."""

    id: str
    name: str
    timezone: str = ""
    enabled: bool = True
    owner_team: NamedReference | None = None
    rotations: list[Rotation] | None = None


class ScheduleOverride(OpsgenieObject):
    """Somebody takes a schedule over, or those of its rotations that are named."""

    user: Recipient
    start_date: Instant
    end_date: Instant
    rotations: list[NamedReference] = Field(default_factory=list)


class Delay(OpsgenieObject):
    """How long after the alert."""

    time_amount: int = Field(ge=0, le=100_000)
    time_unit: Literal["days", "hours", "minutes", "seconds"] = "minutes"

    def span(self) -> timedelta:
        """As a span of time."""
        return timedelta(**{self.time_unit: self.time_amount})


class EscalationRule(OpsgenieObject):
    """A step of an escalation."""

    condition: str = "if-not-acked"
    notify_type: str = "default"
    delay: Delay
    recipient: Recipient


class EscalationRepeat(OpsgenieObject):
    """How often an escalation begins anew, and after how many minutes."""

    wait_interval: int | None = None
    count: int | None = Field(default=None, ge=0, le=1_000)
    close_alert_after_all: bool | None = None


class OpsgenieEscalation(OpsgenieObject):
    """Who is notified one after the other."""

    id: str
    name: str
    owner_team: NamedReference | None = None
    rules: list[EscalationRule] = Field(default_factory=list)
    repeat: EscalationRepeat | None = None


class OpsgenieTeam(OpsgenieObject):
    """A team."""

    id: str
    name: str


class OpsgenieRoutingRule(OpsgenieObject):
    """Whom a team's alerts notify; the default one comes last and takes what no other takes."""

    name: str = ""
    is_default: bool = False
    notify: Recipient | None = None


class OpsgenieService(OpsgenieObject):
    """A service of a team."""

    id: str
    name: str
    team_id: str = ""
