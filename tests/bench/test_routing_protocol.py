"""Routing's figures come from what was known: nothing of the future, of the answer, or of the same question twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.insights.routing import CUT, FIELDS, SEED, calibration_error, hits, uci_out_of_time
from insights.routing.history import RoutingColumns
from insights.routing.model import RoutingModel
from tests.shared_folder import shared_path

NEVER = {
    "assignment_group",
    "assigned_to",
    "incident_state",
    "active",
    "reassignment_count",
    "reopen_count",
    "sys_mod_count",
    "sys_updated_by",
    "sys_updated_at",
    "problem_id",
    "rfc",
    "vendor",
    "caused_by",
}
"""The answer, who gives it away, and what only grows while an incident is worked on."""


@pytest.fixture(scope="module")
def cases():
    shared_path("data/uci_incidents/events.csv.gz")
    return uci_out_of_time()


def test_no_field_gives_the_answer_away():
    assert not NEVER & set(FIELDS)


@pytest.mark.shared
def test_training_knows_only_what_was_known_at_the_cut(cases):
    """Both the first event and its label are from before; nothing of the test is in it."""
    assert (cases.train[["first_at", "label_at"]] < CUT).all(axis=None)
    assert (cases.test["opened"] >= CUT).all()
    assert not cases.train.index.intersection(cases.test.index).size
    assert cases.train.index.is_unique
    assert cases.test.index.is_unique
    assert (len(cases.train), len(cases.test)) == (13_028, 5_302)


@pytest.mark.shared
def test_fields_are_those_of_the_first_event(cases):
    """Checked against the log itself, for incidents whose fields changed later."""
    events = pd.read_csv(shared_path("data/uci_incidents/events.csv.gz"), dtype=str)
    first = events[events["event_no"] == "1"].set_index("number")
    every = pd.concat([cases.train, cases.test])
    expected = first.loc[every.index, list(FIELDS)]
    pd.testing.assert_frame_equal(every[list(FIELDS)], expected, check_like=True)
    changed = events.groupby("number")["subcategory"].nunique() > 1
    assert changed.loc[every.index].sum() > 100


@pytest.mark.shared
def test_mixed_up_labels_teach_nothing(cases):
    """With the groups dealt out anew among the training's incidents no more than the most frequent one is found."""
    sample = cases.train.tail(4_000)
    dealt = sample.assign(label=np.random.default_rng(SEED).permutation(sample["label"].to_numpy()))
    columns = RoutingColumns(label="label", fields=FIELDS[:6], time="first_at")
    test = cases.test.head(1_500)
    truth = test["label"].to_numpy(str)
    share = (truth == sample["label"].mode()[0]).mean()
    guesses = RoutingModel.train(dealt, columns, seed=SEED).guess(test)
    assert hits(guesses, truth, 1).mean() <= share + 0.03


@pytest.mark.shared
def test_no_question_is_in_two_folds():
    """A text that occurred twice could be learnt in one fold and asked in another."""
    queries = pd.read_csv(shared_path("data/banking77/queries.csv.gz"))
    assert queries["text"].str.lower().str.strip().nunique() >= len(queries) - 40


@pytest.mark.parametrize(
    ("chances", "right", "error"),
    [
        ([0.75] * 4, [True, True, True, False], 0.0),
        ([0.95] * 4, [True, True, False, False], 0.45),
        ([0.05, 0.95], [False, True], 0.05),
        ([1.0], [True], 0.0),
    ],
)
def test_the_calibration_error_is_the_distance_from_the_share_that_was_right(chances, right, error):
    assert calibration_error(np.array(chances), np.array(right)) == pytest.approx(error)
