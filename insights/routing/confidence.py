"""Calibration and abstention: from scores to probabilities that hold, and the one below which the model keeps silent.

Scores become probabilities by one temperature (Guo et al. 2017, "On Calibration of Modern Neural Networks"), fitted
on tickets that the model has not seen; the threshold is chosen on the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]

NEVER = 1.01
"""A threshold that no probability reaches: the model always keeps silent."""

FEWEST_ANSWERS = 20
"""A share of right answers is not believed on fewer."""

_LOG_FACTORS = (-3.0, 2.5)
"""Bounded, for where all were right any factor is too small, and certainty is never learnt from a few hundred."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Confidence:
    """How scores become probabilities, and from which one on to answer. `accuracy` and `answered` are what the tickets
    it was fitted on showed: the share of right ones among the answers, and the share that was answered.
    """

    temperature: float
    threshold: float
    accuracy: float
    answered: float

    @classmethod
    def fit(cls, scores: Floats, truth: NDArray[np.int64], *, accuracy: float) -> Confidence:
        """From tickets that the scores were not learnt from; `accuracy` of the answers are to be right."""
        temperature = fit_temperature(scores, truth)
        chances = probabilities(scores, temperature)
        right = chances.argmax(axis=1) == truth
        confidence = chances.max(axis=1)
        threshold = choose_threshold(confidence, right, accuracy)
        answered = confidence >= threshold
        return cls(
            temperature=temperature,
            threshold=threshold,
            accuracy=float(right[answered].mean()) if answered.any() else 0.0,
            answered=float(answered.mean()),
        )


def fit_temperature(scores: Floats, truth: NDArray[np.int64]) -> float:
    """The factor on the scores under which the true labels are likeliest. `truth` has a column's number a row."""
    rows = np.arange(len(truth))

    def surprise(log_factor: float) -> float:
        return -float(log_softmax(scores * np.exp(log_factor), axis=1)[rows, truth].mean())

    return float(np.exp(minimize_scalar(surprise, bounds=_LOG_FACTORS, method="bounded").x))


def probabilities(scores: Floats, temperature: float) -> Floats:
    """One row a ticket, one column a label, each row adding up to 1. `temperature` sharpens (over 1) or flattens
    what the scores say.
    """
    return np.asarray(softmax(scores * temperature, axis=1), dtype=np.float64)


def choose_threshold(confidence: Floats, right: NDArray[np.bool_], accuracy: float) -> float:
    """The lowest probability from which on at least `accuracy` of the answers were right; `NEVER` if there is none.

    If all answers together were right often enough, `accuracy` itself is enough too: none was seen below.
    """
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Equal probabilities stand or fall together.
    ends = np.append(confidence[order][1:] != confidence[order][:-1], True)
    good = np.flatnonzero((share >= accuracy) & ends)
    good = good[good >= min(FEWEST_ANSWERS, len(order)) - 1]
    if not len(good):
        return NEVER
    threshold = float(confidence[order][good[-1]])
    return min(threshold, accuracy) if good[-1] == len(order) - 1 else threshold
