from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from insights.breach.rows import LIAISON, breach_rows
from insights.learning import UnusableHistory
from tests.insights.breach.breach_cases import (
    START,
    TARGET,
    views,
)


def test_it_gives_every_column_the_model_looks_at_and_a_name_for_people() -> None:
    rows = breach_rows(views(5))
    LIAISON.require(rows.columns, with_label=True)
    assert LIAISON.title("service_overdue") == "in the service: share of the open cases that are overdue"
    assert LIAISON.title("tier") == "tier"


def test_no_rows_come_of_no_views() -> None:
    assert breach_rows([]).empty


def test_a_clock_that_stood_still_is_no_nearer_to_its_breach() -> None:
    """Ten hours on the wall, one hour worked: an eighth of the target, seven hours left."""
    first = replace(views(1)[0], at=START + timedelta(hours=10), worked=timedelta(hours=1), is_open=True)
    row = breach_rows([first]).iloc[0]
    assert row["elapsed_share"] == 1 / 8
    assert row["left_hours"] == 7
    assert row["target_hours"] == TARGET / timedelta(hours=1)


def test_hours_and_weekdays_are_the_helpdesk_s() -> None:
    late = replace(views(1)[0], at=START + timedelta(hours=23, minutes=30))
    row = breach_rows([late], zone=ZoneInfo("Europe/Berlin")).iloc[0]
    assert (row["hour"], row["weekday"]) == (0.5, 1)


def test_events_are_counted_in_the_order_of_time() -> None:
    rows = breach_rows(reversed(views(20)))
    assert rows["at"].is_monotonic_increasing
    assert (rows[rows["events"] == 1]["quiet_hours"] == 0).all()
    assert rows[rows["events"] == 2]["quiet_hours"].gt(0).all()


def test_a_row_of_a_case_that_is_over_has_no_verdict_to_learn() -> None:
    rows = breach_rows(views(20))
    assert rows[~rows["is_open"]]["breached"].isna().all()
    assert rows[rows["is_open"]]["breached"].notna().all()


def test_what_nothing_was_promised_for_is_refused_by_name() -> None:
    with pytest.raises(UnusableHistory, match="zendesk/x#0 has a target of 0:00:00"):
        breach_rows([replace(views(1)[0], target=timedelta(0))])


def test_a_time_without_a_zone_is_refused_by_name() -> None:
    with pytest.raises(UnusableHistory, match="zendesk/x#0 has a time without a time zone"):
        breach_rows([replace(views(1)[0], at=START.replace(tzinfo=None))])
