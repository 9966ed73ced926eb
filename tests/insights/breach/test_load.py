from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.breach.load import (
    MEASURES,
    Backwards,
    QueueLoad,
    load_columns,
)

EPOCH = pd.Timestamp("2026-01-01")


def _read(load: QueueLoad, service: str, *, at: float) -> dict[str, float]:
    return dict(zip(load.columns, load.read([service], at=at), strict=True))


def test_a_queue_counts_its_own_cases() -> None:
    load = QueueLoad(["service"])
    load.seen(1, ["a"], at=0)
    load.seen(2, ["a"], at=10)
    load.seen(3, ["b"], at=10)
    load.ended(1, at=20)
    got = _read(load, "a", at=20)
    assert got["service_backlog"] == pytest.approx(1 / 3)
    assert got["service_turnover"] == pytest.approx(1 / 3)
    assert got["all_backlog"] == pytest.approx(2 / 4)
    assert got["service_last_hour"] == 0
    assert got["service_last_day"] == 2
    assert got["service_age"] == pytest.approx(10 / 11)


def test_a_moved_case_leaves_its_queue_and_brings_its_age() -> None:
    load = QueueLoad(["service"])
    load.seen(1, ["a"], at=0)
    load.seen(1, ["b"], at=5)
    assert _read(load, "a", at=6)["service_backlog"] == 0
    assert _read(load, "b", at=6)["service_age"] == pytest.approx(6 / 7)


def test_a_case_is_overdue_once_its_due_time_has_passed() -> None:
    load = QueueLoad(["service"])
    load.seen(1, ["a"], at=0, due=5)
    load.seen(2, ["a"], at=0, due=50)
    assert _read(load, "a", at=5)["service_overdue"] == 0
    assert _read(load, "a", at=6)["service_overdue"] == 0.5
    load.seen(1, ["b"], at=7)
    assert _read(load, "b", at=7)["service_overdue"] == 1
    load.ended(1, at=10)
    got = _read(load, "b", at=10)
    assert np.isnan(got["service_overdue"])
    assert got["service_pace"] == 2


def test_reopening_counts_again_and_ending_twice_once() -> None:
    load = QueueLoad(["service"])
    load.ended(1, at=0)
    load.seen(1, ["a"], at=1)
    load.ended(1, at=2)
    load.ended(1, at=3)
    load.seen(1, ["a"], at=4)
    got = _read(load, "a", at=4)
    assert got["service_backlog"] == 0.5
    assert got["service_turnover"] == 0.5


def test_the_past_cannot_be_told_afterwards() -> None:
    load = QueueLoad(["service"])
    load.seen(1, ["a"], at=5)
    with pytest.raises(Backwards, match="hour 4 was told after one at hour 5"):
        load.seen(2, ["a"], at=4)


LOGS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 5), st.sampled_from(["a", "b", None]), st.booleans()),
    min_size=1,
    max_size=40,
)


def _log(happenings: list[tuple[Any, ...]]) -> pd.DataFrame:
    log = pd.DataFrame(happenings, columns=["hour", "case", "service", "is_open"])
    log["at"] = EPOCH + pd.to_timedelta(log["hour"], unit="h")
    log["due"] = log["at"] + pd.Timedelta(hours=30)
    return log


def _loads(log: pd.DataFrame) -> pd.DataFrame:
    return load_columns(log, ["service"], case="case", at="at", is_open="is_open", due="due")


@given(LOGS, st.integers(0, 400))
def test_what_comes_later_changes_no_row(happenings: list[tuple[Any, ...]], cut: int) -> None:
    """Leaving out everything at and after a time leaves all rows before it as they were, to the last bit."""
    log = _log(happenings)
    past = log["hour"] < cut
    pd.testing.assert_frame_equal(_loads(log)[past], _loads(log[past]))


@given(LOGS)
def test_shares_are_shares_and_nothing_is_below_zero(happenings: list[tuple[Any, ...]]) -> None:
    loads = _loads(_log(happenings))
    assert len(loads.columns) == 2 * len(MEASURES)
    assert not (loads < 0).any(axis=None)
    assert not (loads.filter(like="overdue") > 1).any(axis=None)


@given(LOGS)
def test_rows_of_one_time_do_not_see_each_other(happenings: list[tuple[Any, ...]]) -> None:
    log = _log([(7, *rest) for _, *rest in happenings])
    assert (_loads(log)["all_last_hour"] == 0).all()
