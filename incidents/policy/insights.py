"""What is learnt from the team's own history, and how far it may go: the policy's section `insights`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field, model_validator

from incidents.policy.words import Duration, PolicySection


class InsightKind(StrEnum):
    """What can be learnt; each has a section of its own."""

    ROUTING = "routing"
    SIMILAR = "similar"
    SURGE = "surge"
    BREACH = "breach"


BREACH_LABEL = "breached"
"""What is predicted of a promise."""

BREACHED, KEPT = "breached", "kept"
"""What is told of a promise: it will be broken, or kept."""


class InsightMode(StrEnum):
    """`shadow` predicts and records, and acts on nothing: how to see what `on` would have done."""

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"


class RoutingInsight(PolicySection):
    """Which service a ticket is about, where no rule says so."""

    mode: InsightMode = Field(default=InsightMode.SHADOW, description="off, shadow or on.")
    accuracy: float = Field(
        default=0.9, gt=0.5, lt=1, description="How often an answer must be right; below that it abstains."
    )
    embeddings: bool = Field(
        default=False,
        description="Learn from what texts mean, too: some milliseconds a ticket; needs liaison[embeddings].",
    )

    gone: ClassVar[Mapping[str, str]] = {
        "thorough": "the readers that it trained are gone; delete this line, or write `embeddings: true` instead and "
        "install the extra (pip install 'liaison[embeddings]'): right more often, at less cost"
    }


class SimilarInsight(PolicySection):
    """Which open incident a ticket belongs to, and which past ones were like it."""

    mode: InsightMode = Field(default=InsightMode.SHADOW, description="off, shadow or on.")
    link_above: float = Field(
        default=0.9,
        gt=0,
        le=1,
        description="Joined to an open incident of its service above this probability.",
    )
    suggest_above: float = Field(
        default=0.3, gt=0, le=1, description="Only suggested to the agent above this one."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.suggest_above > self.link_above:
            raise ValueError("suggest_above is more than link_above; swap or correct them")
        return self


class SurgeInsight(PolicySection):
    """More tickets than usual, before any monitor fires."""

    mode: InsightMode = Field(default=InsightMode.SHADOW, description="off, shadow or on.")
    score: float = Field(
        default=5.0,
        ge=2,
        le=20,
        description="How improbable so many reports must be: 5 is one in 100,000. Higher is quieter.",
    )
    service: str | None = Field(
        default=None,
        description="Service whose candidate incident a surge opens that no service is known for.",
    )


class BreachInsight(PolicySection):
    """How likely a promise is to be broken."""

    mode: InsightMode = Field(default=InsightMode.SHADOW, description="off, shadow or on.")


class Insights(PolicySection):
    """Learning: local, from this installation's own history, and only as far as each mode says."""

    history: Duration = Field(
        default=timedelta(days=365), description="How far back models learn from; older tickets are left out."
    )
    minimum: int = Field(
        default=500, ge=50, description="Tickets without which nothing is learnt and the rules decide."
    )
    routing: RoutingInsight = Field(default_factory=RoutingInsight, description="Service, team, severity.")
    similar: SimilarInsight = Field(default_factory=SimilarInsight, description="Duplicates and precedents.")
    surge: SurgeInsight = Field(default_factory=SurgeInsight, description="Unusual numbers of tickets.")
    breach: BreachInsight = Field(default_factory=BreachInsight, description="Promises at risk.")
