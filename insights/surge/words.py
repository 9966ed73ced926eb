"""A surge's evidence, in words for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from insights.surge.baseline import Group

_NAMED = 3


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
    minutes = max(1, round((until - since).total_seconds() / 60))
    usual = f"{_amount(expected)} are usual on a {until:%A} at {until:%H:%M}"
    return (
        f"{len(found)} reports of {_named(group)} within {minutes} min, where {usual}",
        f"by chance, so many are seen once in {_odds(probability)} reports",
        *_shared(group, found),
    )


def _named(group: Group) -> str:
    return ", ".join(f"{dimension} {value}" for dimension, value in group)


def _amount(expected: float) -> str:
    return "fewer than 0.01" if expected < 0.01 else f"{expected:.2g}"


def _odds(probability: float) -> str:
    return "more than 1,000,000,000" if probability < 1e-9 else f"{round(1 / probability):,}"


def _shared(group: Group, found: list[Group]) -> Iterable[str]:
    """For each other dimension, the values most of the reports have."""
    fixed = {dimension for dimension, _ in group}
    values = Counter(part for report in found for part in report if part[0] not in fixed)
    for dimension in sorted({part[0] for part in values}):
        most = [(value, n) for (name, value), n in values.most_common() if name == dimension][:_NAMED]
        yield f"{dimension}: " + ", ".join(f"{value} {n} of {len(found)}" for value, n in most)
