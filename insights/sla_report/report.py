"""The weekly SLA report: how many promises were kept, how long customers waited, and why promises were missed.

Pure pandas on the frame that `insights.sla_report.outcomes` tells of. A week without promises has tables without rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from incidents.sla.clock import SlaMetric
from incidents.texts.team import worded
from insights.sla_report.iso_week import IsoWeek
from insights.sla_report.outcomes import PromiseOutcome

TREND_WEEKS = 12
DIMENSIONS = ("policy", "team", "service", "tier", "channel")
PERCENTILES = (50, 75, 90, 95)
ALL_METRICS = "all"
ALL_POLICIES = "all policies"
"""No policy can have this name, as it has a space in it."""

_COUNTS = [outcome.value for outcome in PromiseOutcome]
_WAITED = (SlaMetric.FIRST_RESPONSE.value, SlaMetric.RESOLUTION.value)
_METRICS = (ALL_METRICS, *(metric.value for metric in SlaMetric))


@dataclass(frozen=True, kw_only=True)
class Attained:
    """How many promises were kept, how many missed and done since, and how many missed and still open."""

    kept: int
    missed: int
    still_open: int

    @property
    def counted(self) -> int:
        """All promises that were kept or broken; what is not due yet is not counted."""
        return self.kept + self.missed + self.still_open

    @property
    def all_missed(self) -> int:
        """All that were broken, whether they were answered late or still wait."""
        return self.missed + self.still_open

    def __str__(self) -> str:
        """`94 % kept, 12 missed`."""
        if not self.counted:
            return worded("nothing was due")
        share = percent(self.kept / self.counted)
        return worded("{share} kept, {missed} missed", share=share, missed=self.all_missed)


@dataclass(frozen=True, kw_only=True)
class SlaReport:
    """A week's report. `made_at` is when its promises were looked at: a week may not be over then.

    `attainment` has a table for each of DIMENSIONS, in that order:

        <dimension>, metric (all: of every metric), kept, missed, open, counted,
        share_kept, low, high: the share of counted ones that were kept, and Wilson's 95 % interval around it

    `waits`      policy, metric (first response or resolution), stopped: how many were, and p50, p75, p90, p95: the
                 minutes of working time that they took
    `causes`     cause, missed, held: how many were missed so, and for how many minutes of working time it was held so
    `trend`      week, policy (also all policies), and the counts and shares as above, of the last 12 weeks
    `wait_trend` week, and the columns of waits
    """

    week: IsoWeek
    made_at: datetime
    attained: Attained
    attainment: tuple[pd.DataFrame, ...]
    waits: pd.DataFrame
    causes: pd.DataFrame
    trend: pd.DataFrame
    wait_trend: pd.DataFrame

    @property
    def is_over(self) -> bool:
        """Whether the week was over when it was made."""
        return self.made_at >= self.week.end

    def attained_in(self, week: IsoWeek) -> Attained:
        """Of all policies, in one of the trend's weeks."""
        rows = self.trend[(self.trend["week"] == str(week)) & (self.trend["policy"] == ALL_POLICIES)]
        return _attained(rows)


def sla_report(outcomes: pd.DataFrame, week: IsoWeek, *, now: datetime) -> SlaReport:
    """The report on `week` from the outcomes of it and of the weeks before that the trend is to show."""
    this_week = outcomes[outcomes["week"] == str(week)]
    return SlaReport(
        week=week,
        made_at=now,
        attained=_attained(_counts(this_week, [])),
        attainment=tuple(attainment(this_week, dimension) for dimension in DIMENSIONS),
        waits=waits(this_week, ["policy"]),
        causes=causes(this_week),
        trend=trend(outcomes, week),
        wait_trend=waits(outcomes, ["week", "policy"]),
    )


def attainment(outcomes: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """By the values of one dimension and by metric; the columns are told by `SlaReport`."""
    total = _counts(outcomes, [dimension]).assign(metric=ALL_METRICS)
    table = pd.concat([total, _counts(outcomes, [dimension, "metric"])], ignore_index=True)
    table["metric"] = pd.Categorical(table["metric"], _METRICS, ordered=True)
    table = table.sort_values([dimension, "metric"], ignore_index=True).astype({"metric": "str"})
    return _with_shares(table[[dimension, "metric", *_COUNTS]])


def waits(outcomes: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Percentiles of the working time until a first response and a resolution, of clocks that were stopped.

    Between two values they are interpolated, as PostgreSQL's `percentile_cont` does. What is still open is not in
    them, so late answers make them worse only once they are given.
    """
    keys = [*by, "metric"]
    stopped = outcomes[(outcomes["outcome"] != PromiseOutcome.OPEN.value) & outcomes["metric"].isin(_WAITED)]
    grouped = stopped.groupby(keys)["minutes"]
    table = grouped.size().to_frame("stopped")
    for percentile in PERCENTILES:
        table[f"p{percentile}"] = grouped.quantile(percentile / 100)
    return table.reset_index()


def causes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Who had the missed ones longest and in which state, the most frequent first."""
    missed = outcomes[outcomes["outcome"] != PromiseOutcome.KEPT.value]
    table = missed.groupby("cause").agg(missed=("key", "size"), held=("held", "sum")).reset_index()
    return table.sort_values(["missed", "held", "cause"], ascending=[False, False, True], ignore_index=True)


def trend(outcomes: pd.DataFrame, week: IsoWeek) -> pd.DataFrame:
    """By week and policy; all policies together have a row for every week, even if nothing was due in it."""
    weeks = pd.Index([str(one) for one in week.and_before(TREND_WEEKS)], name="week")
    total = _counts(outcomes, ["week"]).set_index("week").reindex(weeks, fill_value=0).reset_index()
    table = pd.concat([total.assign(policy=ALL_POLICIES), _counts(outcomes, ["week", "policy"])])
    table = table[table["week"].isin(weeks)].sort_values(["week", "policy"], ignore_index=True)
    return _with_shares(table[["week", "policy", *_COUNTS]])


def percent(share: float) -> str:
    """`94 %`; never 100 % or 0 % unless it is all or nothing."""
    if 0 < share < 1:
        share = min(max(round(share, 2), 0.01), 0.99)
    return f"{share:.0%}".replace("%", " %")


def _counts(outcomes: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """How many had each outcome; without `by` a single row."""
    flags = pd.DataFrame({name: (outcomes["outcome"] == name).astype(int) for name in _COUNTS})
    if not by:
        return flags.sum().to_frame().T
    keys = [outcomes[name] for name in by]
    return flags.groupby(keys).sum().reset_index()


def _attained(rows: pd.DataFrame) -> Attained:
    kept, missed, still_open = (int(rows[name].sum()) for name in _COUNTS)
    return Attained(kept=kept, missed=missed, still_open=still_open)


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    counted = table[_COUNTS].sum(axis=1)
    shares = [
        _share(kept, among) for kept, among in zip(table[PromiseOutcome.KEPT.value], counted, strict=True)
    ]
    columns = ["share_kept", "low", "high"]
    found = pd.DataFrame(shares, columns=columns, index=table.index, dtype=float)
    return table.assign(counted=counted).join(found)


def _share(kept: int, counted: int) -> tuple[float, float, float]:
    """The share kept, and the 95 % interval of E. B. Wilson, "Probable inference, the law of succession, and
    statistical inference", JASA 22 (1927), which holds for few promises and for shares near one too.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 - it takes half a second, and only a report needs it

    if not counted:
        return (float("nan"),) * 3
    interval = binomtest(int(kept), int(counted)).proportion_ci(0.95, method="wilson")
    return kept / counted, interval.low, interval.high
