"""The scan statistic: of a group's windows that end now, the one whose count is the most improbable."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field

from scipy.special import betainc

from insights.surge.baseline import Expectation, Group

_LEAST = 1e-300


@dataclass(frozen=True, slots=True)
class TimedReport:
    """`at` in the baseline's minutes; `parts` are all its dimensions."""

    at: float
    parts: Group

    def is_of(self, group: Group) -> bool:
        """Whether it belongs to the group: it has all of its parts."""
        return set(group) <= set(self.parts)


@dataclass(slots=True)
class RecentReports:
    """A group's reports of the longest window, oldest first, each by another voice."""

    reports: list[TimedReport] = field(default_factory=list)
    voices: dict[str, float] = field(default_factory=dict)

    def hears(self, voice: str | None, at: float, *, silence: float) -> bool:
        """Whether this is a new voice: unknown, or silent for so many minutes."""
        if voice is None:
            return True
        spoke = self.voices.pop(voice, -math.inf)
        self.voices[voice] = max(at, spoke)
        # The first in the dictionary are those silent for longest.
        while at - self.voices[oldest := next(iter(self.voices))] > silence:
            del self.voices[oldest]
        return at - spoke > silence

    def has_any_since(self, at: float) -> bool:
        """Whether anything was heard at or after this minute, counted or not."""
        return bool(self.reports and self.reports[-1].at >= at) or any(
            last >= at for last in self.voices.values()
        )

    def add(self, report: TimedReport, *, keep_from: float) -> None:
        """Add a report in the order of times, and forget those before `keep_from`."""
        insort(self.reports, report, key=_time)
        del self.reports[: bisect_left(self.reports, keep_from, key=_time)]


@dataclass(frozen=True, slots=True)
class UnlikelyWindow:
    """`probability` that, as one report comes, so many others or more lie in its window by chance."""

    group: Group
    reports: Sequence[TimedReport]
    expected: Expectation
    probability: float

    @property
    def score(self) -> float:
        """How unlikely it is: 3 is one in a thousand."""
        return -math.log10(self.probability)


def scan(
    group: Group, reports: Sequence[TimedReport], usual: Sequence[tuple[float, Expectation]], now: float
) -> UnlikelyWindow:
    """`usual` has each window in minutes and what is expected in it."""
    found = []
    for minutes, expected in usual:
        inside = reports[bisect_left(reports, now - minutes, key=_time) :]
        found.append(UnlikelyWindow(group, inside, expected, _at_least(len(inside) - 1, expected)))
    return min(found, key=lambda finding: finding.probability)


def _at_least(count: int, expected: Expectation) -> float:
    """The negative binomial's upper tail."""
    if count <= 0:
        return 1.0
    odds = expected.mean / (expected.shape + expected.mean)
    return max(float(betainc(count, expected.shape, odds)), _LEAST)


def _time(report: TimedReport) -> float:
    return report.at
