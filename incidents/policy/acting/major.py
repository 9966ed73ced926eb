"""When somebody is asked whether an incident is a major one."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from incidents.models import Severity
from incidents.policy.words import Duration, PolicySection


class MajorRules(PolicySection):
    """What makes an incident look major. A person says whether it is; then the team's lead and manager are paged."""

    severity: Severity | None = Field(
        default=None,
        description="Incidents of this severity and worse, 1 to 4; left out, severity asks nobody.",
    )
    tickets: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="So many tickets of one incident; left out, none are many.",
    )
    expires_after: Duration = Field(
        default=timedelta(minutes=30),
        description="How long the question waits; then it is treated as any other incident.",
    )
