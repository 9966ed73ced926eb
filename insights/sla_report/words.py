"""An SLA report as people read it: sections with small tables, the worst first. Shown by the page and by `liaison`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from incidents.notes.sla import metric_words_within
from incidents.sla.clock import SlaMetric
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import sentence, worded, worded_as
from incidents.texts.times import date_words, day_and_clock, duration
from insights.sla_report.report import (
    ALL_METRICS,
    DIMENSIONS,
    PERCENTILES,
    SlaReport,
    percent,
)

DIMENSION_WORDS = {
    "policy": (sentence("Kept by policy"), sentence("policy")),
    "team": (sentence("Kept by team"), sentence("team")),
    "service": (sentence("Kept by service"), sentence("service")),
    "tier": (sentence("Kept by tier"), sentence("tier")),
    "channel": (sentence("Kept by channel"), sentence("channel")),
}
"""A table's title, and the heading of its first column."""
_LONGEST = 60
"""Of a name that is not ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportSection:
    """`rows` are as long as `headings`; only their first cell is text, the others are figures."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(report: SlaReport) -> str:
    """`94 % kept, 12 missed (91 % kept the week before)`."""
    before = report.attained_in(report.week.before())
    if not before.counted:
        return str(report.attained)
    share = percent(before.kept / before.counted)
    return worded("{attained} ({share} kept the week before)", attained=report.attained, share=share)


def when(report: SlaReport) -> str:
    """Which days it is about, and whether they are over."""
    first, last = report.week.start, report.week.end - timedelta(days=1)
    days = worded("Monday {first} to Sunday {last}, UTC", first=date_words(first), last=date_words(last))
    if report.is_over:
        return days
    return worded(
        "{days}; the week is not over, and these are its figures until {time}",
        days=days,
        time=day_and_clock(report.made_at),
    )


def sections(report: SlaReport) -> Iterator[ReportSection]:
    """All of them; one without rows has nothing to tell."""
    for dimension, table in zip(DIMENSIONS, report.attainment, strict=True):
        yield _attainment(dimension, table)
        if dimension == "policy":
            yield _by_promise(table)
    yield _waits(report.waits)
    yield _causes(report.causes)


def _attainment(dimension: str, table: pd.DataFrame) -> ReportSection:
    table = table[table["metric"] == ALL_METRICS]
    title, heading = DIMENSION_WORDS[dimension]
    return _kept(worded_as(title), worded_as(heading), table, [_name(value) for value in table[dimension]])


def _by_promise(table: pd.DataFrame) -> ReportSection:
    table = table[table["metric"] != ALL_METRICS]
    names = [
        f"{_name(policy)}, {_metric(metric)}"
        for policy, metric in zip(table["policy"], table["metric"], strict=True)
    ]
    return _kept(worded("Kept by policy and promise"), worded("promise"), table, names)


def _kept(title: str, heading: str, table: pd.DataFrame, names: Sequence[str]) -> ReportSection:
    """Where most were missed comes first."""
    worst = table.assign(name=names, bad=table["missed"] + table["open"]).sort_values(
        ["bad", "counted", "name"], ascending=[False, False, True]
    )
    columns = ("name", "share_kept", "low", "high", "kept", "missed", "open")
    rows = tuple(
        (
            name,
            worded("{share} ({low} to {high})", share=percent(share), low=percent(low), high=percent(high)),
            str(kept),
            str(missed),
            str(still_open),
        )
        for name, share, low, high, kept, missed, still_open in worst[[*columns]].itertuples(index=False)
    )
    return ReportSection(
        title=title,
        headings=(heading, worded("kept"), worded("in time"), worded("late"), worded("late and open")),
        rows=rows,
    )


def _waits(table: pd.DataFrame) -> ReportSection:
    percentiles = [f"p{percentile}" for percentile in PERCENTILES]
    rows = tuple(
        (f"{_name(policy)}, {_metric(metric)}", str(stopped), *(_minutes(value) for value in values))
        for policy, metric, stopped, *values in table[
            ["policy", "metric", "stopped", *percentiles]
        ].itertuples(index=False)
    )
    within = (worded("{percentile} % within", percentile=percentile) for percentile in PERCENTILES)
    headings = (worded("working time"), worded("done"), *within)
    return ReportSection(title=worded("How long it took"), headings=headings, rows=rows)


def _causes(table: pd.DataFrame) -> ReportSection:
    rows = tuple(
        (_name(cause), str(missed), _minutes(held))
        for cause, missed, held in table[["cause", "missed", "held"]].itertuples(index=False)
    )
    headings = (worded("who had it longest: in which state"), worded("missed"), worded("held so for"))
    return ReportSection(title=worded("Why promises were missed"), headings=headings, rows=rows)


def _name(value: object) -> str:
    return cut(one_line(str(value)), _LONGEST)


def _metric(metric: object) -> str:
    return metric_words_within(SlaMetric(str(metric)))


def _minutes(minutes: float) -> str:
    return duration(timedelta(minutes=minutes))
