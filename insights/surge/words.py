"""A surge's evidence, in words for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from babel.numbers import format_decimal, get_decimal_symbol

from incidents.texts.team import Sentence, sentence, team_language, worded, worded_as
from insights.surge.baseline import Group

_NAMED = 3
_WEEKDAYS = (
    sentence("Monday"),
    sentence("Tuesday"),
    sentence("Wednesday"),
    sentence("Thursday"),
    sentence("Friday"),
    sentence("Saturday"),
    sentence("Sunday"),
)
_DIMENSIONS: dict[str, Sentence] = {
    "service": sentence("service"),
    "symptom": sentence("symptom"),
    "tier": sentence("tier"),
}


def evidence_words(
    group: Group,
    reports: Iterable[Group],
    *,
    since: datetime,
    until: datetime,
    expected: float,
    probability: float,
) -> tuple[str, ...]:
    """How many and how many are usual, how improbable that is, and where else the reports agree."""
    found = list(reports)
    return (
        worded(
            "{count} reports of {group} within {minutes} min, where {usual} are usual on a {weekday} at {time}",
            count=len(found),
            group=_named(group),
            minutes=max(1, round((until - since).total_seconds() / 60)),
            usual=_amount(expected),
            weekday=worded_as(_WEEKDAYS[until.weekday()]),
            time=f"{until:%H:%M}",
        ),
        worded("by chance, so many are seen once in {odds} reports", odds=_odds(probability)),
        *_shared(group, found),
    )


def _named(group: Group) -> str:
    return ", ".join(f"{_dimension(dimension)} {value}" for dimension, value in group)


def _dimension(name: str) -> str:
    known = _DIMENSIONS.get(name)
    return name if known is None else worded_as(known)


def _amount(expected: float) -> str:
    if expected < 0.01:
        return worded("fewer than 0.01")
    return f"{expected:.2g}".replace(".", get_decimal_symbol(team_language()))


def _odds(probability: float) -> str:
    if probability < 1e-9:
        return worded("more than 1,000,000,000")
    return format_decimal(round(1 / probability), locale=team_language())


def _shared(group: Group, found: list[Group]) -> Iterable[str]:
    """For each other dimension, the values most of the reports have."""
    fixed = {dimension for dimension, _ in group}
    values = Counter(part for report in found for part in report if part[0] not in fixed)
    for dimension in sorted({part[0] for part in values}):
        most = [(value, n) for (name, value), n in values.most_common() if name == dimension][:_NAMED]
        yield f"{_dimension(dimension)}: " + ", ".join(
            worded("{value} {count} of {all}", value=value, count=n, all=len(found)) for value, n in most
        )
