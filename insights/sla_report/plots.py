"""The pictures of an SLA report, as PNG: light, labelled, and made without pyplot, which keeps state of its own.

They are as wide as Prefect's pages show them. matplotlib is imported when something is drawn, as that takes a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd

from incidents.notes.sla import metric_words
from incidents.report_file import PNG, ReportFile
from incidents.sla.clock import SlaMetric
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import worded
from insights.sla_report.report import (
    ALL_POLICIES,
    PERCENTILES,
    TREND_WEEKS,
    SlaReport,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which people of every colour vision can tell apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_INK, _FAINT, _GRID = "#222222", "#8a8a8a", "#e3e3e3"
_KEPT, _MISSED = "#bcd9ea", "#D55E00"
_INCHES, _DPI, _SMALL = 9.0, 110, 9
_MOST_PANELS, _MOST_CAUSES = 4, 10
_LABEL = 44
_LINE = 112
"""About so many small letters are as wide as the picture."""


def pictures(report: SlaReport) -> Iterator[ReportFile]:
    """All pictures of the report: trend, waits, causes. What there is nothing to show of is a picture that says so."""
    drawn = (
        ("trend", worded("Promises kept, week by week"), trend_plot),
        ("waits", worded("Working times, week by week"), waits_plot),
        ("causes", worded("Why promises were missed"), causes_plot),
    )
    for name, title, plot in drawn:
        content = plot(report)
        yield ReportFile(name=f"sla-{report.week}-{name}.png", title=title, media_type=PNG, content=content)


def trend_plot(report: SlaReport) -> bytes:
    """The share kept by policy over the weeks, and below how many promises that was."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter  # noqa: PLC0415

    weeks = _weeks(report)
    total = report.trend[report.trend["policy"] == ALL_POLICIES].set_index("week").reindex(weeks)
    if not total["counted"].sum():
        return _nothing(
            worded(
                "No promise was due in the {count} weeks until {week}", count=TREND_WEEKS, week=report.week
            )
        )
    figure = _figure(4.6)
    shares, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    lowest = 1.0
    for policy, colour in zip(_busiest(report.trend), _COLOURS, strict=False):
        rows = report.trend[report.trend["policy"] == policy].set_index("week").reindex(weeks)
        shares.plot(
            rows["share_kept"].to_numpy(), color=colour, marker="o", markersize=4, label=policy, clip_on=False
        )
        lowest = min(lowest, rows["share_kept"].min())
    shares.plot(
        total["share_kept"].to_numpy(),
        color=_INK,
        linewidth=2.6,
        marker="o",
        markersize=6,
        label=worded("all policies"),
        clip_on=False,
    )
    # The axis begins below the lowest point, on a whole twentieth.
    shares.set_ylim(max(0.0, math.floor(lowest * 20 - 0.5) / 20), 1.0)
    shares.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    shares.grid(visible=True, axis="y", color=_GRID)
    shares.set_title(worded("Promises kept, until {week}", week=report.week), loc="left", pad=9)
    figure.legend(loc="outside right upper", frameon=False, fontsize=_SMALL)
    missed = (total["missed"] + total["open"]).to_numpy()
    counts.bar(range(len(weeks)), missed, color=_MISSED, width=0.7)
    counts.bar(range(len(weeks)), total["kept"].to_numpy(), color=_KEPT, width=0.7, bottom=missed)
    counts.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    counts.set_title(worded("How many were kept (blue) and missed (red)"), loc="left", fontsize=_SMALL)
    _week_axis(counts, weeks)
    return _png(figure)


