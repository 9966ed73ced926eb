"""What a backtest tells: a section for each insight, with figures that have their sample and interval."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from scipy.stats import binomtest

from incidents.report_file import ReportFile
from insights.training.gate import Score

SURE = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`value` is written out, `n` what it was measured on; `interval` is empty for a mere count."""

    words: str
    value: str
    n: str
    interval: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """`name` becomes the CSV's; on the page are the first rows only."""

    name: str
    title: str
    rows: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestSection:
    """`missing` says why there is nothing to tell, else it is empty. `limits` is what a reader must know."""

    name: str
    title: str
    missing: str = ""
    headline: str = ""
    figures: tuple[Figure, ...] = ()
    plots: tuple[ReportFile, ...] = ()
    tables: tuple[Table, ...] = ()
    limits: tuple[str, ...] = ()


def count(words: str, number: int, of: str) -> Figure:
    """A number as a figure, `of` what it is counted among."""
    return Figure(words=words, value=f"{number:,}", n=of)


def share(words: str, hits: int, of: int, what: str) -> Figure:
    """A share with its interval after Wilson 1927, which holds for small samples too."""
    if not of:
        return Figure(words=words, value="none to measure on", n=f"0 {what}")
    bounds = binomtest(hits, of).proportion_ci(SURE, method="wilson")
    return Figure(
        words=words,
        value=f"{hits / of:.1%}",
        interval=f"{bounds.low:.1%} to {bounds.high:.1%}",
        n=f"{hits:,} of {of:,} {what}",
    )


def score(words: str, found: Score, n: str) -> Figure:
    """A figure whose interval was found by resampling."""
    return Figure(
        words=words, value=f"{found.value:.3f}", interval=f"{found.low:.3f} to {found.high:.3f}", n=n
    )
