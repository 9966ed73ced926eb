"""A training frame is checked whole: each fault is found, told with its cure, and none where there is none."""

import re
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.quality.report import Check
from insights.quality.training import TrainingExpectations, check_training_frame

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = 600
WANTED = TrainingExpectations(
    time="opened",
    unique="id",
    complete={"service": 0.1},
    ranges={"priority": (1, 4)},
    values={"service": frozenset({"checkout", "search", "<script>alert(1)</script>"})},
    orders=(("opened", "closed"),),
    labels=("label",),
)


def a_frame():
    """Seventy days of tickets with nothing wrong in them."""
    chance = np.random.default_rng(5)
    opened = pd.Series([NOW - timedelta(hours=70 * 24 * (1 - n / ROWS)) for n in range(ROWS)])
    return pd.DataFrame(
        {
            "id": range(ROWS),
            "opened": opened,
            "closed": opened + pd.Timedelta(hours=2),
            "service": chance.choice(["checkout", "search"], ROWS),
            "priority": chance.integers(1, 5, ROWS),
            "label": chance.choice(["x", "y"], ROWS),
        }
    )


def changed(**columns):
    return a_frame().assign(**columns)


def checks(frame, wanted=WANTED):
    return [finding.check for finding in check_training_frame(frame, wanted, now=NOW).findings]


def test_a_good_frame_passes_and_is_left_as_it_is():
    frame = a_frame()
    before = frame.copy()
    report = check_training_frame(frame, WANTED, now=NOW)
    assert report.passed
    assert report.findings == ()
    assert report.checked == 14
    assert report.html is None
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (a_frame().iloc[:0], [Check.ROWS, Check.FRESHNESS]),
        (a_frame().iloc[-150:], [Check.ROWS]),
        (changed(priority=None), [Check.COMPLETENESS]),
        (changed(priority=np.nan), [Check.COMPLETENESS]),
        (a_frame().drop(columns=["label", "priority"]), [Check.COLUMNS, Check.COLUMNS]),
        (changed(opened=lambda f: f["opened"] - pd.Timedelta(days=20)), [Check.FRESHNESS]),
        (
            changed(
                opened=lambda f: f["opened"] + pd.Timedelta(hours=5),
                closed=lambda f: f["opened"] + pd.Timedelta(hours=2),
            ),
            [Check.FRESHNESS],
        ),
        (changed(opened="yesterday"), [Check.FRESHNESS]),
        (changed(opened=lambda f: f["opened"].dt.tz_localize(None)), []),
        (changed(opened=lambda f: f["opened"].map(datetime.isoformat)), []),
        (changed(id=lambda f: f["id"] // 2), [Check.UNIQUE]),
        (changed(service=lambda f: f["service"].where(f["id"] % 8 > 0)), [Check.COMPLETENESS]),
        (changed(service=lambda f: f["service"].where(f["id"] % 8 > 0, " ")), [Check.COMPLETENESS]),
        (changed(service=lambda f: f["service"].where(f["id"] % 12 > 0)), []),
        (changed(service=lambda f: f["service"].where(f["id"] % 12 > 0, "chekout")), [Check.VALUES]),
        (changed(service=lambda f: f["service"].where(f["id"] % 40 > 0, "chekout")), []),
        (changed(priority=lambda f: f["priority"] * 10), [Check.RANGE]),
        (changed(priority="high"), [Check.RANGE]),
        (changed(closed=lambda f: f["opened"] - pd.Timedelta(hours=1)), [Check.ORDER]),
        (changed(label=lambda f: f["label"].where(f["id"] < ROWS - 200, "x")), [Check.DRIFT]),
        (changed(label=lambda f: f["label"].where(f["id"] < ROWS - 200)), []),
    ],
    ids=[
        "empty",
        "too few",
        "a column of nothing",
        "a column of no numbers",
        "columns missing",
        "stale",
        "times to come",
        "no times",
        "times without zone",
        "times as text",
        "twice",
        "12 % empty",
        "12 % blank",
        "8 % empty",
        "8 % new values",
        "2 % new values",
        "out of range",
        "no numbers",
        "closed before opened",
        "label has changed",
        "no recent labels to compare",
    ],
)
def test_each_fault_is_found_and_nothing_else(frame, found):
    """Row for row: what the check says, and that it says no more."""
    assert checks(frame) == found


def test_a_finding_names_the_column_the_cure_and_what_was_seen():
    """Enough for a person to act on."""
    (finding,) = check_training_frame(changed(id=1), WANTED, now=NOW).findings
    assert (finding.check, finding.column) == (Check.UNIQUE, "id")
    assert str(finding) == "id is there more than once: keep one row for each (600 of 600 rows)"


def test_small_samples_do_not_drift_by_chance():
    """Forty kinds in some hundred rows differ by more than 0.25 on chance alone: that is no drift."""
    wanted = replace(WANTED, ranges={}, values={})
    for seed in range(5):
        kinds = np.random.default_rng(seed).integers(0, 40, ROWS)
        assert checks(changed(label=kinds), wanted) == []


def test_columns_that_are_there_twice_do_no_harm():
    frame = a_frame()
    assert checks(pd.concat([frame, frame[["label", "opened"]]], axis=1)) == []


def test_the_page_tells_all_and_runs_nothing():
    """Data Docs as one text: the columns are in it, the customers' values only escaped."""
    frame = changed(service=lambda f: f["service"].where(f["id"] != 3, "<script>alert(2)</script>"))
    html = check_training_frame(frame, WANTED, now=NOW, with_html=True).html
    assert html is not None
    assert html.startswith("<!DOCTYPE html>")
    assert "drift of label" in html
    assert "<script" not in html
    assert "alert(2)" not in html


def test_the_page_loads_nothing_from_anywhere():
    """Its address is a secret, and an installation may have no internet."""
    frame = a_frame()
    frame.loc[0, "label"] = None
    html = check_training_frame(frame, WANTED, now=NOW, with_html=True).html
    assert html is not None
    assert re.findall(r"https?:|//[a-z]|url\(|<script|<link|<img|<iframe|@import", html) == []
    assert "<title>Training history</title>" in html
    assert "Evaluated Expectations" in html
    assert html.count("<table") == html.count("</table>") > 3


def test_nothing_is_sent_and_nothing_printed(monkeypatch, capfd, tmp_path):
    """No connection, no progress bar, no file."""

    def refuse(*_):
        raise AssertionError("a check of data must not open a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    assert check_training_frame(a_frame(), WANTED, now=NOW, with_html=True).passed
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(*[ANYTHING] * 6), max_size=12))
def test_whatever_is_in_the_columns(rows):
    """Mixed kinds, lists, infinities, years out of range: findings, never an error."""
    frame = pd.DataFrame(rows, columns=list(a_frame().columns), dtype=object)
    report = check_training_frame(frame, WANTED, now=NOW, with_html=True)
    assert not report.passed
    assert {finding.check for finding in report.findings} >= {Check.ROWS}
