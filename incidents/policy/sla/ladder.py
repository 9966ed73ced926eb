"""At which parts of a promised time something is told, and what is done then."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from incidents.policy.problems import Found
from incidents.policy.words import PolicySection, listed
from incidents.sla.clock import BREACH, Moment


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


Parts = Annotated[
    list[Annotated[float, Field(gt=0, lt=1)]], BeforeValidator(listed), AfterValidator(_in_order)
]
"""Parts of a target's time, in order, each once."""


class SlaStep(PolicySection):
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


def warnings_at(parts: list[float]) -> tuple[Moment, ...]:
    """The moments at these parts (0.5 is half) of a promised time."""
    return tuple(Moment(_per_mille(part)) for part in parts)


def ladder_problems(
    here: tuple[str | int, ...], ladder: list[SlaStep], warn_at: list[float]
) -> Iterator[Found]:
    """Steps at a moment that never comes, each at its place below `here`."""
    moments = (*warnings_at(warn_at), BREACH)
    for index, step in enumerate(ladder):
        if step.at not in moments:
            known = ", ".join(f"{part:g}" for part in warn_at)
            yield (
                (*here, index, "at"),
                f"{step.at.per_mille / 1000:g} never comes: warn_at has {known}; add it there, or change this",
            )
