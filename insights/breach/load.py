"""Queue-load features: how busy each queue was at each moment, told happening by happening: what comes later cannot
be known.

The measures are ratios where they can be: a count grows with the helpdesk and with the age of its log, and a model
that has learnt a count has learnt the date.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

MEASURES = {
    "backlog": "open cases for each one opened in the last 7 days",
    "turnover": "cases ended for each one opened in the last 7 days",
    "age": "mean age of the open cases, as a share of the mean age of all open cases",
    "overdue": "share of the open cases that are overdue",
    "pace": "share of the target that the last cases took",
    "last_hour": "cases opened in the last hour",
    "last_day": "cases opened in the last 24 hours",
}
EVERYWHERE = "all"
_WEEK = 168.0
# About the last 20 cases count; half of a case's weight is gone after 14 others.
_MEMORY = 0.95
_LONGEST_PACE = 3.0


class Backwards(ValueError):
    """A happening is older than one already told."""


@dataclass(slots=True)
class _Window:
    hours: float
    times: deque[float] = field(default_factory=deque)

    def count(self, at: float) -> int:
        while self.times and self.times[0] < at - self.hours:
            self.times.popleft()
        return len(self.times)


@dataclass(slots=True)
class _Queue:
    open: int = 0
    overdue: int = 0
    opened_sum: float = 0.0
    pace_sum: float = 0.0
    pace_weight: float = 0.0
    hour: _Window = field(default_factory=lambda: _Window(1.0))
    day: _Window = field(default_factory=lambda: _Window(24.0))
    week: _Window = field(default_factory=lambda: _Window(_WEEK))
    ended: _Window = field(default_factory=lambda: _Window(_WEEK))

    def age(self, at: float) -> float:
        return at - self.opened_sum / self.open if self.open else 0.0


@dataclass(slots=True)
class _Case:
    opened: float
    due: float
    queues: tuple[_Queue, ...] = ()
    is_open: bool = False
    is_overdue: bool = False


class QueueLoad:
    """Times are hours since any fixed moment; they must not go back (`Backwards`)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.columns = tuple(f"{key}_{measure}" for key in (EVERYWHERE, *keys) for measure in MEASURES)
        self._queues: dict[tuple[int, Hashable], _Queue] = defaultdict(_Queue)
        self._cases: dict[Hashable, _Case] = {}
        self._due: list[tuple[float, int, _Case]] = []
        self._now = float("-inf")

    def read(self, values: Sequence[Hashable], *, at: float) -> Iterator[float]:
        """The measures of the queues that a case with these values is in, in the order of `columns`."""
        self._advance(at)
        everywhere = self._queues[0, EVERYWHERE].age(at)
        for queue in self._of(values):
            opened = queue.week.count(at) + 1
            yield queue.open / opened
            yield queue.ended.count(at) / opened
            yield queue.age(at) / (everywhere + 1)
            yield queue.overdue / queue.open if queue.open else float("nan")
            yield queue.pace_sum / queue.pace_weight if queue.pace_weight else float("nan")
            yield queue.hour.count(at)
            yield queue.day.count(at)

    def seen(
        self, case: Hashable, values: Sequence[Hashable], *, at: float, due: float = float("nan")
    ) -> None:
        """The case is open and has these values: it was opened, moved or reopened. Its first due time stays."""
        self._advance(at)
        queues = self._of(values)
        known = self._cases.get(case)
        if known is None:
            known = self._cases[case] = _Case(opened=at, due=due)
            for queue in queues:
                for window in (queue.hour, queue.day, queue.week):
                    window.times.append(at)
            if not math.isnan(due):
                heapq.heappush(self._due, (due, len(self._cases), known))
        self._leave(known)
        known.queues, known.is_open = queues, True
        for queue in queues:
            queue.open += 1
            queue.overdue += known.is_overdue
            queue.opened_sum += known.opened

    def ended(self, case: Hashable, *, at: float) -> None:
        """The case is over. Nothing happens if it was never seen or is over already."""
        self._advance(at)
        known = self._cases.get(case)
        if known is None or not known.is_open:
            return
        self._leave(known)
        pace = (at - known.opened) / max(1.0, known.due - known.opened)
        for queue in known.queues:
            queue.ended.times.append(at)
            if not math.isnan(pace):
                queue.pace_sum = queue.pace_sum * _MEMORY + min(_LONGEST_PACE, pace)
                queue.pace_weight = queue.pace_weight * _MEMORY + 1

    def _of(self, values: Sequence[Hashable]) -> tuple[_Queue, ...]:
        named = (self._queues[number, value] for number, value in enumerate(values, start=1))
        return (self._queues[0, EVERYWHERE], *named)

    def _leave(self, case: _Case) -> None:
        if not case.is_open:
            return
        case.is_open = False
        for queue in case.queues:
            queue.open -= 1
            queue.overdue -= case.is_overdue
            queue.opened_sum -= case.opened

    def _advance(self, at: float) -> None:
        if at < self._now:
            raise Backwards(
                f"a happening at hour {at:g} was told after one at hour {self._now:g}; sort them by time"
            )
        self._now = at
        while self._due and self._due[0][0] < at:
            _, _, case = heapq.heappop(self._due)
            case.is_overdue = True
            if case.is_open:
                for queue in case.queues:
                    queue.overdue += 1


def load_columns(
    log: pd.DataFrame, keys: Sequence[str], *, case: str, at: str, is_open: str, due: str | None = None
) -> pd.DataFrame:
    """The load at each row of a log of cases, with the log's index.

    A row says what a case was like from its time on. What has the same time is not known yet: a batch does not see
    itself.
    """
    load = QueueLoad(keys)
    times = _hours(log[at])
    order = np.argsort(times, kind="stable")
    values = list(zip(*(log[key].astype(object).where(log[key].notna(), None) for key in keys), strict=True))
    cases, opens = log[case].tolist(), log[is_open].tolist()
    dues = _hours(log[due]) if due is not None else np.full(len(log), np.nan)
    out = np.empty((len(log), len(load.columns)))
    for batch in np.split(order, np.flatnonzero(np.diff(times[order])) + 1):
        for row in batch:
            out[row] = np.fromiter(load.read(values[row], at=times[row]), float, len(load.columns))
        for row in batch:
            if opens[row]:
                load.seen(cases[row], values[row], at=times[row], due=dues[row])
            else:
                load.ended(cases[row], at=times[row])
    return pd.DataFrame(out, columns=list(load.columns), index=log.index)


def _hours(times: pd.Series) -> np.ndarray:
    seconds = times.dt.tz_localize(None) if times.dt.tz is not None else times
    return ((seconds - pd.Timestamp(0)) / pd.Timedelta(hours=1)).to_numpy(float)
