"""Training data for duplicates, replayed in order of time: the past's reports come again in order, each asks which
earlier one it repeats.

Nothing is known before its time: a report joins the incident of its duplicate when that was known, is over when it
was closed, and candidates are those that had been reported.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from insights.similar.memory import Memory
from insights.similar.model import Question
from insights.similar.pairs import pair_features
from insights.similar.report import KnownDuplicate, TicketReport
from insights.similar.terms import Said


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """A report when it came, its candidates' ids, and the question that they make."""

    report: TicketReport
    candidates: tuple[str, ...]
    question: Question


def lessons(
    reports: Iterable[TicketReport],
    duplicates: Sequence[KnownDuplicate],
    closed: Mapping[str, datetime],
    *,
    horizon_hours: float,
    every: int = 20,
) -> Iterator[Lesson]:
    """One lesson for each report that is a known duplicate, and for each `every`-th of the others.

    `reports` in order of time. A report that repeats one that repeats another is of one incident with both.
    """
    memory = Memory(horizon_hours=horizon_hours)
    truth: dict[str, set[str]] = {}
    for duplicate in duplicates:
        truth.setdefault(duplicate.newer, set()).add(duplicate.older)
    later = [(one.known_at, "join", one.newer, one.older) for one in duplicates]
    later += [(at, "close", report, "") for report, at in closed.items()]
    heapq.heapify(later)
    for number, report in enumerate(reports):
        while later and later[0][0] <= report.opened_at:
            _, what, first, second = heapq.heappop(later)
            if what == "close" and first in memory.numbers:
                memory.close(first, min(closed[first], report.opened_at))
            elif what == "join" and first in memory.numbers and second in memory.numbers:
                _join(memory, first, second)
        older = truth.get(report.id)
        if older or number % every == 0:
            yield _lesson(memory, report, older or set(), weight=1.0 if older else float(every))
        memory.add(report)


def _join(memory: Memory, newer: str, older: str) -> None:
    """Both into the incident of the older, named after its first report."""
    name = memory.incidents[memory.numbers[older]] or older
    if memory.incidents[memory.numbers[older]] is None:
        memory.join(older, name)
    memory.join(newer, name)


def _lesson(memory: Memory, report: TicketReport, older: set[str], *, weight: float) -> Lesson:
    said = Said.of(report.title, report.body)
    found = memory.candidates(report, said, now=report.opened_at)
    ids = tuple(memory.ids[number] for number in found)
    return Lesson(
        report=report,
        candidates=ids,
        question=Question(
            features=pair_features(memory.look(report, said, found, now=report.opened_at)),
            right=np.array([name in older for name in ids], np.bool_),
            weight=weight,
        ),
    )
