"""The pictures of a backtest, as PNG: made without pyplot, which keeps state of its own, matplotlib imported late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from incidents.report_file import PNG, ReportFile
from incidents.texts.plain_text import cut, one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter, Locator

# Okabe and Ito's colours, which people of every colour vision can tell apart.
_BLUE, _RED, _INK, _FAINT, _GRID = "#0072B2", "#D55E00", "#222222", "#8a8a8a", "#e3e3e3"
_INCHES, _DPI, _SMALL = 9.0, 110, 9
_LABEL = 24


def confusion(name: str, title: str, labels: Sequence[str], shares: NDArray[np.float64]) -> ReportFile:
    """A row a true label, a column a predicted one: the share of the row that got it."""
    size = 1.6 + 0.42 * len(labels)
    figure = _figure(size)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    names = [_drawable(label) for label in labels]
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=_SMALL)
    axes.set_yticks(range(len(names)), names, fontsize=_SMALL)
    for row, line in enumerate(shares):
        for column, value in enumerate(line):
            if value >= 0.005:
                ink = "white" if value > 0.55 else _INK
                axes.text(column, row, f"{value:.0%}", ha="center", va="center", color=ink, fontsize=_SMALL)
    axes.set_xlabel("said")
    axes.set_ylabel("true in the end")
    axes.spines[:].set_visible(False)
    return _file(figure, name, title)


def reliability(
    name: str, title: str, given: NDArray[np.float64], came: NDArray[np.bool_], words: tuple[str, str]
) -> ReportFile:
    """Tenths of the cases: the probability given against the share that came true. On the line, they hold.

    `words` are for a case that came true, and for one that did not.
    """
    figure = _figure(4.2)
    axes, spread = figure.subplots(1, 2, width_ratios=[1, 1])
    tenths = [part for part in np.array_split(np.argsort(given, kind="stable"), 10) if len(part)]
    axes.plot([0, 1], [0, 1], color=_FAINT, linewidth=1, linestyle="--")
    axes.plot(
        [given[one].mean() for one in tenths],
        [came[one].mean() for one in tenths],
        color=_BLUE,
        marker="o",
        markersize=5,
    )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("probability given, by tenths")
    axes.set_ylabel(f"share that was {words[0]}")
    axes.grid(visible=True, color=_GRID)
    bins = np.linspace(0, 1, 21).tolist()
    spread.hist([given[came], given[~came]], bins=bins, stacked=True, color=[_RED, "#bcd9ea"])
    spread.set_xlabel("probability given")
    spread.set_ylabel("cases")
    spread.legend([*words], frameon=False, fontsize=_SMALL)
    return _file(figure, name, title)


def days(name: str, title: str, times: pd.Series, alarms: Sequence[pd.Timestamp]) -> ReportFile:
    """Tickets a day, and when there was an alarm."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415

    # matplotlib has no types for these two.
    locate: Callable[[], Locator] = AutoDateLocator
    formatter: Callable[[Locator], Formatter] = ConciseDateFormatter
    figure = _figure(3.4)
    axes = figure.subplots()
    a_day = times.dt.tz_localize(None).dt.floor("D").value_counts().sort_index()
    axes.bar(a_day.index.to_numpy(), a_day.to_numpy(), width=0.9, color="#bcd9ea", label="tickets a day")
    top = float(a_day.max())
    marks = [alarm.tz_localize(None).to_datetime64() for alarm in alarms]
    if marks:
        axes.plot(
            np.array(marks),
            np.full(len(marks), top * 1.06),
            linestyle="",
            marker="v",
            color=_RED,
            label="alarms",
        )
    axes.set_ylim(0, top * 1.15)
    locator = locate()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter(locator))
    axes.grid(visible=True, axis="y", color=_GRID)
    figure.legend(loc="outside lower right", ncols=2, frameon=False, fontsize=_SMALL)
    return _file(figure, name, title)


def histogram(name: str, title: str, values: NDArray[np.float64], axis: str) -> ReportFile:
    """How many cases have which value; `axis` says what the values are."""
    figure = _figure(3.0)
    axes = figure.subplots()
    axes.hist(values, bins=24, color=_BLUE)
    axes.set_xlabel(axis)
    axes.set_ylabel("cases")
    axes.grid(visible=True, axis="y", color=_GRID)
    return _file(figure, name, title)


def leads(name: str, title: str, hours: NDArray[np.float64]) -> ReportFile:
    """How many cases by how long before, on a scale from minutes to months."""
    from matplotlib.ticker import FixedLocator, NullLocator  # noqa: PLC0415

    figure = _figure(3.0)
    axes = figure.subplots()
    low, high = max(float(hours.min()), 1 / 60), float(hours.max())
    axes.hist(np.maximum(hours, low), bins=np.geomspace(low, max(high, low * 1.5), 25).tolist(), color=_BLUE)
    axes.set_xscale("log")
    marks = {
        1 / 60: "1 min",
        1 / 6: "10 min",
        1: "1 h",
        6: "6 h",
        24: "1 day",
        168: "1 week",
        720: "30 days",
        8760: "1 year",
    }
    axes.xaxis.set_major_locator(FixedLocator([*marks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: marks.get(value, ""))
    axes.set_xlim(low, max(high, low * 1.5))
    axes.set_xlabel("before the breach")
    axes.set_ylabel("cases")
    axes.grid(visible=True, axis="y", color=_GRID)
    return _file(figure, name, title)


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415

    return Figure(figsize=(_INCHES, height), dpi=_DPI, layout="constrained", facecolor="white")


def _file(figure: Figure, name: str, title: str) -> ReportFile:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=_INK, length=0, labelsize=_SMALL)
        axes.set_axisbelow(True)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return ReportFile(name=f"{name}.png", title=title, media_type=PNG, content=buffer.getvalue())


def _drawable(text: str) -> str:
    """One short line of letters that the font has; text between two dollars would be taken for a formula."""
    from matplotlib.font_manager import FontProperties, findfont, get_font  # noqa: PLC0415

    known = get_font(findfont(FontProperties())).get_charmap()
    line = cut(one_line(text), _LABEL)
    return "".join(letter if ord(letter) in known else "□" for letter in line).replace("$", r"\$")
