"""Anomaly detection on counts, a surge: more reports than usual for this hour and weekday, found from the reports
themselves, before monitors fire.

A scan statistic over groups and windows (after Kulldorff 2001, "Prospective time periodic geographical disease
surveillance using a scan statistic"): at each report, for each grouping and window, how improbable so many reports
are under the learnt baseline (negative binomial: a Poisson count whose rate is known only so well). Strictly online:
each report is judged by those before it, then learnt. A replay of the last weeks' reports gives the same state again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar

from insights.surge.baseline import (
    WEEK,
    Baseline,
    Group,
)
from insights.surge.normal import NewNormal
from insights.surge.scan import (
    RecentReports,
    TimedReport,
    UnlikelyWindow,
    scan,
)
from insights.surge.voices import Batches, SurgeEvent
from insights.surge.words import evidence_words

_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_LONGEST_GAP = 8 * WEEK


@dataclass(frozen=True, kw_only=True, slots=True)
class SurgeSettings:
    """The defaults were chosen as `bench.insights.surge` tells.

    `groupings` are sets of dimensions, the main one first in the first of them. A surge has `at_least` reports and
    this `score`: minus the tenth logarithm of its probability. It is over when none has added to it for `quiet`.
    Before `learns_for` has gone by nothing is told. `timezone` is where hours and weekdays are counted. A count is
    never expected with more certainty than `surest` (a gamma shape; 4 means give or take half): no two days are alike.
    `own_shape` and `own_rate` are told by `Baseline`.
    """

    groupings: tuple[tuple[str, ...], ...] = (
        ("service",),
        ("service", "place"),
        ("service", "symptom"),
        ("service", "tier"),
    )
    windows: tuple[timedelta, ...] = (timedelta(minutes=30), timedelta(minutes=60), timedelta(minutes=120))
    score: float = 5.0
    at_least: int = 3
    quiet: timedelta = timedelta(hours=4)
    learns_for: timedelta = timedelta(weeks=2)
    half_life: timedelta = timedelta(weeks=6)
    own_shape: float = 40.0
    own_rate: float = 3.0
    surest: float = 4.0
    staff_sources: frozenset[str] = frozenset()
    timezone: tzinfo = UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Surge:
    """`count` reports since `since`, one a person where persons are known; `expected` are usual in that time.

    `score` is minus the tenth logarithm of the probability of the best window; `evidence` is for people, as it was
    when the surge showed.
    """

    group: Group
    since: datetime
    count: int
    expected: float
    score: float
    evidence: tuple[str, ...]


@dataclass(slots=True)
class _Open:
    surge: Surge
    last: float
    """When a report last added to it."""


class SurgeDetector:
    """Feed it every report in the order of their times; a little disorder does no harm. It can be pickled."""

    format: ClassVar[int] = 2

    def __init__(self, settings: SurgeSettings | None = None) -> None:
        """Raises `ValueError` if the settings have no grouping or window."""
        self._settings = settings or SurgeSettings()
        if not all(self._settings.groupings) or not self._settings.groupings or not self._settings.windows:
            raise ValueError(
                "surge detection needs groupings with dimensions, and windows: see SurgeSettings"
            )
        self._dimensions = tuple(dict.fromkeys(name for names in self._settings.groupings for name in names))
        self._windows = tuple(sorted(window / _MINUTE for window in self._settings.windows))
        self._baseline = Baseline(
            half_life=self._settings.half_life,
            own_shape=self._settings.own_shape,
            own_rate=self._settings.own_rate,
            surest=self._settings.surest,
        )
        self._batches = Batches(staff_sources=self._settings.staff_sources)
        self._recent: defaultdict[Group, RecentReports] = defaultdict(RecentReports)
        self._normal = NewNormal()
        self._open: dict[Group, _Open] = {}
        self._now = -math.inf
        self._offset = 0.0
        self._swept = 0.0

    def see(self, event: SurgeEvent) -> Surge | None:
        """The surge that shows with this report; each is told once.

        Parts of a batch, further reports of the same person and reports without the main dimension are passed over.
        Raises `ValueError` on a time without zone or many weeks after the last, and has then changed nothing. Times
        after the caller's own clock are the caller's to drop: they would make all until then late.
        """
        at = self._minutes(event.at)
        report = TimedReport(
            at, tuple((name, event.keys[name]) for name in self._dimensions if event.keys.get(name))
        )
        groups = self._groups(report)
        if self._batches.has(event) or not groups:
            return None
        self._advance(at, event.at)
        heard = [
            group
            for group in groups
            if self._recent[group].hears(event.reporter, at, silence=self._windows[-1])
        ]
        if not heard:
            return None
        hot = self._hot(heard, report)
        surge = self._new(hot, report)
        weight = min((self._normal.weight(found, self._now) for found in hot), default=1.0)
        self._baseline.learn(at + self._offset, report.parts, heard, weight=weight)
        return surge

    def open_surges(self) -> tuple[Surge, ...]:
        """Those that are not over as of the last report, with their counts until then."""
        return tuple(self._until_now(one.surge) for one in self._open.values() if not self._is_over(one))

    def _advance(self, at: float, clock: datetime) -> None:
        """`clock` is the same time, to know the zone's offset."""
        if self._now == -math.inf:
            self._swept = at
        if at >= self._now:
            self._now = at
            offset = clock.astimezone(self._settings.timezone).utcoffset()
            self._offset = offset / _MINUTE if offset is not None else 0.0
        self._baseline.advance(self._now)
        self._open = {group: one for group, one in self._open.items() if not self._is_over(one)}
        if self._now - self._swept > WEEK:
            self._swept = self._now
            self._baseline.forget()
            self._normal.forget(self._now)
            start = self._now - self._windows[-1]
            self._recent = defaultdict(
                RecentReports, {group: one for group, one in self._recent.items() if one.has_any_since(start)}
            )

    def _hot(self, groups: Sequence[Group], report: TimedReport) -> list[UnlikelyWindow]:
        """The groups with too many reports now that this one has come; none while all is new."""
        start = self._now - self._windows[-1]
        if report.at < start:
            return []
        for group in groups:
            self._recent[group].add(report, keep_from=start)
            if group in self._open:
                surge = self._open[group].surge
                self._open[group].surge = replace(surge, count=surge.count + 1)
        if self._baseline.weeks_seen < self._settings.learns_for / timedelta(weeks=1):
            return []
        findings = [self._scan(group, self._recent[group].reports) for group in groups]
        return [found for found in findings if self._is_hot(found)]

    def _new(self, hot: Sequence[UnlikelyWindow], report: TimedReport) -> Surge | None:
        new = [rest for found in hot if (rest := self._unexplained(found, report)) is not None]
        if not new:
            return None
        best = max(new, key=lambda found: found.score)
        self._open[best.group] = _Open(surge=self._surge(best), last=self._now)
        return self._open[best.group].surge

    def _scan(self, group: Group, reports: Sequence[TimedReport]) -> UnlikelyWindow:
        usual = self._baseline.expect(group, self._now + self._offset, self._windows)
        return scan(group, reports, list(zip(self._windows, usual, strict=True)), self._now)

    def _is_hot(self, found: UnlikelyWindow) -> bool:
        return len(found.reports) >= self._settings.at_least and found.score >= self._settings.score

    def _unexplained(self, found: UnlikelyWindow, report: TimedReport) -> UnlikelyWindow | None:
        """What is still too much without the reports of open surges; the surge this report belongs to goes on."""
        belongs = [one for one in self._open.values() if report.is_of(one.surge.group)]
        for one in belongs:
            one.last = self._now
            if one.surge.group == found.group:
                one.surge = replace(one.surge, score=max(one.surge.score, found.score))
        if belongs:
            return None
        reports = self._recent[found.group].reports
        left = [each for each in reports if not any(each.is_of(group) for group in self._open)]
        rest = found if len(left) == len(reports) else self._scan(found.group, left)
        return rest if self._is_hot(rest) else None

    def _surge(self, found: UnlikelyWindow) -> Surge:
        return Surge(
            group=found.group,
            since=self._time(found.reports[0].at),
            count=len(found.reports),
            expected=found.expected.mean,
            score=found.score,
            evidence=evidence_words(
                found.group,
                [report.parts for report in found.reports],
                since=self._time(found.reports[0].at),
                until=self._time(self._now).astimezone(self._settings.timezone),
                expected=found.expected.mean,
                probability=found.probability,
            ),
        )

    def _until_now(self, surge: Surge) -> Surge:
        age = max(self._now - self._minutes(surge.since), 1.0)
        (usual,) = self._baseline.expect(surge.group, self._now + self._offset, (age,))
        return replace(surge, expected=usual.mean)

    def _groups(self, report: TimedReport) -> tuple[Group, ...]:
        values = dict(report.parts)
        if self._dimensions[0] not in values:
            return ()
        return tuple(
            tuple((name, values[name]) for name in names)
            for names in self._settings.groupings
            if values.keys() >= set(names)
        )

    def _is_over(self, one: _Open) -> bool:
        return self._now - one.last > self._settings.quiet / _MINUTE

    def _minutes(self, at: datetime) -> float:
        if at.tzinfo is None:
            raise ValueError(f"the time of a report has no time zone: {at}; give it one, as tickets have")
        minutes = (at - _MONDAY) / _MINUTE
        gap = minutes - self._now
        if _LONGEST_GAP < gap < math.inf:
            raise ValueError(
                f"a report of {at:%Y-%m-%d} comes {gap / WEEK:.0f} weeks after the last: if its time is right,"
                " make a new SurgeDetector and replay the last weeks"
            )
        return minutes

    @staticmethod
    def _time(minutes: float) -> datetime:
        return _MONDAY + minutes * _MINUTE
