"""Figures about whole frames that expectations are held against: drift, volume, silence. Plain arithmetic."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

_UNSEEN = 0.5
"""Added to each count, so that a value one side lacks gives no infinite figure."""
_CHANCE = 0.999


def population_stability(earlier: pd.Series, recent: pd.Series) -> float:
    """The population stability index of two samples of one label: 0 is the same; 0.25 is commonly a big change."""
    before, after = _counts(earlier, recent)
    p, q = before / before.sum(), after / after.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def stability_by_chance(earlier: pd.Series, recent: pd.Series) -> float:
    """What samples of these sizes reach by chance once in a thousand times, though nothing has changed.

    After Yurdakul 2018, "Statistical Properties of Population Stability Index": it is then (1/n + 1/m) times a
    chi-squared variable.
    """
    kinds = len(_counts(earlier, recent)[0])
    sizes = 1 / max(earlier.count(), 1) + 1 / max(recent.count(), 1)
    return float(chi2.ppf(_CHANCE, max(kinds - 1, 1)) * sizes)


def usual_volume(
    a_day: Sequence[float], since: datetime, until: datetime, *, without: Collection[date] = ()
) -> float:
    """How many rows are usual in that time; `a_day` has those of Monday to Sunday, in the times' own zone. On the days
    `without` none are."""
    total, at = 0.0, since
    while at < until:
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        end = min(midnight, until)
        if at.date() not in without:
            total += a_day[at.weekday()] * ((end - at) / timedelta(days=1))
        at = end
    return total


def before(until: datetime, span: timedelta, *, without: Collection[date]) -> datetime:
    """The moment so long before another one, the days `without` not counted."""
    at, left = until, span
    while left > timedelta(0):
        begin = (at - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        if begin.date() in without:
            at = begin
            continue
        step = min(left, at - begin)
        at, left = at - step, left - step
    return at


def rows_a_day(times: pd.Series, *, without: Collection[date] = ()) -> tuple[float, ...]:
    """The mean number of rows on each weekday, Monday first, over the days between the first and the last row, those
    `without` left out."""
    days = times.dropna().dt.floor("D")
    if days.empty:
        return (0.0,) * 7
    calendar = pd.date_range(days.min(), days.max(), freq="D")
    calendar = calendar[[day.date() not in without for day in calendar]]
    counts = days.value_counts().reindex(calendar, fill_value=0)
    by_weekday = counts.groupby(calendar.day_of_week).mean()
    return tuple(float(by_weekday.get(day, 0.0)) for day in range(7))


def longest_silence(times: pd.Series) -> timedelta:
    """The longest time between two rows."""
    gaps = times.dropna().sort_values().diff().max()
    return timedelta(0) if pd.isna(gaps) else timedelta(seconds=gaps.total_seconds())


def as_times(column: pd.Series) -> pd.Series:
    """In UTC, as are times without a zone; what is no time and no ISO text of one is empty. No number is guessed at."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.to_datetime(column, utc=True)
    readable = column.map(lambda value: isinstance(value, str | datetime))
    texts = column.astype(object).where(readable.astype(bool), None)
    return pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")


def null_shares(frame: pd.DataFrame) -> Mapping[str, float]:
    """Of each column; an empty text is nothing, too."""
    return {str(name): float(blank(frame[name]).mean()) if len(frame) else 0.0 for name in frame.columns}


def without_blanks(column: pd.Series) -> pd.Series:
    """The column with texts of nothing but spaces as nulls; columns of numbers and times as they are."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    return column.astype(object).where(~blank(column), None)


def blank(column: pd.Series) -> pd.Series:
    """Which values are missing: null, or nothing but blanks."""
    return column.isna() | (column.astype(str).str.strip() == "")


def _counts(earlier: pd.Series, recent: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    before, after = (side.dropna().astype(str).value_counts() for side in (earlier, recent))
    kinds = before.index.union(after.index)
    p = np.asarray(before.reindex(kinds, fill_value=0), dtype=np.float64)
    q = np.asarray(after.reindex(kinds, fill_value=0), dtype=np.float64)
    return p + _UNSEEN, q + _UNSEEN
