"""A model routes what it knows, keeps silent about what it does not, says why, and says no to a bad history."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.learning import NotEnoughHistory, UnusableHistory
from insights.routing.history import RoutingColumns
from insights.routing.model import ROUTING_FORMAT, RoutingModel
from tests.insights.routing.routing_data import (
    COLUMNS,
    SUBJECTS,
    history,
)


@pytest.fixture(scope="module")
def model():
    return RoutingModel.train(history(), COLUMNS, seed=1)


def a_ticket(subject="", product=None, channel="mail"):
    return pd.DataFrame([{"subject": subject, "product": product, "channel": channel}])


@pytest.mark.parametrize("service", sorted(SUBJECTS))
def test_a_ticket_goes_to_the_service_it_names(model, service):
    """With the reasons people would give, the likeliest label first, and a probability above the threshold."""
    for subject in SUBJECTS[service]:
        [guess] = model.guess(a_ticket(subject))
        assert (guess.label, guess.abstains) == (service, False)
        assert guess.ranking[0] == (service, guess.probability)
        assert guess.reasons
        assert all(reason.weight > 0 for reason in guess.reasons)
    probabilities = [probability for _, probability in guess.ranking]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1)


def test_reasons_name_words_and_fields(model):
    """What is told is what was in the ticket."""
    [guess] = model.guess(a_ticket("zzz", product="Search"))
    assert guess.label == "search"
    assert guess.reasons[0].text.startswith("product is Search")
    [guess] = model.guess(a_ticket("login loop"))
    assert any("login" in reason.text or "loop" in reason.text for reason in guess.reasons)


@pytest.mark.parametrize(
    "subject",
    ["", "見積書を送ってください", "\u202e\x00\ud7ff", "qqqq " * 200_000],
    ids=["empty", "unseen", "odd", "1 MB"],
)
def test_a_ticket_of_which_nothing_is_known_is_not_answered(model, subject):
    [guess] = model.guess(a_ticket(subject, channel=None))
    assert guess.abstains


def test_the_accuracy_that_was_asked_decides_what_is_answered():
    """Where a third of the labels were drawn by lot nothing can be 99 % right; then nothing is answered."""
    noisy = history(600, noise=0.33)
    strict = RoutingModel.train(noisy, COLUMNS, seed=1, accuracy=0.99)
    modest = RoutingModel.train(noisy, COLUMNS, seed=1, accuracy=0.5)
    tickets = noisy.head(50)
    assert all(guess.abstains for guess in strict.guess(tickets))
    assert not any(guess.abstains for guess in modest.guess(tickets))
    assert modest.confidence.accuracy >= 0.5
    assert (strict.confidence.answered, modest.confidence.answered) == (0, 1)


def test_the_same_history_makes_the_same_model(model):
    """And a model that was stored and read again guesses the same."""
    again = pickle.loads(pickle.dumps(RoutingModel.train(history(), COLUMNS, seed=1)))  # noqa: S301 - our own
    tickets = history(40, seed=9)
    assert again.guess(tickets) == model.guess(tickets)
    assert again.format == ROUTING_FORMAT


def test_one_by_one_is_as_all_at_once(model):
    tickets = history(30, seed=9)
    single = [model.guess(tickets.iloc[[number]])[0] for number in range(len(tickets))]
    for one, other in zip(single, model.guess(tickets), strict=True):
        assert one.label == other.label
        assert one.probability == pytest.approx(other.probability)


def test_the_order_of_rows_does_not_matter_where_there_is_a_time():
    """Which tickets calibrate is decided by their time, not by where they stand."""
    rows = history().drop_duplicates("created_at")
    shuffled = rows.sample(frac=1, random_state=5)
    assert RoutingModel.train(shuffled, COLUMNS, seed=1).confidence.threshold == pytest.approx(
        RoutingModel.train(rows, COLUMNS, seed=1).confidence.threshold
    )


def test_a_label_seen_too_rarely_is_named_and_never_guessed():
    rows = history()
    rows.loc[rows.index[:3], "service"] = "printing"
    trained = RoutingModel.train(rows, COLUMNS, seed=1)
    assert trained.not_learnt == ("printing",)
    assert "printing" not in trained.labels
    assert trained.trained_on == len(rows) - 3


def test_a_label_that_is_new_in_the_latest_part_is_learnt():
    """The part that calibrates has labels which the earlier part lacks: no error, and the final model knows them."""
    rows = history(300)
    rows.loc[rows.index[-20:], ["service", "subject"]] = ["printing", "printer on fire"]
    [guess] = RoutingModel.train(rows, COLUMNS, seed=1).guess(a_ticket("printer on fire"))
    assert guess.label == "printing"


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (lambda rows: rows.drop(columns="subject"), UnusableHistory, "lacks subject"),
        (lambda rows: rows.drop(columns="service"), UnusableHistory, "lacks service"),
        (lambda rows: rows.assign(created_at="soon"), UnusableHistory, "created_at: 240 of 240 are no times"),
        (lambda rows: rows.assign(service="checkout"), NotEnoughHistory, "1 labels"),
        (lambda rows: rows.assign(service=None), NotEnoughHistory, "0 tickets"),
        (lambda rows: rows.head(10), NotEnoughHistory, "needed are 50 tickets"),
        (lambda rows: rows.head(0), NotEnoughHistory, "0 tickets"),
        (
            lambda rows: rows.assign(subject="", product="", channel=""),
            UnusableHistory,
            "nothing to learn from",
        ),
    ],
)
def test_a_history_of_no_use_is_refused_with_the_cure(spoil, error, says):
    with pytest.raises(error, match=says):
        RoutingModel.train(spoil(history()), COLUMNS, seed=1)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (RoutingColumns(label="service"), "no column of text"),
        (RoutingColumns(label="service", fields=("service",)), "is what is to be learnt"),
    ],
)
def test_columns_that_make_no_sense_are_refused(columns, says):
    with pytest.raises(UnusableHistory, match=says):
        RoutingModel.train(history(), columns, seed=1)


def test_a_ticket_without_a_column_is_refused_by_name(model):
    with pytest.raises(UnusableHistory, match="lack product"):
        model.guess(a_ticket("x").drop(columns="product"))


def test_two_labels_are_learnt_as_well_as_three():
    """The library keeps one row of weights for two labels."""
    rows = history(400)
    rows = rows[rows["service"] != "search"]
    model = RoutingModel.train(rows, replace(COLUMNS, fields=()), seed=1)
    for service in ("checkout", "accounts"):
        assert {guess.label for guess in model.guess(rows[rows["service"] == service])} == {service}


WILD = st.none() | st.text(max_size=50) | st.floats() | st.sampled_from(["checkout", "login loop", "Search"])


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.fixed_dictionaries({"subject": WILD, "product": WILD, "channel": WILD}), max_size=5))
def test_any_ticket_gets_a_guess(model, rows):
    """Whatever its columns hold: one guess a row, a proper probability, finite reasons."""
    tickets = pd.DataFrame(rows, columns=["subject", "product", "channel"], dtype=object)
    guesses = model.guess(tickets)
    assert len(guesses) == len(rows)
    for guess in guesses:
        assert 0 < guess.probability <= 1
        assert all(np.isfinite(reason.weight) for reason in guess.reasons)
