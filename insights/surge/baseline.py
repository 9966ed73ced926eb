"""The baseline, a seasonal rate with decay: how many reports are usual for a group at this hour of this weekday,
learnt from each report as it comes.

Each count fades with a half-life. A group's weekly rate is shrunk to what its parts alone would give (its service's
rate times its place's share, ...), and the week's shape to that of all reports, then to that of the hour of a working
day or weekend: the less was seen, the more is borrowed (a gamma prior on a Poisson rate, the usual empirical Bayes).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

WEEK = 7 * 24 * 60.0
"""Minutes."""
_HOURS = 7 * 24
_SMOOTHING = ((-1, 0.25), (0, 0.5), (1, 0.25))
_BORROWED_FROM_DAYS = 20.0
_BORROWED_FROM_FLAT = 24.0
_FORGOTTEN_BELOW = 0.02

Part = tuple[str, str]
"""A dimension and its value: `("service", "checkout")`."""
Group = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A gamma belief about a Poisson count: its mean, and its shape (the bigger, the surer)."""

    mean: float
    shape: float


class Baseline:
    """Times are minutes since some Monday 00:00, those of `learn` and `expect` by the team's own clock."""

    def __init__(self, *, half_life: timedelta, own_shape: float, own_rate: float, surest: float) -> None:
        """`own_shape` and `own_rate`: how many reports of its own a group needs before its own shape of the week,
        and its own rate, count as much as what is borrowed. `surest` bounds an expectation's shape.
        """
        self._decay = math.log(2) / (half_life / timedelta(minutes=1))
        self._own_shape = own_shape
        self._own_rate = own_rate
        self._surest = surest
        self._since = math.inf
        self._total = 0.0
        self._groups: defaultdict[Group, float] = defaultdict(float)
        self._week = [0.0] * _HOURS
        self._weeks: dict[Part, list[float]] = {}
        # Weights grow with time instead of every count shrinking: one number to touch, not all.
        self._weight = 1.0
        self._at = 0.0

    def advance(self, at: float) -> None:
        """Time passes; an earlier time than the last is taken as that one."""
        if self._since == math.inf:
            self._since = self._at = at
        if at > self._at:
            self._weight *= math.exp(self._decay * (at - self._at))
            self._at = at

    @property
    def weeks_seen(self) -> float:
        """For how many weeks reports were learnt from."""
        return max(self._at - self._since, 0.0) / WEEK

    def learn(self, at: float, parts: Group, groups: Sequence[Group], *, weight: float = 1.0) -> None:
        """One report, or so much of one: `parts` are all its dimensions, `groups` those it was counted in."""
        weight *= self._weight
        hour = int(at // 60) % _HOURS
        main = self._weeks.setdefault(parts[0], [0.0] * _HOURS)
        for step, share in _SMOOTHING:
            self._week[(hour + step) % _HOURS] += share * weight
            main[(hour + step) % _HOURS] += share * weight
        self._total += weight
        for group in {*groups, *((part,) for part in parts)}:
            self._groups[group] += weight

    def expect(self, group: Group, until: float, windows: tuple[float, ...]) -> list[Expectation]:
        """What is usual for the group in the minutes before `until`, a window each."""
        rate, shape = self._weekly_rate(group)
        own = self._weeks.get(group[0])
        spans: dict[int, float] = {}
        return [
            Expectation(
                mean=rate * self._share_of_week(own, until, minutes, spans), shape=min(shape, self._surest)
            )
            for minutes in windows
        ]

    def _weekly_rate(self, group: Group) -> tuple[float, float]:
        exposure = self._exposure()
        total = (self._total / self._weight + 1.0) / exposure
        borrowed = total
        for part in group:
            borrowed *= (self._groups.get((part,), 0.0) / self._weight + 0.5) / (
                self._total / self._weight + 1.0
            )
        if len(group) == 1:
            return borrowed, self._groups.get(group, 0.0) / self._weight + 1.0
        shape = self._own_rate + self._groups.get(group, 0.0) / self._weight
        return shape / (self._own_rate / borrowed + exposure), shape

    def _exposure(self) -> float:
        """Weeks, the older the lighter; never so short that a first report makes a huge rate."""
        faded = -math.expm1(-self._decay * WEEK * self.weeks_seen) / self._decay / WEEK
        return max(faded, 1 / 7)

    def _share_of_week(
        self, own: list[float] | None, until: float, minutes: float, spans: dict[int, float]
    ) -> float:
        share = 0.0
        end, left = until, minutes
        while left > 0:
            number = math.ceil(end / 60) - 1
            piece = min(left, end - number * 60)
            if number not in spans:
                spans[number] = self._share_of_hour(own, number % _HOURS)
            share += spans[number] * piece / 60
            end -= piece
            left -= piece
        return share

    def _share_of_hour(self, own: list[float] | None, hour: int) -> float:
        weight = self._weight
        day, clock = divmod(hour, 24)
        alike = (5, 6) if day >= 5 else (0, 1, 2, 3, 4)
        of_days = sum(self._week[other * 24 + clock] for other in alike) / weight
        total = self._total / weight
        typical = (of_days + _BORROWED_FROM_FLAT * len(alike) / _HOURS) / (total + _BORROWED_FROM_FLAT)
        borrowed = typical / len(alike)
        scale = _BORROWED_FROM_DAYS
        share = (self._week[hour] / weight + scale * borrowed * _HOURS / 24) / (total + scale * _HOURS / 24)
        if own is None:
            return share
        return (own[hour] / weight + self._own_shape * share) / (sum(own) / weight + self._own_shape)

    def forget(self) -> None:
        """Drop what has faded away, and start the weights again from 1; to be done each week or so."""
        factor, self._weight = 1 / self._weight, 1.0
        self._total *= factor
        self._week = [value * factor for value in self._week]
        faded = {group: count * factor for group, count in self._groups.items()}
        self._groups = defaultdict(float, {g: c for g, c in faded.items() if c >= _FORGOTTEN_BELOW})
        self._weeks = {
            part: [value * factor for value in week]
            for part, week in self._weeks.items()
            if (part,) in self._groups
        }
