"""A history of tickets to be replayed, and the part of it that is.

A row a ticket, in the order in which they came in, with a column for each of `fields.FIELDS` that is known, and

    linked_at  when it became known what the ticket repeats

Texts may be missing (None); times are in UTC or missing (NaT).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from insights.backtest.failure import BacktestError

QUARTER = timedelta(days=91)
_OFTEN = 0.5
_FROM_SHORT = 2 / 3
"""Of a history of less than two quarters the last third is replayed."""


@dataclass(frozen=True, kw_only=True)
class History:
    """`source` is where it is from, for people; `notes` are what was found on the way; `more` are columns beside the
    usual ones that tickets have from their first moment.
    """

    frame: pd.DataFrame
    source: str
    notes: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether anything is known in this column."""
        return name in self.frame and bool(self.frame[name].notna().any())

    def best_of(self, names: Sequence[str]) -> str | None:
        """The first that at least half of the tickets have, else the one that most have; None if nobody has any."""
        shares = {name: float(self.frame[name].notna().mean()) for name in names if self.has(name)}
        often = [name for name, share in shares.items() if share >= _OFTEN]
        return often[0] if often else max(shares, key=lambda name: shares[name], default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayWindow:
    """What is replayed: tickets that came in from `start` on and before `end`. `known_until` is the history's end."""

    start: datetime
    end: datetime
    known_until: datetime

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"

    def of(self, times: pd.Series) -> pd.Series:
        """Which of these times lie in the window."""
        return (times >= self.start) & (times < self.end)

    def with_before(self, frame: pd.DataFrame, *, most: int) -> pd.DataFrame:
        """The window's tickets and those before it, of both the newest `most`."""
        times = frame["created_at"]
        return pd.concat([frame[times < self.start].tail(most), frame[self.of(times)].tail(most)])


def choose_window(history: History, *, start: datetime | None, end: datetime | None) -> ReplayWindow:
    """The last quarter, unless told otherwise. Raises `BacktestError` if no ticket is in it, or none is before it."""
    times = history.frame["created_at"]
    if times.empty:
        raise BacktestError(f"{history.source} has no tickets to replay")
    first, last = times.iloc[0].to_pydatetime(), times.iloc[-1].to_pydatetime() + timedelta(seconds=1)
    until = min(end, last) if end is not None else last
    begin = start
    if begin is None:
        begin = until - QUARTER
        if until - first < 2 * QUARTER:
            begin = first + (until - first) * _FROM_SHORT
    window = ReplayWindow(start=begin, end=until, known_until=_known_until(history.frame, last))
    inside, before = int(window.of(times).sum()), int((times < begin).sum())
    if not inside or not before:
        raise BacktestError(
            f"{history.source} has tickets from {first:%Y-%m-%d} to {last:%Y-%m-%d}, {inside:,} of them from "
            f"{begin:%Y-%m-%d} to {until:%Y-%m-%d} and {before:,} before to learn from: give other --from and --to"
        )
    return window


def _known_until(frame: pd.DataFrame, last: datetime) -> datetime:
    """When it was exported, as far as can be seen."""
    if "resolved_at" not in frame or frame["resolved_at"].isna().all():
        return last
    ended: datetime = frame["resolved_at"].max().to_pydatetime()
    return max(last, ended)