def waits_plot(report: SlaReport) -> bytes:
    """Percentiles of first response and resolution over the weeks, a column for each of the busiest policies."""
    weeks, waits = _weeks(report), report.wait_trend
    waits = waits[waits["week"].isin(weeks)]
    busiest = waits.groupby("policy")["stopped"].sum().sort_values(ascending=False, kind="stable")
    policies = [*busiest.index[:_MOST_PANELS]]
    if not policies:
        return _nothing(
            worded(
                "Nothing was answered or resolved in the {count} weeks until {week}",
                count=TREND_WEEKS,
                week=report.week,
            )
        )
    metrics = (SlaMetric.FIRST_RESPONSE, SlaMetric.RESOLUTION)
    figure = _figure(4.6)
    grid = figure.subplots(len(metrics), len(policies), sharex=True, squeeze=False)
    for metric, line in zip(metrics, grid, strict=True):
        for policy, axes in zip(policies, line, strict=True):
            rows = waits[(waits["policy"] == policy) & (waits["metric"] == metric.value)]
            _percentiles(axes, rows.set_index("week").reindex(weeks))
            title = cut(f"{metric_words(metric)}, {policy}", _LINE // len(policies))
            axes.set_title(title, loc="left", fontsize=_SMALL)
            _week_axis(axes, weeks, every=4)
    figure.suptitle(worded("Working time, until {week}", week=report.week), x=0.01, ha="left")
    named = [worded("{percentile} % within", percentile=percentile) for percentile in PERCENTILES]
    figure.legend(
        grid[0][0].get_lines(), named, loc="outside upper right", ncols=4, frameon=False, fontsize=_SMALL
    )
    return _png(figure)


def causes_plot(report: SlaReport) -> bytes:
    """Who had the missed promises longest and in which state, the most frequent on top."""
    causes = report.causes
    if causes.empty:
        return _nothing(worded("No promise was missed in {week}", week=report.week))
    shown = causes.head(_MOST_CAUSES)
    names, missed = [_drawable(cause) for cause in shown["cause"]], shown["missed"].to_list()
    if len(causes) > len(shown):
        names.append(worded("{count} other causes", count=len(causes) - len(shown)))
        missed.append(causes["missed"].sum() - sum(missed))
    figure = _figure(0.7 + 0.32 * len(names))
    axes = figure.subplots()
    bars = axes.barh(range(len(names)), missed, color=_MISSED, height=0.65)
    axes.bar_label(bars, padding=4, fontsize=_SMALL)
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks([])
    axes.invert_yaxis()
    axes.set_title(worded("Promises missed in {week}, by who had them longest", week=report.week), loc="left")
    return _png(figure)


def _percentiles(axes: Axes, rows: pd.DataFrame) -> None:
    """Dark for the faster half, the lighter the slower."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    longest = rows[f"p{PERCENTILES[-1]}"].max()
    minutes, unit = (60, "h") if longest > 180 else (1, "min")
    for percentile, alpha in zip(PERCENTILES, (1.0, 0.75, 0.5, 0.35), strict=True):
        values = rows[f"p{percentile}"].to_numpy() / minutes
        axes.plot(values, color=_COLOURS[0], alpha=alpha, marker="o", markersize=3)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} {unit}")
    if math.isnan(longest):
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, worded("none"), transform=axes.transAxes, ha="center", color=_FAINT, fontsize=_SMALL
        )


def _busiest(trend: pd.DataFrame) -> list[str]:
    """The policies with the most promises, as many as there are colours."""
    counted = trend.groupby("policy")["counted"].sum().drop(ALL_POLICIES)
    return [*counted.sort_values(ascending=False, kind="stable").index[: len(_COLOURS)]]


def _weeks(report: SlaReport) -> list[str]:
    return [str(week) for week in report.week.and_before(TREND_WEEKS)]


def _week_axis(axes: Axes, weeks: Sequence[str], *, every: int = 1) -> None:
    """`W36` below each, the last one always named."""
    places = range((len(weeks) - 1) % every, len(weeks), every)
    axes.set_xticks(places, [weeks[place].partition("-")[2] for place in places])
    axes.set_xlim(-0.5, len(weeks) - 0.5)
    axes.grid(visible=True, axis="y", color=_GRID)


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415

    return Figure(figsize=(_INCHES, height), dpi=_DPI, layout="constrained", facecolor="white")


def _nothing(why: str) -> bytes:
    figure = _figure(1.2)
    figure.text(0.5, 0.5, why, ha="center", va="center", color=_INK)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(_FAINT)
        axes.tick_params(colors=_INK, length=0, labelsize=_SMALL)
        axes.set_axisbelow(True)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _drawable(text: str) -> str:
    """One short line of letters that the font has; text between two dollars would be taken for a formula."""
    from matplotlib.font_manager import FontProperties, findfont, get_font  # noqa: PLC0415

    known = get_font(findfont(FontProperties())).get_charmap()
    line = cut(one_line(text), _LABEL)
    return "".join(letter if ord(letter) in known else "□" for letter in line).replace("$", r"\$")
