"""Who may take over: the better one whose probabilities hold, and nobody by luck."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.training.gate import (
    ACCURACY,
    AUC,
    FIRST_TOLERANCE,
    TOLERANCE,
    Answers,
    calibration_error,
    chance_error,
    judge,
    scored,
)

ROWS = 400


def answers(came, chance, case=None):
    came = np.asarray(came, dtype=bool)
    return Answers(
        chance=np.broadcast_to(np.asarray(chance, dtype=float), came.shape).copy(),
        came=came,
        spoke=np.ones(len(came), dtype=bool),
        case=np.arange(len(came)) if case is None else np.asarray(case),
    )


def right(share, chance=None, *, rows=ROWS, case=None):
    """A model that was right with so many of the rows, evenly; it said so of itself unless told otherwise."""
    came = np.floor(np.arange(1, rows + 1) * share) > np.floor(np.arange(rows) * share)
    return answers(came, share if chance is None else chance, case)


def verdict(challenger, incumbent, metric=ACCURACY, *, is_first=False):
    return judge(challenger, incumbent, metric, name="champion", is_first=is_first, seed=1)


@pytest.mark.parametrize(
    ("challenger", "incumbent", "is_promoted", "why"),
    [
        (right(0.9), right(0.7), True, "promoted: accuracy 0.900 against 0.700 of the champion"),
        (right(0.7), right(0.9), False, "may be luck"),
        (right(0.8), right(0.8), False, "the difference of +0.000 (+0.000 to +0.000) may be luck"),
        (right(0.81), right(0.8), False, "may be luck"),
        (right(0.9, chance=0.6), right(0.7), False, "its probabilities are 0.300 off on average"),
        (right(0.9, chance=0.6), right(0.7, chance=0.4), True, "its probabilities 0.300 off on average"),
    ],
    ids=["better", "worse", "equal", "hardly better", "better but unsure", "no worse calibrated"],
)
def test_who_is_promoted(challenger, incumbent, is_promoted, why):
    found = verdict(challenger, incumbent)
    assert found.promoted is is_promoted
    assert why in found.why


def test_a_first_model_has_more_room_than_one_that_follows_a_champion():
    """The baseline says one thing of everything, so its probabilities are nearly right whatever it is worth."""
    off = chance_error(right(0.9, chance=0.9 - (TOLERANCE + FIRST_TOLERANCE) / 2)) + TOLERANCE + 0.01
    challenger, baseline = right(0.9, chance=0.9 - off), right(0.5)
    assert verdict(challenger, baseline, is_first=True).promoted
    assert not verdict(challenger, baseline).promoted


def test_the_rows_of_one_case_count_once():
    """A hundred rows of a single ticket are no proof, as many of different ones are."""
    case = np.minimum(np.arange(ROWS), 300)
    came = np.arange(ROWS) >= 300
    challenger, incumbent = answers(came | (np.arange(ROWS) % 2 == 0), 0.625), right(0.5, rows=ROWS)
    assert verdict(challenger, incumbent).promoted
    alone = answers(challenger.came, 0.625, case), answers(incumbent.came, 0.5, case)
    assert not verdict(*alone).promoted


def test_auc_is_about_order_and_one_chance_for_all_is_no_order():
    came = np.arange(ROWS) % 4 == 0
    assert scored(answers(came, 0.25), AUC, seed=1).value == 0.5
    assert scored(answers(came, np.where(came, 0.3, 0.2)), AUC, seed=1).value == 1.0
    assert scored(answers(np.zeros(ROWS), 0.2), AUC, seed=1).value == 0.5, (
        "nothing was broken: no order to be had"
    )


def test_calibration_error_is_the_distance_of_what_was_said_from_what_came():
    assert calibration_error(right(0.75, chance=0.75)) == pytest.approx(0, abs=0.01)
    assert calibration_error(right(0.75, chance=0.5)) == pytest.approx(0.25, abs=0.01)


def test_chance_alone_explains_what_perfect_probabilities_show():
    """Measured on 50 samples: the mean error of probabilities that hold is what `chance_error` says, within a tenth."""
    random = np.random.default_rng(2)
    measured = []
    for _ in range(50):
        chance = random.uniform(0, 1, ROWS)
        measured.append(calibration_error(answers(random.uniform(0, 1, ROWS) < chance, chance)))
    assert chance_error(answers(np.zeros(ROWS), chance)) == pytest.approx(np.mean(measured), rel=0.1)


@settings(max_examples=5, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 20)), min_size=1, max_size=60),
    st.sampled_from([ACCURACY, AUC]),
)
def test_two_models_never_both_take_over_from_each_other(rows, metric):
    """Whatever came true, and however few cases there are: a verdict, in bounds, and no round trip."""
    first, second, case = zip(*rows, strict=True)
    one, other = answers(first, 0.7, case), answers(second, 0.6, case)
    there, back = verdict(one, other, metric), verdict(other, one, metric)
    assert not (there.promoted and back.promoted)
    assert 0 <= there.challenger.low <= there.challenger.high <= 1
    assert there.gain.value == pytest.approx(-back.gain.value)
