"""One promise: for whom, how fast, by which calendar."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from incidents.models import Severity, TicketStatus
from incidents.policy.sla.ladder import Parts, SlaStep
from incidents.policy.words import (
    Duration,
    Name,
    PolicySection,
    listed,
)
from incidents.sla.calendars import ALWAYS
from incidents.sla.clock import SlaMetric
from incidents.sla.facts import (
    SlaFacts,
    SlaSubject,
    folded,
)

M = SlaMetric

SHORTEST = timedelta(seconds=1)
"""What is left of a promise whose time was up before the ticket was opened."""

Words = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(listed)]


class SlaWhen(PolicySection):
    """Whom a policy is for. Every criterion given must match; within one, any value will do."""

    applies_to: SlaSubject | None = Field(
        default=None, description="Only tickets (ticket) or only incidents (incident); both without it."
    )
    severity: Annotated[list[Severity], BeforeValidator(listed)] = Field(
        default_factory=list, description="Severities, 1 (worst) to 4."
    )
    tier: Words = Field(default_factory=list, description="Customers' tiers, by their names under tiers.")
    product: Words = Field(default_factory=list, description="Products, as the helpdesk has them.")
    channel: Words = Field(default_factory=list, description="Channels, as the helpdesk has them.")

    def criteria(self) -> dict[str, frozenset[Any]]:
        """For each criterion the values it accepts; none is any."""
        return {
            "applies_to": frozenset() if self.applies_to is None else frozenset({self.applies_to}),
            "severity": frozenset(self.severity),
            "tier": frozenset(map(folded, self.tier)),
            "product": frozenset(map(folded, self.product)),
            "channel": frozenset(map(folded, self.channel)),
        }

    def matches(self, facts: SlaFacts) -> bool:
        """Whether every criterion that is given is met; of several tiers, products or channels one is enough."""
        has: dict[str, frozenset[Any]] = {
            "applies_to": frozenset({facts.subject}),
            "severity": frozenset() if facts.severity is None else frozenset({facts.severity}),
            "tier": facts.tiers,
            "product": facts.products,
            "channel": facts.channels,
        }
        return all(not accepted or accepted & has[name] for name, accepted in self.criteria().items())


class SlaTargets(PolicySection):
    """Working time promised, by metric; what is left out is not promised."""

    first_response: Duration | None = Field(
        default=None, description="From opening until a person has answered."
    )
    next_update: Duration | None = Field(
        default=None, description="From each public update to the next, until it is solved."
    )
    mitigation: Duration | None = Field(
        default=None, description="From opening until the customers can work again, if only around the fault."
    )
    resolution: Duration | Literal["due_date"] | None = Field(
        default=None,
        description="From opening until it is solved; due_date is the time that the helpdesk gave the ticket.",
    )

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        promised = [
            (metric, target)
            for metric in (M.FIRST_RESPONSE, M.MITIGATION, M.RESOLUTION)
            if isinstance(target := getattr(self, metric), timedelta)
        ]
        if not promised and self.next_update is None and not self.is_by_due_date:
            raise ValueError("nothing is promised; add first_response, next_update, mitigation or resolution")
        for (sooner, short), (later, long) in pairwise(promised):
            if short > long:
                raise ValueError(f"{sooner} is longer than {later}; swap or correct them")
        return self

    @property
    def is_by_due_date(self) -> bool:
        """Whether the helpdesk's own due times are the promise."""
        return self.resolution == "due_date"

    def by_metric(self, due_in: timedelta | None = None) -> dict[SlaMetric, timedelta]:
        """The targets there are. `due_in` is the time from a ticket's opening to its own due date, if it has one."""
        targets = {metric: target for metric in M if isinstance(target := getattr(self, metric), timedelta)}
        if self.is_by_due_date and due_in is not None:
            targets[M.RESOLUTION] = max(due_in, SHORTEST)
        return targets


class SlaPolicy(PolicySection):
    """One promise: for whom, how fast, and by which calendar."""

    name: Name = Field(description="The policy's name in reports; small letters, digits, - and _.")
    when: SlaWhen = Field(default_factory=SlaWhen, description="Whom it is for; everybody without it.")
    calendar: str = Field(
        default=ALWAYS.name, description="Calendar by which time counts: one of calendars, or always."
    )
    targets: SlaTargets = Field(description="What is promised, in working time.")
    pause_on: Annotated[list[TicketStatus], BeforeValidator(listed)] = Field(
        default_factory=list,
        description="States in which time does not count: waiting_for_customer, waiting_for_vendor.",
    )
    warn_at: Parts | None = Field(
        default=None, description="Its own parts of the time instead of sla.warn_at."
    )
    ladder: list[SlaStep] | None = Field(default=None, description="Its own steps instead of sla.ladder.")

    @field_validator("pause_on")
    @classmethod
    def _are_waiting_states(cls, states: list[TicketStatus]) -> list[TicketStatus]:
        waiting = (TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.WAITING_FOR_VENDOR)
        for state in states:
            if state not in waiting:
                raise ValueError(
                    f"no time is lost on {state.value!r}; pause_on takes " + " and ".join(waiting)
                )
        return states

    @model_validator(mode="after")
    def _due_dates_are_times_on_the_wall(self) -> Self:
        if self.targets.is_by_due_date and self.calendar != ALWAYS.name:
            raise ValueError(
                f"a due_date counts around the clock; take calendar: {ALWAYS.name}, or write the resolution as a time"
            )
        if self.targets.is_by_due_date and self.pause_on:
            raise ValueError(
                "a due_date does not wait for anybody; leave out pause_on, or write the resolution as a time"
            )
        return self
