"""Grafana OnCall's public API answers, as far as they are read.

Sources: grafana/oncall, docs/sources/oncall-api-reference (on_call_shifts, schedules, escalation_chains,
escalation_policies, integrations, routes, teams, users, shift_swaps), and for types and fields that it does not list
engine/apps/public_api/serializers and PUBLIC_STEP_CHOICES_MAP of engine/apps/alerts/models/escalation_policy.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, field_validator

from deployments.imports.export_files import ExportObject, Instant, ListShape, Moment

LISTS = ListShape(items="results", next_page=("next",))
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
LONGEST_SHIFT = 366 * 86_400


class OnCallUser(ExportObject):
    """A user; the mail address may be empty."""

    id: str
    username: str = ""
    email: str = ""


class OnCallTeam(ExportObject):
    """A Grafana team."""

    id: str
    name: str


class OnCallSchedule(ExportObject):
    """A schedule of shifts (`web`, `calendar`), or one that a calendar elsewhere has (`ical`)."""

    id: str
    name: str
    type: Literal["ical", "calendar", "web"]
    team_id: str = ""
    time_zone: str = ""
    shifts: list[str] | None = None
    ical_url_primary: str = ""
    ical_url_overrides: str = ""


class OnCallShiftRule(ExportObject):
    """A shift, or a rule that makes them. `start`, `rotation_start` and `until` have no zone; `duration` is seconds."""

    id: str
    name: str = ""
    type: Literal["single_event", "recurrent_event", "rolling_users", "override"]
    time_zone: str = ""
    level: int = 0
    start: Moment
    rotation_start: Moment | None = None
    duration: int = Field(gt=0, le=LONGEST_SHIFT)
    frequency: Literal["hourly", "daily", "weekly", "monthly"] | None = None
    interval: int = Field(default=1, ge=1, le=1_000)
    until: Moment | None = None
    week_start: Weekday = "SU"
    by_day: list[Weekday] = Field(default_factory=list)
    by_month: list[int] = Field(default_factory=list)
    by_monthday: list[int] = Field(default_factory=list)
    users: list[str] = Field(default_factory=list)
    rolling_users: list[list[str]] = Field(default_factory=list)
    start_rotation_from_user_index: int = Field(default=0, ge=0)

    @field_validator("start", "rotation_start", "until")
    @classmethod
    def _by_the_clock(cls, at: datetime | None) -> datetime | None:
        if at is not None and at.tzinfo is not None:
            raise ValueError("a time without a zone is expected, as the API answers: 2026-09-05T08:00:00")
        return at


class EscalationChain(ExportObject):
    """A chain, whose steps are the escalation policies that name it."""

    id: str
    name: str
    team_id: str = ""


class ChainStep(ExportObject):
    """A step of a chain (`escalation_policies`). `duration` is seconds."""

    id: str
    escalation_chain_id: str
    position: int = 0
    type: str = ""
    duration: int = Field(default=0, ge=0, le=LONGEST_SHIFT)
    persons_to_notify: list[str] = Field(default_factory=list)
    notify_on_call_from_schedule: str = ""


class DefaultRoute(ExportObject):
    """Where alerts go that no other route takes."""

    escalation_chain_id: str = ""


class Integration(ExportObject):
    """A source of alerts."""

    id: str
    name: str = ""
    team_id: str = ""
    type: str = ""
    default_route: DefaultRoute | None = None


class IntegrationRoute(ExportObject):
    """Where some of an integration's alerts go."""

    integration_id: str
    routing_regex: str = ""
    is_the_last_route: bool = False


class ShiftSwap(ExportObject):
    """Shifts of the beneficiary that the benefactor takes."""

    schedule: str
    swap_start: Instant
    swap_end: Instant
    beneficiary: str
    benefactor: str = ""
    status: str = ""
