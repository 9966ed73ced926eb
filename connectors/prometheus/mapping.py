"""Prometheus' answers as numbers, and what they say of a service; plain functions.

Shapes: https://prometheus.io/docs/prometheus/latest/querying/api/ (instant and range queries; a sample's value is a
text, so that NaN and infinity can be told; times are Unix seconds).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.kit.fields import a_record, items, record, records, text, unix_time
from connectors.prometheus.settings import ServiceQuery
from incidents.errors import Unrecognised

MAX_WORDS = 480  # characters of a summary


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one instant query said: the numbers of its series (NaN left out), and how many series had none."""

    values: tuple[float, ...]
    without_number: int = 0
    is_partial: bool = False
    """Whether the server itself says that part of its data did not answer."""


def reading_from(data: Any) -> Reading:
    """An instant query's answer. Raises `Unrecognised` for a range vector or a text: no number is meant."""
    answer = a_record(data, "prometheus: the answer")
    found = record(answer.get("data"))
    kind = text(found.get("resultType"))
    if kind == "scalar":
        numbers = [_number(found.get("result"))]
    elif kind == "vector":
        numbers = [_number(one.get("value")) for one in records(found.get("result"))]
    else:
        raise Unrecognised(
            f"prometheus: the query gives a {kind[:20] or 'nothing'}, not numbers of one moment"
        )
    values = tuple(number for number in numbers if not math.isnan(number))
    return Reading(
        values=values,
        without_number=len(numbers) - len(values),
        is_partial=bool(items(answer.get("warnings"))),
    )


def worst(query: ServiceQuery, values: Sequence[float]) -> float:
    """Of several series the one that is nearest to failing, or fails most."""
    return max(values) if query.fails_above is not None else min(values)


@dataclass(frozen=True, kw_only=True, slots=True)
class FailingSince:
    """The first moment of the failure that lasts; `was_well_before`: else the range has nothing from before it."""

    at: datetime
    was_well_before: bool


def failing_since(data: Any, query: ServiceQuery) -> FailingSince | None:
    """From a range query, over all series: the failure that lasts until its end.

    None where the answer cannot be used: since when is told if it is known, and is never worth an error.
    """
    moments: dict[float, bool] = {}
    for series in records(record(record(data).get("data")).get("result")):
        for sample in items(series.get("values")):
            if not isinstance(sample, list) or len(sample) != 2 or not isinstance(sample[0], int | float):
                continue
            number = _number(sample)
            if not math.isnan(number):
                moments[float(sample[0])] = moments.get(float(sample[0]), False) or query.is_failing(number)
    since: float | None = None
    was_well_before = False
    for moment in sorted(moments, reverse=True):
        if not moments[moment]:
            was_well_before = True
            break
        since = moment
    if since is None:
        return None
    return FailingSince(at=unix_time(since, of="prometheus"), was_well_before=was_well_before)


def shown(number: float) -> str:
    """A number as people read it: four digits that count."""
    if math.isinf(number):
        return "infinite" if number > 0 else "minus infinite"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def summary(query: ServiceQuery, value: float, *, since: str | None, affected: float | None) -> str:
    """What was seen, in a line: the number, its limit, since when, for how many."""
    title = query.title or "the number"
    words = f"{title} is {shown(value)}"
    if not query.is_failing(value):
        return f"{words}; customers are hit {query.limit}"[:MAX_WORDS]
    words += f", {query.limit} customers are hit"
    if since is not None:
        words += f"; {since}"
    if affected is not None:
        words += f"; affected: {shown(affected)}"
    return words[:MAX_WORDS]


def since_words(since: FailingSince | None, *, looked_back_to: datetime, step: timedelta) -> str | None:
    """Since when, as exactly as it is known."""
    if since is None:
        return None
    moment = f"{since.at:%H:%M} UTC"
    if since.was_well_before:
        return f"since {moment}"
    if since.at - looked_back_to <= 2 * step:
        return f"since {moment} or longer"
    return f"since {moment}, when its numbers begin"


def _number(sample: Any) -> float:
    """A sample's number; NaN for what is none."""
    if not isinstance(sample, list) or len(sample) != 2:
        return math.nan
    try:
        return float(sample[1])
    except (TypeError, ValueError):
        return math.nan
