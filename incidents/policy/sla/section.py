"""What is promised to whom: the policy's section `sla`.

The first policy whose criteria all match decides. Where none does, a ticket is promised nothing, and an
incident what `targets` has for its severity, around the clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from incidents.models import Severity
from incidents.policy.calendars import WorkCalendar
from incidents.policy.problems import Found, refuse
from incidents.policy.references import DANGLING
from incidents.policy.sla.ladder import (
    ACTS_AT_BREACH,
    ACTS_AT_WARNING,
    Parts,
    SlaAct,
    SlaStep,
    ladder_problems,
    warnings_at,
)
from incidents.policy.sla.overlap import never_chosen
from incidents.policy.sla.policies import SlaPolicy
from incidents.policy.words import (
    Duration,
    Name,
    PolicySection,
)
from incidents.sla.calendars import (
    ALWAYS,
    Calendar,
    Calendars,
)
from incidents.sla.clock import (
    Moment,
    SlaMetric,
    SlaTerms,
)
from incidents.sla.facts import (
    SlaFacts,
    SlaSubject,
    folded,
)
from incidents.texts.plain_text import did_you_mean

LONGEST_YEARS = 10
"""A target that takes more years than that in its calendar is a slip, not a promise."""
_WEEKS_A_YEAR = 52


class SlaTarget(PolicySection):
    """What was promised for one severity."""

    response: Duration = Field(description="Time from the first report until somebody has taken it on.")
    resolution: Duration = Field(description="Time from the first report until it works again.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.response > self.resolution:
            raise ValueError("response is longer than resolution; swap or correct them")
        return self


DEFAULT_TARGETS = {
    Severity.CRITICAL: SlaTarget(response=timedelta(minutes=15), resolution=timedelta(hours=4)),
    Severity.HIGH: SlaTarget(response=timedelta(minutes=30), resolution=timedelta(hours=8)),
    Severity.MEDIUM: SlaTarget(response=timedelta(hours=4), resolution=timedelta(days=2)),
    Severity.LOW: SlaTarget(response=timedelta(days=1), resolution=timedelta(days=5)),
}


DEFAULT_PRIORITIES = {
    "urgent": Severity.CRITICAL,
    "high": Severity.HIGH,
    "normal": Severity.MEDIUM,
    "low": Severity.LOW,
}


class Sla(PolicySection):
    """The service levels we are held to. Severities left out keep their defaults."""

    warn_at: Parts = Field(
        default_factory=lambda: [0.5, 0.75, 0.9],
        description="Parts of a target's time after which to warn: one, such as 0.75, or a list.",
    )
    targets: dict[Severity, SlaTarget] = Field(
        default_factory=lambda: dict(DEFAULT_TARGETS),
        description="Targets of incidents that no policy is for, by severity, 1 (worst) to 4.",
    )
    calendars: dict[Name, WorkCalendar] = Field(
        default_factory=dict, description="When somebody works, by name; always is built in."
    )
    policies: list[SlaPolicy] = Field(
        default_factory=list, description="What is promised to whom; the first match decides."
    )
    ladder: list[SlaStep] = Field(
        default_factory=list,
        description="What is done at each moment; owner and room, and at the breach the next level, without it.",
    )
    priorities: dict[str, Severity] = Field(
        default_factory=lambda: dict(DEFAULT_PRIORITIES),
        description="Severity that a helpdesk's priority means for its ticket; an incident's counts if it is worse.",
    )
    liaison_answers: bool = Field(
        default=False, description="Whether Liaison's own message to a customer counts as a first response."
    )
    _made: dict[str, tuple[WorkCalendar, Calendar]] = PrivateAttr(default_factory=dict)
    _fingerprint: str | None = PrivateAttr(default=None)

    @field_validator("targets")
    @classmethod
    def _complete(cls, targets: dict[Severity, SlaTarget]) -> dict[Severity, SlaTarget]:
        return {**DEFAULT_TARGETS, **targets}

    @field_validator("priorities")
    @classmethod
    def _in_small_letters(cls, priorities: dict[str, Severity]) -> dict[str, Severity]:
        return {folded(priority): severity for priority, severity in priorities.items()}

    @field_validator("calendars")
    @classmethod
    def _leave_the_built_in_one(cls, calendars: dict[str, WorkCalendar]) -> dict[str, WorkCalendar]:
        if ALWAYS.name in calendars:
            raise ValueError(f"{ALWAYS.name!r} is built in and means around the clock; choose another name")
        return calendars

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        refuse(type(self).__name__, self._problems())
        return self

    def terms_for(self, facts: SlaFacts) -> SlaTerms | None:
        """What is promised to this ticket or incident, or None."""
        policy = next((policy for policy in self.policies if policy.when.matches(facts)), None)
        if policy is not None:
            return SlaTerms(
                policy=policy.name,
                calendar=policy.calendar,
                targets=policy.targets.by_metric(facts.due_in),
                warnings=warnings_at(self.warn_at if policy.warn_at is None else policy.warn_at),
                pauses=frozenset(policy.pause_on),
                liaison_answers=self.liaison_answers,
            )
        if facts.subject is SlaSubject.TICKET or facts.severity is None:
            return None
        target = self.targets[facts.severity]
        return SlaTerms(
            policy=f"severity-{int(facts.severity)}",
            calendar=ALWAYS.name,
            targets={SlaMetric.FIRST_RESPONSE: target.response, SlaMetric.RESOLUTION: target.resolution},
            warnings=warnings_at(self.warn_at),
            liaison_answers=self.liaison_answers,
        )

    def working_calendars(self) -> Calendars:
        """All calendars by name, `always` among them; the same objects each time, as they remember their years."""
        calendars = {ALWAYS.name: ALWAYS}
        for name, section in self.calendars.items():
            made = self._made.get(name)
            if made is None or made[0] is not section:
                made = self._made[name] = (section, section.calendar(name))
            calendars[name] = made[1]
        return calendars

    @property
    def fingerprint(self) -> str:
        """Another one as soon as anything that clocks go by is another."""
        if self._fingerprint is None:
            # A release of the library of holidays may add days and take days away: what is open is then counted anew.
            text = self.model_dump_json(exclude={"ladder"}) + version("holidays")
            self._fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self._fingerprint

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A changed copy has a fingerprint of its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied._fingerprint = None  # noqa: SLF001 - of our own class
        return copied

    @property
    def concerns_tickets(self) -> bool:
        """Whether anything is promised to single tickets."""
        return any(policy.when.applies_to is not SlaSubject.INCIDENT for policy in self.policies)

    def acts(self, policy: str, moment: Moment) -> tuple[SlaAct, ...]:
        """What to do at a moment of the policy of that name (one that is gone goes by the common ladder).

        A policy whose own ladder is empty only counts, and tells nobody.
        """
        own = next((one.ladder for one in self.policies if one.name == policy), None)
        ladder = self.ladder if own is None else own
        if own is None and not ladder:
            return ACTS_AT_BREACH if moment.is_breach else ACTS_AT_WARNING
        return tuple(dict.fromkeys(act for step in ladder if step.at == moment for act in step.do))

    def _problems(self) -> Iterator[Found]:
        yield from ladder_problems(("ladder",), self.ladder, self.warn_at)
        named: dict[str, int] = {}
        for index, policy in enumerate(self.policies):
            here = ("policies", index)
            if policy.name in named:
                yield (
                    (*here, "name"),
                    f"there is a policy {policy.name!r} already; give this one another name",
                )
            named.setdefault(policy.name, index)
            warn_at = self.warn_at if policy.warn_at is None else policy.warn_at
            yield from ladder_problems((*here, "ladder"), policy.ladder or [], warn_at)
            yield from self._calendar_problems(here, policy)
        for index, chosen in never_chosen([policy.when.criteria() for policy in self.policies]):
            before = " and ".join(repr(self.policies[number].name) for number in chosen)
            message = (
                f"{self.policies[index].name!r} can never be chosen, because {before} always comes first"
            )
            yield ("policies", index), f"{message}; move it up, or narrow what is before it"

    def _calendar_problems(self, here: tuple[str | int, ...], policy: SlaPolicy) -> Iterator[Found]:
        calendar = self.working_calendars().get(policy.calendar)
        if calendar is None:
            known = [*self.calendars, ALWAYS.name]
            cure = did_you_mean(policy.calendar, known)
            yield (*here, "calendar"), f"there is no calendar {policy.calendar!r}{cure}", DANGLING
            return
        for metric, target in policy.targets.by_metric().items():
            years = target / calendar.weekly / _WEEKS_A_YEAR
            if years > LONGEST_YEARS:
                hours = calendar.weekly / timedelta(hours=1)
                message = (
                    f"this would take {years:.0f} years in calendar {policy.calendar!r} ({hours:g} h a week)"
                )
                yield (*here, "targets", metric.value), f"{message}; make it shorter, or give it more hours"
