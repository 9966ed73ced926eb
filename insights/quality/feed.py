"""Data quality of a feed: is it as it usually is? The same expectations as before a training, with limits learnt from
its own past: empty fields, a stale feed, sudden changes of volumes or of the values that occur.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from incidents.texts.team import worded
from incidents.texts.times import percent
from insights.learning import NotEnoughHistory, UnusableHistory
from insights.quality.engine import Expected, validate
from insights.quality.measures import (
    as_times,
    before,
    blank,
    longest_silence,
    null_shares,
    rows_a_day,
    usual_volume,
    without_blanks,
)
from insights.quality.report import Check, QualityReport

_LEAST_ROWS = 50
_LEAST_DAYS = 7
_A_SET = 200
"""A column with more kinds of values than this is text or names, not a set."""
_MORE_EMPTY = 0.10
_NEW_VALUES = 0.05
_FEW = 2.5
"""Rows: two oddities in a small sample are no change."""
_BY_CHANCE = 0.001
"""A field that is empty in every row fails, unless rows that lack it as often as usual would all lack it by chance."""
_TIMES_USUAL = 5.0
_ENOUGH_USUAL = 10.0
_LONGER_SILENCE = 2.0
_LEAST_SILENCE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class FeedUsual:
    """What a feed was like. `a_day` has the rows of each weekday, Monday first, in UTC; `empty` shares of a column.
    On the dates `closed` (holidays) fewer are no finding."""

    time: str
    a_day: tuple[float, ...]
    empty: Mapping[str, float]
    values: Mapping[str, frozenset[str]]
    silence: timedelta
    closed: frozenset[date] = frozenset()


def learn_usual(
    history: pd.DataFrame, *, time: str, columns: Sequence[str], closed: Collection[date] = ()
) -> FeedUsual:
    """From the last weeks' tickets, the recent ones left out. What came on a date that is `closed` is no measure of
    its weekday.

    Raises `UnusableHistory` without the columns, and `NotEnoughHistory` with less than 50 rows of a week.
    """
    missing = sorted({time, *columns} - set(history.columns))
    if missing:
        raise UnusableHistory(
            f"the feed's history lacks the columns {', '.join(missing)}; import them, or leave them out of the check"
        )
    times = as_times(history[time])
    days = (times.max() - times.min()).days if times.notna().any() else 0
    if times.count() < _LEAST_ROWS or days < _LEAST_DAYS:
        raise NotEnoughHistory(
            worded(
                "the feed's history has {rows} rows with a time over {days} days; {least} over {least_days} days are "
                "needed: check it when it has been connected for longer",
                rows=times.count(),
                days=days,
                least=_LEAST_ROWS,
                least_days=_LEAST_DAYS,
            )
        )
    kinds = {name: frozenset(history.loc[~blank(history[name]), name].astype(str)) for name in columns}
    return FeedUsual(
        time=time,
        a_day=rows_a_day(times, without=closed),
        empty=null_shares(history[list(columns)]),
        values={name: known for name, known in kinds.items() if 0 < len(known) <= _A_SET},
        silence=longest_silence(times),
        closed=frozenset(closed),
    )


def check_feed(
    recent: pd.DataFrame,
    usual: FeedUsual,
    *,
    connection: str,
    since: datetime,
    now: datetime,
    with_html: bool = False,
) -> QualityReport:
    """`recent` are all the connection's tickets from `since` until `now`; none is a finding where some are usual.

    It takes seconds the first time in a process: Great Expectations is slow to import.
    """
    frame = recent.loc[:, ~recent.columns.duplicated()].copy()
    for name in set(usual.empty) & set(frame.columns):
        frame[name] = without_blanks(frame[name])
    for name in set(usual.values) & set(frame.columns):
        frame[name] = frame[name].map(str, na_action="ignore")
    expected = [*_volume(usual, connection, since, now)]
    if usual.time in frame and len(frame):
        frame[usual.time] = as_times(frame[usual.time])
        expected += _freshness(usual, connection, now)
    expected += _fields(frame, usual, connection)
    return validate(frame, expected, name=f"Feed {connection}", with_html=with_html)


def _volume(usual: FeedUsual, connection: str, since: datetime, now: datetime) -> Iterator[Expected]:
    since = since.astimezone(UTC)
    rows = usual_volume(usual.a_day, since, now)
    at_least = usual_volume(usual.a_day, since, now, without=usual.closed)
    yield Expected(
        check=Check.VOLUME,
        column="",
        words=worded(
            "{connection} usually sends about {rows} tickets in this time, and now a fifth as many or less, or five "
            "times as many or more: look whether its webhook and import work, or whether something big is going on",
            connection=connection,
            rows=f"{rows:.0f}",
        ),
        low=math.floor(at_least / _TIMES_USUAL) + 1 if at_least >= _ENOUGH_USUAL else 0,
        high=math.ceil(max(rows, _ENOUGH_USUAL) * _TIMES_USUAL) - 1,
    )


def _freshness(usual: FeedUsual, connection: str, now: datetime) -> Iterator[Expected]:
    silence = max(usual.silence * _LONGER_SILENCE, _LEAST_SILENCE)
    hours = silence / timedelta(hours=1)
    yield Expected(
        check=Check.FRESHNESS,
        column=usual.time,
        words=worded(
            "{connection} has sent nothing for {hours} hours, twice its longest silence so far, or sends times to "
            "come: look at its webhook, its credentials and its clock",
            connection=connection,
            hours=f"{hours:.0f}",
        ),
        low=before(now, silence, without=usual.closed),
        high=now + _LEAST_SILENCE,
    )


def _fields(frame: pd.DataFrame, usual: FeedUsual, connection: str) -> Iterator[Expected]:
    rows = max(len(frame), 1)
    for name, share in usual.empty.items():
        yield Expected(
            check=Check.COLUMNS,
            column=name,
            words=worded(
                "{connection} sends no {name} any more: was the field removed or renamed there?",
                connection=connection,
                name=name,
            ),
        )
        most = min(1.0, max(share + _MORE_EMPTY + 3 * math.sqrt(share * (1 - share) / rows), _FEW / rows))
        if rows > _FEW and share**rows < _BY_CHANCE:
            most = min(most, 1 - 0.5 / rows)
        if name in frame and len(frame):
            yield Expected(
                check=Check.COMPLETENESS,
                column=name,
                words=worded(
                    "{connection} leaves {name} empty more often than the usual {share}: was the form changed?",
                    connection=connection,
                    name=name,
                    share=percent(share),
                ),
                most=1 - most,
            )
    for name, known in usual.values.items():
        if name in frame and frame[name].notna().any():
            yield Expected(
                check=Check.VALUES,
                column=name,
                words=worded(
                    "{connection} sends values of {name} that it has not sent before: was something renamed or added? "
                    "Then the policy's rules may have to follow",
                    connection=connection,
                    name=name,
                ),
                values=tuple(sorted(known)),
                most=1 - min(1.0, max(_NEW_VALUES, _FEW / int(frame[name].count()))),
            )
