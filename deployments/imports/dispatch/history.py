"""Dispatch's past incidents as a history that `liaison backtest` reads: CSV, a line for each.

`resolved at` is when it was stable, else closed: Dispatch closes after the review. An incident names no service; its
type is the `category`, the commander's team, else that of most participants, the `group`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from deployments.imports.dispatch.answers import DispatchKind, PastIncident
from incidents.imports.report import Fate, ImportLine, called
from incidents.texts.plain_text import printable

HEADINGS = (
    "ticket",
    "created at",
    "subject",
    "body",
    "category",
    "group",
    "resolved at",
    "duplicate of",
    "priority",
    "severity",
)
RESTRICTED = "restricted"


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatchHistory:
    """`text` is CSV, "" where no incident could be taken; `count` is how many are in it."""

    text: str
    count: int
    lines: tuple[ImportLine, ...]


def history_of(incidents: Sequence[PastIncident]) -> DispatchHistory:
    """All but restricted ones, those of types that are excluded from metrics, and those without a time."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADINGS)
    left: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for one in sorted(incidents, key=lambda one: one.id):
        why = _why_left(one)
        if why:
            left[why] += 1
            continue
        types[_name(one.incident_type)] += 1
        writer.writerow(printable(cell) for cell in _row(one))
    count = sum(types.values())
    lines = [*_left_lines(left), *_type_lines(types), *_order_lines(incidents)]
    return DispatchHistory(text=written.getvalue() if count else "", count=count, lines=tuple(lines))


def _why_left(one: PastIncident) -> str:
    if one.visibility.lower() == RESTRICTED:
        return "restricted: their words are for few"
    if one.incident_type is not None and one.incident_type.exclude_from_metrics:
        return "of a type that is excluded from metrics, such as exercises"
    return (
        ""
        if (one.reported_at or one.created_at) is not None
        else "without a time at which they were reported"
    )


def _row(one: PastIncident) -> Iterable[str]:
    begin = one.reported_at or one.created_at
    end = one.stable_at or one.closed_at
    if begin is not None and end is not None and end < begin:
        end = None
    commander = one.commander.team if one.commander is not None else ""
    same = next((other for other in one.duplicates if other.id != one.id), None)
    yield one.name or str(one.id)
    yield _time(begin)
    yield one.title
    yield one.description
    yield _name(one.incident_type)
    yield commander or one.participants_team
    yield _time(end)
    yield (same.name or str(same.id)) if same is not None else ""
    yield _name(one.incident_priority)
    yield _name(one.incident_severity)


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _name(kind: DispatchKind | None) -> str:
    return "" if kind is None else kind.name


def _left_lines(left: Counter[str]) -> Iterable[ImportLine]:
    for why, count in left.items():
        yield ImportLine(fate=Fate.LEFT, what=f"{count:,} past incidents", words=why)


def _type_lines(types: Counter[str]) -> Iterable[ImportLine]:
    for name, count in types.most_common():
        what = called("incident type", name) if name else "incidents without a type"
        words = f"as category of {count:,} in the history"
        cure = "say under routing which service tickets like these are about"
        yield ImportLine(fate=Fate.TAKEN, what=what, words=words, cure=cure)


def _order_lines(incidents: Sequence[PastIncident]) -> Iterable[ImportLine]:
    """Priorities and severities: their names stand in the history; which of ours they are, only a person knows."""
    kinds = (("priorities", "incident_priority"), ("severities", "incident_severity"))
    for word, field in kinds:
        found = {kind.name: kind.view_order for one in incidents if (kind := getattr(one, field)) is not None}
        if found:
            named = ", ".join(sorted(found, key=lambda name: (found[name], name)))
            words = f"as a column of the history ({named[:200]})"
            cure = "severities here are 1 to 4: name a service's, or a routing rule's"
            yield ImportLine(fate=Fate.DIFFERS, what=word, words=words, cure=cure)
