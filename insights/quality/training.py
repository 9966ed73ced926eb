"""Data quality of a training frame: is it fit to learn from? A failed check stops a training, and says what to mend.

The limits are the caller's, the check is Great Expectations'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

import pandas as pd

from insights.quality.engine import Expected, validate
from insights.quality.measures import (
    as_times,
    blank,
    population_stability,
    stability_by_chance,
    without_blanks,
)
from insights.quality.report import Check, QualityReport

_CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class TrainingExpectations:
    """What a training frame must be like.

    `time` is the column whose newest value must not be older than `fresh`. `complete` has the greatest share of
    nulls and blank texts a column may have, `ranges` its least and greatest value (None: no bound), `values` the known
    ones, beside which at most `new_values` (a share) may be others. `orders` are pairs of times of which the first is
    not later. A label's distribution in the last `recent` may differ from that before by a population stability index
    of `drift`, or by what chance explains. `bad_rows` is the share of rows that may break a range or an order.
    """

    time: str
    unique: str | None = None
    least_rows: int = 200
    fresh: timedelta = timedelta(days=14)
    complete: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    new_values: float = 0.05
    orders: tuple[tuple[str, str], ...] = ()
    bad_rows: float = 0.01
    labels: tuple[str, ...] = ()
    drift: float = 0.25
    recent: timedelta = timedelta(days=28)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is named, once."""
        named = (
            self.time,
            *(() if self.unique is None else (self.unique,)),
            *self.complete,
            *self.ranges,
            *self.values,
            *(name for pair in self.orders for name in pair),
            *self.labels,
        )
        return tuple(dict.fromkeys(named))


def check_training_frame(
    frame: pd.DataFrame, wanted: TrainingExpectations, *, now: datetime, with_html: bool = False
) -> QualityReport:
    """Every expectation that failed, not only the first; the frame itself is left as it is.

    Times without a zone count as UTC; a text that is no time counts as empty. What needs a column that is missing is
    not checked besides. It takes seconds the first time in a process: Great Expectations is slow to import.
    """
    ready = frame.loc[:, ~frame.columns.duplicated()].copy()
    for name in {wanted.time, *(name for pair in wanted.orders for name in pair)} & set(ready.columns):
        ready[name] = as_times(ready[name])
    for name in set(wanted.complete) & set(ready.columns):
        ready[name] = without_blanks(ready[name])
    expected = [*_structure(wanted), *_columns(wanted, set(ready.columns), now=now), *_empty(wanted, ready)]
    for label, drift, chance in _drifts(ready, wanted):
        name = f"drift of {label}"
        # As an object: GX's page cannot print NumPy's numbers.
        ready[name] = pd.Series(drift, index=ready.index, dtype=object)
        expected.append(
            Expected(
                check=Check.DRIFT,
                column=name,
                words=f"{label} is distributed otherwise in the last {wanted.recent.days} days than before: look at"
                " what has changed; if it is here to stay, train on the time since",
                high=max(wanted.drift, chance),
            )
        )
    return validate(ready, expected, name="Training history", with_html=with_html)


def _structure(wanted: TrainingExpectations) -> Iterator[Expected]:
    for name in wanted.columns:
        yield Expected(
            check=Check.COLUMNS,
            column=name,
            words=f"column {name} is missing: add it to the history, or take it out of the expectations",
        )
    yield Expected(
        check=Check.ROWS,
        column="",
        words=f"the history has fewer than {wanted.least_rows:,} rows: import more, or wait",
        low=wanted.least_rows,
    )


def _columns(wanted: TrainingExpectations, present: set[str], *, now: datetime) -> Iterator[Expected]:
    checks = (_freshness(wanted, now), _uniqueness(wanted), _values(wanted), _ranges(wanted), _orders(wanted))
    for one in chain.from_iterable(checks):
        if {one.column, one.other or one.column} <= present:
            yield one


def _freshness(wanted: TrainingExpectations, now: datetime) -> Iterator[Expected]:
    yield Expected(
        check=Check.FRESHNESS,
        column=wanted.time,
        words=f"the newest {wanted.time} is older than {wanted.fresh / timedelta(days=1):g} days or still to come:"
        " is the import running, and are the times in the right zone?",
        low=now - wanted.fresh,
        high=now + _CLOCKS_DIFFER,
    )


def _uniqueness(wanted: TrainingExpectations) -> Iterator[Expected]:
    if wanted.unique is not None:
        yield Expected(
            check=Check.UNIQUE,
            column=wanted.unique,
            words=f"{wanted.unique} is there more than once: keep one row for each",
        )


def _values(wanted: TrainingExpectations) -> Iterator[Expected]:
    for name, most in wanted.complete.items():
        yield Expected(
            check=Check.COMPLETENESS,
            column=name,
            words=f"more than {most:.1%} of {name} is empty: mend its source, or do without the column",
            most=1 - most,
        )
    for name, known in wanted.values.items():
        yield Expected(
            check=Check.VALUES,
            column=name,
            words=f"more than {wanted.new_values:.1%} of {name} are values not known before: was something renamed?"
            " If they are right, add them to the known ones",
            values=tuple(sorted(known)),
            most=1 - wanted.new_values,
        )


def _empty(wanted: TrainingExpectations, frame: pd.DataFrame) -> Iterator[Expected]:
    """Of a column without a single value nothing can be wrong, so its emptiness is."""
    rows = len(frame)
    for name in dict.fromkeys((*wanted.values, *wanted.ranges)):
        if rows and name in frame and name not in wanted.complete and blank(frame[name]).all():
            yield Expected(
                check=Check.COMPLETENESS,
                column=name,
                words=f"{name} is empty in every row: mend its source, or do without the column",
                most=0.5 / rows,
            )


def _ranges(wanted: TrainingExpectations) -> Iterator[Expected]:
    for name, (low, high) in wanted.ranges.items():
        ends = (("at least", low), ("at most", high))
        bounds = [f"{words} {end:g}" for words, end in ends if end is not None]
        if bounds:
            yield Expected(
                check=Check.RANGE,
                column=name,
                words=f"{name} is not always {' and '.join(bounds)}: is its unit right?",
                low=low,
                high=high,
                most=1 - wanted.bad_rows,
            )


def _orders(wanted: TrainingExpectations) -> Iterator[Expected]:
    for first, second in wanted.orders:
        yield Expected(
            check=Check.ORDER,
            column=second,
            other=first,
            words=f"{second} is before {first}: are both times in the same zone?",
            most=1 - wanted.bad_rows,
        )


def _drifts(frame: pd.DataFrame, wanted: TrainingExpectations) -> Iterator[tuple[str, float, float]]:
    if wanted.time not in frame or frame[wanted.time].isna().all():
        return
    is_recent = frame[wanted.time] > frame[wanted.time].max() - wanted.recent
    for label in wanted.labels:
        if label not in frame:
            continue
        earlier, recent = frame.loc[~is_recent, label], frame.loc[is_recent, label]
        if earlier.count() and recent.count():
            yield label, population_stability(earlier, recent), stability_by_chance(earlier, recent)
