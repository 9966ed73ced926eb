"""A service's actions: how far Liaison may go with each by itself, and what must hold just before it is started."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from incidents.models import Severity, Verdict
from incidents.policy.words import Connection, Duration, PolicySection


class ActionMode(StrEnum):
    """How far Liaison goes with an action by itself."""

    SUGGEST = "suggest"
    """It is named to engineers, who have it run by saying so."""
    APPROVE = "approve"
    """A person is asked, while the page goes out."""
    AUTOMATIC = "automatic"
    """It is tried before anybody is woken."""


class ActionConditions(PolicySection):
    """What must hold just before an action is started; looked at anew then, however long ago it was decided."""

    failing: bool = Field(
        default=False, description="One of the service's own probes must see the fault at that moment."
    )
    healthy: list[Connection] = Field(
        default_factory=list,
        description="Probes that must be healthy: http/replica-health, where it fails over to that.",
    )
    severity: Severity | None = Field(
        default=None, description="Incidents of this severity and worse, 1 to 4; left out, all."
    )
    calendar: str | None = Field(
        default=None, description="Only while this calendar (under sla) is open; left out, always."
    )


class ActionPolicy(PolicySection):
    """A remedy that was thought through in advance."""

    name: str = Field(min_length=1, max_length=100, description="What people call the action.")
    connection: Connection = Field(description="Connection that runs it, such as http/restart-checkout.")
    mode: ActionMode = Field(
        default=ActionMode.AUTOMATIC,
        description=(
            "automatic: tried before anybody is woken; approve: a person is asked while the page goes out; suggest: "
            "run when engineers say so in the room."
        ),
    )
    verdicts: list[Verdict] = Field(
        default_factory=lambda: [Verdict.CONFIRMED],
        min_length=1,
        description="Verdicts on which the action may run.",
    )
    arguments: dict[str, str] = Field(
        default_factory=dict, description="Fixed arguments; nothing from a ticket ever gets in here."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=60), description="How long to wait for its end before engineers are paged."
    )
    expires_after: Duration = Field(
        default=timedelta(minutes=30),
        description="With mode approve: how long the question waits; then it is not started.",
    )
    most_per_hour: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="So many starts within an hour, all incidents of the service together; left out, any number.",
    )
    only_if: ActionConditions = Field(
        default_factory=ActionConditions, description="What must hold just before it is started."
    )
    dry_run: bool = Field(
        default=False,
        description="All of it but the start: the timeline says what would have been run, and engineers are paged.",
    )

    @model_validator(mode="before")
    @classmethod
    def _reads_automatic(cls, given: Any) -> Any:
        """Policies from before `mode` say `automatic`: true or false."""
        if not isinstance(given, Mapping) or not isinstance(given.get("automatic"), bool):
            return given
        if "mode" in given:
            raise ValueError("automatic is the older word for mode: remove it, mode says it all")
        mode = ActionMode.AUTOMATIC if given["automatic"] else ActionMode.SUGGEST
        return {key: value for key, value in given.items() if key != "automatic"} | {"mode": mode}
