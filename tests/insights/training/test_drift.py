"""Drift is said when it is there, not when it is chance, and with its cure."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.contract import Watched
from insights.training.drift import (
    FEWEST_SETTLED,
    Moved,
    drift_of,
    live_change,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
COLUMNS = Watched(time="at", label="service", text=("subject",), columns=("channel", "hours"))
SUBJECTS = ("cannot pay my order", "search finds nothing", "login loop again", "order is late")


def a_history(rows=2000, seed=1):
    """A hundred days; the model learnt from the first eighty."""
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "at": pd.to_datetime([NOW - 100 * DAY * (1 - number / rows) for number in range(rows)], utc=True),
            "service": chance.choice(["checkout", "search", "accounts"], rows, p=[0.5, 0.3, 0.2]),
            "subject": chance.choice(SUBJECTS, rows),
            "channel": chance.choice(["mail", None], rows),
            "hours": chance.exponential(5, rows),
        }
    )


def lately(**columns):
    frame = a_history()
    is_recent = frame["at"] >= NOW - 20 * DAY
    for name, value in columns.items():
        frame[name] = frame[name].where(~is_recent, value)
    return frame


def drift(frame, *, learnt=20):
    return drift_of(
        frame,
        COLUMNS,
        learnt_until=NOW - learnt * DAY,
        recent_since=NOW - 28 * DAY,
        settled=0,
        right=0,
        expected=0.0,
        on_card=0.9,
    )


def moved(found):
    return {change.what for change in found.changes if change.moved is Moved.RETRAIN}


@pytest.mark.parametrize("seed", range(5))
def test_chance_is_no_drift(seed):
    found = drift(a_history(seed=seed))
    assert found.moved is Moved.FINE
    assert {change.what for change in found.changes} == {
        "accuracy",
        "service",
        "words of subject",
        "channel",
        "hours",
    }


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        (lately(service="search"), "service"),
        (lately(service="something new"), "service"),
        (lately(subject="tout est en panne depuis hier"), "words of subject"),
        (lately(channel="telephone"), "channel"),
        (lately(hours=40.0), "hours"),
    ],
    ids=["label", "new label", "language", "channel", "number"],
)
def test_what_has_changed_is_named(frame, what):
    found = drift(frame)
    assert found.moved is Moved.RETRAIN
    assert moved(found) == {what}
    assert found.changes[0].what == what, "the gravest comes first"


@pytest.mark.parametrize(
    ("settled", "right", "expected"),
    [
        (FEWEST_SETTLED - 1, 0, Moved.FINE),
        (1000, 900, Moved.FINE),
        (1000, 890, Moved.FINE),
        (1000, 800, Moved.RETRAIN),
        (40, 33, Moved.FINE),
        (40, 20, Moved.RETRAIN),
        (1000, 1000, Moved.FINE),
    ],
)
def test_accuracy_has_fallen_when_chance_cannot_explain_it(settled, right, expected):
    change = live_change(settled=settled, right=right, expected=0.95 * settled, on_card=0.9)
    assert change.moved is expected


def test_harder_tickets_than_those_tested_on_are_no_drift_if_the_model_said_so():
    """It is asked about what no rule knows, and gave lower probabilities there."""
    assert live_change(settled=1000, right=700, expected=710, on_card=0.9).moved is Moved.FINE
    assert live_change(settled=1000, right=700, expected=900, on_card=0.9).moved is Moved.RETRAIN


def test_what_was_learnt_already_is_not_compared_with_itself():
    """After a training nothing has drifted, however much had before."""
    found = drift(lately(service="search"), learnt=0)
    assert found.moved is Moved.FINE
    assert any("are needed to tell" in change.words for change in found.changes)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from(["", "x" * 10_000, "\x00\ud800", "日本語", None]), min_size=300, max_size=300),
    st.booleans(),
)
def test_whatever_customers_wrote_there_is_an_answer(texts, is_empty):
    frame = a_history(300).assign(subject=texts, channel=None if is_empty else texts)
    assert drift(frame, learnt=40).moved in Moved
