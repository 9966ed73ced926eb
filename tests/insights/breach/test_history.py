from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import pytest

from insights.breach.history import later_slice, settled_rows
from insights.breach.rows import LIAISON
from insights.learning import NotEnoughHistory, UnusableHistory
from tests.insights.breach.breach_cases import (
    NOW,
    START,
    history,
)


def test_only_rows_known_before_their_verdict_are_learnt_from() -> None:
    now = START + timedelta(days=50)
    rows = settled_rows(history(), LIAISON, now=now)
    assert (rows["settled_at"] < now).all()
    assert (rows["at"] < rows["settled_at"]).all()
    assert rows["is_open"].all()


def test_the_calibrating_cases_came_in_after_the_others_were_settled() -> None:
    rows = settled_rows(history(), LIAISON, now=NOW)
    older, later = later_slice(rows, LIAISON, now=NOW)
    assert older["settled_at"].max() < later["at"].min()
    assert not set(older["case"]) & set(later["case"])
    assert later["case"].nunique() == pytest.approx(rows["case"].nunique() / 5, rel=0.05)


def test_where_outcomes_settle_late_the_calibrating_cases_have_had_their_time() -> None:
    rows = settled_rows(history(), LIAISON, now=NOW)
    rows["settled_at"] += pd.Timedelta(days=10) * rows["breached"]
    now = rows["at"].max()
    _, later = later_slice(rows, replace(LIAISON, settles_by_outcome=True), now=now)
    assert later["at"].max() < now - timedelta(days=9)


@pytest.mark.parametrize("breached", [True, False])
def test_a_history_of_one_kind_is_not_enough(breached: bool) -> None:
    rows = history(400)
    rows["breached"] = rows["breached"].where(rows["breached"].isna(), breached)
    with pytest.raises(NotEnoughHistory, match=f"400 settled cases, {400 * breached} of them breached"):
        settled_rows(rows, LIAISON, now=NOW)


def test_an_empty_history_is_not_enough() -> None:
    with pytest.raises(NotEnoughHistory, match="0 settled cases"):
        settled_rows(history(3).head(0), LIAISON, now=NOW)


def test_a_planted_leak_is_refused_by_name() -> None:
    """The hours until the end, written to every row: only the end can know them."""
    rows = history()
    ended = rows.groupby("case")["at"].transform("max")
    rows["hours_to_end"] = (ended - rows["at"]).dt.total_seconds() / 3600
    roles = replace(LIAISON, numeric=(*LIAISON.numeric, "hours_to_end"))
    with pytest.raises(UnusableHistory, match=r"too good to be true: hours_to_end \(alone it tells"):
        settled_rows(rows, roles, now=NOW)


def test_times_that_are_texts_are_refused_by_name() -> None:
    rows = history(50)
    rows["settled_at"] = rows["settled_at"].astype(str)
    with pytest.raises(UnusableHistory, match="column settled_at holds no times"):
        settled_rows(rows, LIAISON, now=NOW)


def test_times_with_and_without_a_zone_are_not_mixed() -> None:
    with pytest.raises(UnusableHistory, match="some have a time zone and some none"):
        settled_rows(history(50), LIAISON, now=datetime(2026, 5, 1))  # noqa: DTZ001


def test_other_verdicts_than_yes_and_no_are_refused() -> None:
    rows = history(50)
    rows["breached"] = rows["breached"].where(~rows["is_open"], "perhaps")
    with pytest.raises(UnusableHistory, match="other verdicts than 0 and 1"):
        settled_rows(rows, LIAISON, now=NOW)
