"""The score of a drill: what was measured, the goal of each, and where the goal is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from deployments.drill.stories import DrillStory
from incidents.models import Severity
from incidents.policy.policy import Policy

PAGE_WITHIN = timedelta(seconds=60)
"""The stated default: no policy says how soon a page must be out."""
STATED = "default"
BY_POLICY = "policy"


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillFacts:
    """What was seen. `seconds_to_page` is until the last page that was needed, from the first ticket, or from when the
    pager was back; None where it never came. `broken` and `kept` are promises: of the next update, and by policy."""

    incidents: int
    pages: int
    seconds_to_page: float | None
    customers_told: int
    customers_told_twice: int
    promises_kept: int
    promises_broken: int


class Bound(StrEnum):
    """How a value is held against its goal."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    EXACTLY = "exactly"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """`source` says where the goal is from: the policy, a stated default, or whoever asked."""

    name: str
    value: float | None
    bound: Bound
    goal: float
    source: str

    @property
    def passed(self) -> bool:
        """What could not be measured has not passed."""
        if self.value is None:
            return False
        match self.bound:
            case Bound.AT_MOST:
                return self.value <= self.goal
            case Bound.AT_LEAST:
                return self.value >= self.goal
            case Bound.EXACTLY:
                return self.value == self.goal

    @property
    def words(self) -> str:
        """For people: the value, the goal and where it is from."""
        value = "never" if self.value is None else f"{self.value:g}"
        return f"{value} ({self.bound} {self.goal:g}, {self.source})"


def page_goal(policy: Policy, severity: Severity, asked: timedelta | None) -> tuple[timedelta, str]:
    """How soon the page must be out, and who says so: whoever asked, else the policy's response target where that is
    shorter than the default."""
    if asked is not None:
        return asked, "asked for"
    response = policy.sla.targets[severity].response
    return (response, BY_POLICY) if response < PAGE_WITHIN else (PAGE_WITHIN, STATED)


def measures(story: DrillStory, facts: DrillFacts, within: tuple[timedelta, str]) -> Sequence[Measure]:
    """What the story is scored by. Of a wrong alarm nobody is woken, and no more is asked."""
    goal, source = within
    found = [
        Measure(
            name="incidents",
            value=facts.incidents,
            bound=Bound.EXACTLY,
            goal=len(story.services),
            source=STATED,
        ),
        Measure(
            name="pages",
            value=facts.pages,
            bound=Bound.EXACTLY,
            goal=len(story.services) if story.is_real else 0,
            source=STATED,
        ),
    ]
    if not story.is_real:
        return found
    return [
        Measure(
            name="seconds_to_page",
            value=facts.seconds_to_page,
            bound=Bound.AT_MOST,
            goal=goal.total_seconds(),
            source=source,
        ),
        *found,
        Measure(
            name="customers_told",
            value=facts.customers_told,
            bound=Bound.EXACTLY,
            goal=story.tickets,
            source=STATED,
        ),
        Measure(
            name="customers_told_twice",
            value=facts.customers_told_twice,
            bound=Bound.EXACTLY,
            goal=0,
            source=STATED,
        ),
        Measure(
            name="promises_broken",
            value=facts.promises_broken,
            bound=Bound.EXACTLY,
            goal=0,
            source=BY_POLICY,
        ),
    ]
