"""What is promised to whom: the policy's section `sla`.

The first policy whose criteria all match decides. Where none does, a ticket is promised nothing, and an
incident what `targets` has for its severity, around the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from incidents.calendars import ALWAYS, Calendar, Calendars
from incidents.models import Severity, TicketStatus
from incidents.policy_calendars import WorkCalendar, listed
from incidents.policy_problems import Found, refuse
from incidents.policy_references import DANGLING, did_you_mean
from incidents.policy_words import Duration, Name, Section
from incidents.sla_clock import BREACH, Moment, SlaMetric, SlaTerms
from incidents.sla_facts import SlaFacts, SlaSubject, folded
from incidents.sla_overlap import never_chosen

M = SlaMetric
LONGEST_YEARS = 10
"""A target that takes more years than that in its calendar is a slip, not a promise."""
_WEEKS_A_YEAR = 52


class SlaTarget(Section):
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


class SlaAct(StrEnum):
    """What can be done when a moment has come."""

    TELL_OWNER = "tell_owner"
    TELL_LEAD = "tell_lead"
    TELL_MANAGER = "tell_manager"
    POST = "post"
    PAGE_NEXT_LEVEL = "page_next_level"
    RAISE_SEVERITY = "raise_severity"


ACTS_AT_WARNING = (SlaAct.TELL_OWNER, SlaAct.POST)
ACTS_AT_BREACH = (SlaAct.TELL_OWNER, SlaAct.POST, SlaAct.PAGE_NEXT_LEVEL)


def _moment(value: Any) -> Moment:
    if isinstance(value, Moment):
        return value
    if value == "breach":
        return BREACH
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise ValueError(f"{str(value)[:40]!r} is no moment; write 0.75 for 75 % of the time, or breach")
    return Moment(_per_mille(value))


def _per_mille(part: float) -> int:
    per_mille = round(part * 1000)
    if abs(per_mille - part * 1000) > 1e-6 or per_mille == 0:
        raise ValueError(
            f"{part} is too fine; write a part of the time with at most three digits, such as 0.75"
        )
    return per_mille


def _in_order(parts: list[float]) -> list[float]:
    for part in parts:
        _per_mille(part)
    return sorted(set(parts))


Parts = Annotated[list[Annotated[float, Field(gt=0, lt=1)]], BeforeValidator(listed)]
Words = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(listed)]


class SlaStep(Section):
    """What is done at one moment of a promise."""

    at: Annotated[Moment, BeforeValidator(_moment)] = Field(
        description="The moment: a part of the time that warn_at has, such as 0.75, or breach."
    )
    do: Annotated[list[SlaAct], BeforeValidator(listed)] = Field(
        min_length=1,
        description=(
            "What to do: tell_owner, tell_lead, tell_manager, post (in the incident's room), page_next_level, "
            "raise_severity."
        ),
    )


class SlaWhen(Section):
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
        has: dict[str, frozenset[Any]] = {
            "applies_to": frozenset({facts.subject}),
            "severity": frozenset() if facts.severity is None else frozenset({facts.severity}),
            "tier": facts.tiers,
            "product": facts.products,
            "channel": facts.channels,
        }
        return all(not accepted or accepted & has[name] for name, accepted in self.criteria().items())


class SlaTargets(Section):
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
    resolution: Duration | None = Field(default=None, description="From opening until it is solved.")

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        promised = [
            (metric, target)
            for metric in (M.FIRST_RESPONSE, M.MITIGATION, M.RESOLUTION)
            if (target := getattr(self, metric)) is not None
        ]
        if not promised and self.next_update is None:
            raise ValueError("nothing is promised; add first_response, next_update, mitigation or resolution")
        for (sooner, short), (later, long) in zip(promised, promised[1:], strict=False):
            if short > long:
                raise ValueError(f"{sooner} is longer than {later}; swap or correct them")
        return self

    def by_metric(self) -> dict[SlaMetric, timedelta]:
        return {metric: target for metric in M if (target := getattr(self, metric)) is not None}


class SlaPolicy(Section):
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

    @field_validator("warn_at")
    @classmethod
    def _parts_in_order(cls, parts: list[float] | None) -> list[float] | None:
        return _in_order(parts) if parts is not None else None


class Sla(Section):
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
    liaison_answers: bool = Field(
        default=False, description="Whether Liaison's own message to a customer counts as a first response."
    )
    _made: dict[str, tuple[WorkCalendar, Calendar]] = PrivateAttr(default_factory=dict)

    @field_validator("warn_at")
    @classmethod
    def _parts_in_order(cls, parts: list[float]) -> list[float]:
        return _in_order(parts)

    @field_validator("targets")
    @classmethod
    def _complete(cls, targets: dict[Severity, SlaTarget]) -> dict[Severity, SlaTarget]:
        return {**DEFAULT_TARGETS, **targets}

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
                targets=policy.targets.by_metric(),
                warnings=_moments(self.warn_at if policy.warn_at is None else policy.warn_at),
                pauses=frozenset(policy.pause_on),
                liaison_answers=self.liaison_answers,
            )
        if facts.subject is SlaSubject.TICKET or facts.severity is None:
            return None
        target = self.targets[facts.severity]
        return SlaTerms(
            policy=f"severity-{int(facts.severity)}",
            calendar=ALWAYS.name,
            targets={M.FIRST_RESPONSE: target.response, M.RESOLUTION: target.resolution},
            warnings=_moments(self.warn_at),
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

    def acts(self, policy: str, moment: Moment) -> tuple[SlaAct, ...]:
        """What to do at a moment of the policy of that name (one that is gone goes by the common ladder)."""
        own = next((one.ladder for one in self.policies if one.name == policy), None)
        ladder = self.ladder if own is None else own
        if not ladder:
            return ACTS_AT_BREACH if moment.is_breach else ACTS_AT_WARNING
        return tuple(dict.fromkeys(act for step in ladder if step.at == moment for act in step.do))

    def _problems(self) -> Iterator[Found]:
        yield from _ladder_problems(("ladder",), self.ladder, self.warn_at)
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
            yield from _ladder_problems((*here, "ladder"), policy.ladder or [], warn_at)
            yield from self._calendar_problems(here, policy)
        for index, chosen in never_chosen([policy.when.criteria() for policy in self.policies]):
            before = " and ".join(repr(self.policies[number].name) for number in chosen)
            yield (
                ("policies", index),
                f"{self.policies[index].name!r} can never be chosen: {before} before it takes all that it "
                "would; move it up, or narrow what is before it",
            )

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
                yield (
                    (*here, "targets", metric.value),
                    f"this would take {years:.0f} years in calendar {policy.calendar!r}, which has {hours:g} h a "
                    "week; make it shorter, or give the calendar more hours",
                )


def _ladder_problems(
    here: tuple[str | int, ...], ladder: list[SlaStep], warn_at: list[float]
) -> Iterator[Found]:
    moments = (*_moments(warn_at), BREACH)
    for index, step in enumerate(ladder):
        if step.at not in moments:
            known = ", ".join(f"{part:g}" for part in warn_at)
            yield (
                (*here, index, "at"),
                f"{step.at.per_mille / 1000:g} never comes: warn_at has {known}; add it there, or change this",
            )


def _moments(parts: list[float]) -> tuple[Moment, ...]:
    return tuple(Moment(_per_mille(part)) for part in parts)
