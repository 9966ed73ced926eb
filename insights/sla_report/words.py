"""An SLA report as people read it: sections with small tables, the worst first. Shown by the page and by `liaison`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from incidents.notes.sla import metric_words
from incidents.sla.clock import SlaMetric
from incidents.texts.plain_text import cut, one_line
from incidents.texts.times import duration
from insights.sla_report.report import (
    ALL_METRICS,
    DIMENSIONS,
    PERCENTILES,
    SlaReport,
    percent,
)

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
    return f"{report.attained} ({percent(before.kept / before.counted)} kept the week before)"


def when(report: SlaReport) -> str:
    """Which days it is about, and whether they are over."""
    first, last = report.week.start, report.week.end - timedelta(days=1)
    days = f"Monday {first:%Y-%m-%d} to Sunday {last:%Y-%m-%d}, UTC"
    if report.is_over:
        return days
    return (
        f"{days}; the week is not over, and these are its figures until {report.made_at:%Y-%m-%d %H:%M UTC}"
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
    return _kept(f"Kept by {dimension}", dimension, table, [_name(value) for value in table[dimension]])


def _by_promise(table: pd.DataFrame) -> ReportSection:
    table = table[table["metric"] != ALL_METRICS]
    names = [
        f"{_name(policy)}, {_metric(metric)}"
        for policy, metric in zip(table["policy"], table["metric"], strict=True)
    ]
    return _kept("Kept by policy and promise", "promise", table, names)


def _kept(title: str, heading: str, table: pd.DataFrame, names: Sequence[str]) -> ReportSection:
    """Where most were missed comes first."""
    worst = table.assign(name=names, bad=table["missed"] + table["open"]).sort_values(
        ["bad", "counted", "name"], ascending=[False, False, True]
    )
    columns = ("name", "share_kept", "low", "high", "kept", "missed", "open")
    rows = tuple(
        (
            name,
            f"{percent(share)} ({percent(low)} to {percent(high)})",
            str(kept),
            str(missed),
            str(still_open),
        )
        for name, share, low, high, kept, missed, still_open in worst[[*columns]].itertuples(index=False)
    )
    return ReportSection(
        title=title, headings=(heading, "kept", "in time", "late", "late and open"), rows=rows
    )


def _waits(table: pd.DataFrame) -> ReportSection:
    percentiles = [f"p{percentile}" for percentile in PERCENTILES]
    rows = tuple(
        (f"{_name(policy)}, {_metric(metric)}", str(stopped), *(_minutes(value) for value in values))
        for policy, metric, stopped, *values in table[
            ["policy", "metric", "stopped", *percentiles]
        ].itertuples(index=False)
    )
    headings = ("working time", "done", *(f"{percentile} % within" for percentile in PERCENTILES))
    return ReportSection(title="How long it took", headings=headings, rows=rows)


def _causes(table: pd.DataFrame) -> ReportSection:
    rows = tuple(
        (_name(cause), str(missed), _minutes(held))
        for cause, missed, held in table[["cause", "missed", "held"]].itertuples(index=False)
    )
    headings = ("who had it longest: in which state", "missed", "held so for")
    return ReportSection(title="Why promises were missed", headings=headings, rows=rows)


def _name(value: object) -> str:
    return cut(one_line(str(value)), _LONGEST)


def _metric(metric: object) -> str:
    return metric_words(SlaMetric(str(metric))).lower()


def _minutes(minutes: float) -> str:
    return duration(timedelta(minutes=minutes))
