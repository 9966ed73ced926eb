"""Probabilities that hold, and a threshold that keeps its word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.routing.confidence import (
    FEWEST_ANSWERS,
    NEVER,
    choose_threshold,
    fit_temperature,
    probabilities,
)

ANSWERS = st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.7, 0.9]), st.booleans()), max_size=120)


@given(answers=ANSWERS, accuracy=st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_what_is_answered_is_as_right_as_was_asked(answers, accuracy):
    """For any answers; and where nothing is good enough nothing is answered."""
    confidence = np.array([one for one, _ in answers], float)
    right = np.array([one for _, one in answers], bool)
    threshold = choose_threshold(confidence, right, accuracy)
    answered = confidence >= threshold
    if threshold != NEVER:
        assert right[answered].mean() >= accuracy
    assert answered.any() == (threshold != NEVER)


def test_a_few_lucky_answers_are_no_proof():
    right = np.array([True] * (FEWEST_ANSWERS - 1) + [False] * 200)
    confidence = np.linspace(1, 0, len(right))
    assert choose_threshold(confidence, right, 0.99) == NEVER


@pytest.mark.parametrize("true_factor", [0.5, 1.0, 4.0])
def test_the_temperature_is_found_again(true_factor):
    """Labels drawn with the probabilities of scaled scores give the scale back."""
    chance = np.random.default_rng(1)
    scores = chance.normal(size=(20_000, 4))
    chances = probabilities(scores, true_factor)
    truth = (chance.random((len(scores), 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(max=3)
    assert fit_temperature(scores, truth) == pytest.approx(true_factor, rel=0.06)
