"""Which service an alert is about, and what alerts may do: the policy's `alerts`, here and in each service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from incidents.policy.words import Connection, Duration, PolicySection, listed


class AlertMatch(PolicySection):
    """Alerts of one monitor that are about the service: those that have all of these labels."""

    connection: Connection = Field(description="Connection that tells of alerts, such as alertmanager/main.")
    labels: dict[str, Annotated[list[str], BeforeValidator(listed)]] = Field(
        min_length=1,
        description="Labels that the alert must have, each with its value or a list of values of which any will do.",
    )

    @field_validator("labels")
    @classmethod
    def _say_something(cls, labels: dict[str, list[str]]) -> dict[str, list[str]]:
        if any(not name.strip() or not values or not all(values) for name, values in labels.items()):
            raise ValueError("a label needs a name and a value that is not empty, such as service: checkout")
        return labels

    def matches(self, connection: str, labels: Mapping[str, str]) -> bool:
        """Whether an alert of this connection, with these labels, is meant."""
        return connection == self.connection and all(
            labels.get(name) in values for name, values in self.labels.items()
        )


class AlertRules(PolicySection):
    """What alerts may do besides being told and counting as evidence."""

    open_incidents: bool = Field(
        default=False,
        description="An alert without a ticket opens an incident; probes then say whether anybody is woken.",
    )
    acknowledge: list[Connection] = Field(
        default_factory=list,
        description=(
            "Monitors whose problems are acknowledged while an engineer has the incident that they are told in, such as"
            " icinga2/main."
        ),
    )
    counts_for: Duration = Field(
        default=timedelta(hours=24),
        description="How long after its start an alert still counts as evidence; an older one is only told.",
    )
