"""How often customers hear from us while it lasts, and what is done when a promised update is about to lapse."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from incidents.lifecycle import IncidentProgress
from incidents.models import Severity
from incidents.policy.words import Duration, PolicySection

_MINUTE = timedelta(minutes=1)


def _by_severity(critical: int, high: int, lower: int) -> dict[Severity, timedelta]:
    minutes = {Severity.CRITICAL: critical, Severity.HIGH: high, Severity.MEDIUM: lower, Severity.LOW: lower}
    return {severity: _MINUTE * count for severity, count in minutes.items()}


# GitLab's hand-book, "Incident Management", communications manager: how often customers are updated.
HANDBOOK = {
    IncidentProgress.INVESTIGATING: _by_severity(10, 15, 15),
    IncidentProgress.IDENTIFIED: _by_severity(10, 30, 30),
    IncidentProgress.MONITORING: _by_severity(30, 60, 60),
}


class OnLapse(StrEnum):
    """What is done at the moment for which an update was promised, if none has come."""

    SAFE_TEXT = "safe_text"
    TELL_LEAD = "tell_lead"


class Cadence(PolicySection):
    """How often customers hear from us while it lasts. What is left out goes by a public hand-book."""

    enabled: bool = Field(default=True, description="Whether customers get progress updates at all.")
    update_every: dict[Severity, Duration] = Field(
        default_factory=dict,
        description="Time between two updates by severity, 1 (worst) to 4, however far it is.",
    )
    by_state: dict[IncidentProgress, dict[Severity, Duration]] = Field(
        default_factory=dict,
        description="The same for investigating, identified and monitoring; goes before update_every.",
    )
    warn_before: Duration | None = Field(
        default=timedelta(minutes=5),
        description="So long before a promised update lapses its owner is warned, at half of the time at the earliest; "
        "null: never.",
    )
    on_lapse: OnLapse = Field(
        default=OnLapse.SAFE_TEXT,
        description="At the moment itself: safe_text sends the text `update`, tell_lead pages the lead instead.",
    )

    def every(self, severity: Severity, standing: IncidentProgress) -> timedelta:
        """The time between two updates."""
        own = self.by_state.get(standing, {}).get(severity) or self.update_every.get(severity)
        return own or HANDBOOK[standing][severity]
