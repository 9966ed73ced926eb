from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from insights.training.leaks import (
    power_alone,
    tell_tales,
)

COLUMNS = ("told", "told_by_absence", "told_by_name", "told_crookedly", "hint", "noise", "name")


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    chance = np.random.default_rng(3)
    label = chance.random(2000) < 0.3
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(2000), unit="h")
    return pd.DataFrame(
        {
            "case": np.arange(2000),
            "label": label.astype(int),
            "at": at,
            "told": label * 5 + chance.normal(size=2000),
            "told_by_absence": np.where(label, np.nan, chance.normal(size=2000)),
            "told_by_name": np.where(label, "late", "in time"),
            # Neither the higher nor the lower: a rank alone would not see it.
            "told_crookedly": np.where(label, 0, chance.choice([-1, 1], 2000))
            + chance.normal(size=2000) / 20,
            "hint": label + chance.normal(size=2000),
            "noise": chance.normal(size=2000),
            "name": [f"name {number}" for number in range(2000)],
            "opened_at": at,
            "resolved_at": at + pd.Timedelta(hours=1),
        }
    )


def test_planted_leaks_are_caught_and_honest_columns_are_not(history: pd.DataFrame) -> None:
    caught = {one.column for one in tell_tales(history, COLUMNS, label="label", case="case")}
    assert caught == {"told", "told_by_absence", "told_by_name", "told_crookedly"}


def test_noise_and_names_that_occur_once_say_nothing(history: pd.DataFrame) -> None:
    power = {one.column: one.auc for one in power_alone(history, COLUMNS, label="label", case="case")}
    assert power["noise"] == pytest.approx(0.5, abs=0.06)
    assert power["name"] == pytest.approx(0.5, abs=0.06)
    assert 0.7 < power["hint"] < 0.8


def test_rows_of_one_case_do_not_speak_for_each_other(history: pd.DataFrame) -> None:
    """A name per case on five rows each would tell everything if rows, not cases, were halved."""
    rows = pd.concat([history] * 5)
    assert not tell_tales(rows, ["name"], label="label", case="case")


def test_one_kind_of_outcome_tells_nothing(history: pd.DataFrame) -> None:
    assert power_alone(history.assign(label=1), COLUMNS, label="label", case="case") == []


def test_a_tell_tale_says_its_name_and_power(history: pd.DataFrame) -> None:
    (first, *_) = tell_tales(history, ["told_by_name"], label="label", case="case")
    assert str(first) == "told_by_name (alone it tells the outcome with an AUC of 1.000)"
