"""The gate between challenger and champion: a bootstrap test of who answers better, and a bound on calibration.

May a new model take over? Only if it answers better on tickets that neither has seen, and its probabilities hold.

Better means: better in 95 of 100 samples drawn anew from the same tickets (bootstrap, Efron 1979), so that luck
promotes nobody. Pure arithmetic over what both said and what came true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 400
SURE = 0.95
TOLERANCE = 0.02
"""A champion is not followed by one whose probabilities are this much further off."""

FIRST_TOLERANCE = 0.05
"""More room for a first model: the baseline says the same of everything, and so is always nearly right about it."""

_BINS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a model said of later tickets. `chance` is the probability it gave to what it said, `came` whether that
    came true, `spoke` whether it was sure enough to be asked at all. `case` numbers what a row is about: rows of one
    case stand or fall together.
    """

    chance: Floats
    came: NDArray[np.bool_]
    spoke: NDArray[np.bool_]
    case: NDArray[np.int64]

    @property
    def cases(self) -> int:
        """How many cases were asked about, however many rows each had."""
        return len(np.unique(self.case))


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """`name` is how it is stored, `words` how people are told; `of` takes chance, came and a weight for each row."""

    name: str
    words: str
    of: Callable[[Floats, NDArray[np.bool_], Floats], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """A figure with the bounds between which 95 of 100 resamples are."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class GateVerdict:
    """`why` is for people. `gain` is what the challenger has more than the incumbent; `calibration` are the mean
    distances between probability and what came true, of the challenger and of the incumbent.
    """

    promoted: bool
    why: str
    challenger: Score
    incumbent: Score
    gain: Score
    calibration: tuple[float, float]


def share_that_came(chance: Floats, came: NDArray[np.bool_], weight: Floats) -> float:
    """How much of what was said came true, whatever probability it was given."""
    del chance
    return float(np.average(came, weights=weight))


def _order(chance: Floats, came: NDArray[np.bool_], weight: Floats) -> float:
    if len(np.unique(came[weight > 0])) < 2:
        return 0.5
    # It takes a second: only who trains waits for it.
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    return float(roc_auc_score(came, chance, sample_weight=weight))


ACCURACY = Metric(
    name="accuracy",
    words="share of later tickets of which the likeliest answer was right",
    of=share_that_came,
)
AUC = Metric(
    name="auc",
    words="how often a later promise that was broken had been given a higher risk than one that was kept",
    of=_order,
)


def judge(
    challenger: Answers, incumbent: Answers, metric: Metric, *, name: str, is_first: bool, seed: int
) -> GateVerdict:
    """Both asked about the same rows, in the same order; `name` is who the incumbent is, for people.

    `is_first`: the incumbent is no model but the baseline, and calibration has `FIRST_TOLERANCE`.
    """
    weights = _resamples(challenger.case, seed=seed)
    new, old = _scores(challenger, metric, weights), _scores(incumbent, metric, weights)
    new_score, old_score, gain = _score(new), _score(old), _score(new - old)
    # The first is the sample itself.
    is_better = gain.value > 0 and float(np.mean((new - old)[1:] > 0)) >= SURE
    errors = calibration_error(challenger), calibration_error(incumbent)
    allowed = max(errors[1], chance_error(challenger)) + (FIRST_TOLERANCE if is_first else TOLERANCE)
    compared = f"{metric.name} {new_score.value:.3f} against {old_score.value:.3f} of the {name}"
    if not is_better:
        why = (
            f"kept out: {compared}; the difference of {gain.value:+.3f}"
            f" ({gain.low:+.3f} to {gain.high:+.3f}) may be luck"
        )
    elif errors[0] > allowed:
        why = (
            f"kept out: {compared}, but its probabilities are {errors[0]:.3f} off on average, at most {allowed:.3f} "
            "are allowed"
        )
    else:
        why = f"promoted: {compared}, its probabilities {errors[0]:.3f} off on average"
    return GateVerdict(
        promoted=is_better and errors[0] <= allowed,
        why=why,
        challenger=new_score,
        incumbent=old_score,
        gain=gain,
        calibration=errors,
    )


def tenths(answers: Answers) -> list[NDArray[np.int64]]:
    """The rows by the probability given, from the least on; equal ones stay together, so there may be fewer parts."""
    edges = np.quantile(answers.chance, np.arange(1, _BINS) / _BINS)
    part = np.searchsorted(edges, answers.chance)
    return [np.flatnonzero(part == number) for number in np.unique(part)]


def calibration_error(answers: Answers) -> float:
    """Mean distance between the probability given and the share that came true, over tenths of the rows.

    The expected calibration error (Naeini et al. 2015), with bins of equal size.
    """
    return float(
        sum(len(one) * abs(answers.chance[one].mean() - answers.came[one].mean()) for one in tenths(answers))
        / len(answers.chance)
    )


def chance_error(answers: Answers) -> float:
    """The calibration error that perfect probabilities would show on as many cases, by chance alone.

    In a tenth of n the share that comes true is off by sqrt(2/pi) standard deviations on average.
    """
    rows_a_case = len(answers.chance) / max(answers.cases, 1)
    spread = sum(
        float(np.sqrt(2 / np.pi * rows_a_case * np.sum(answers.chance[one] * (1 - answers.chance[one]))))
        for one in tenths(answers)
    )
    return spread / len(answers.chance)


def scored(answers: Answers, metric: Metric, *, seed: int) -> Score:
    """The metric with its interval."""
    return _score(_scores(answers, metric, _resamples(answers.case, seed=seed)))


def _resamples(case: NDArray[np.int64], *, seed: int) -> list[Floats]:
    """How often each row counts: first each once, then as whole cases are drawn."""
    codes = np.unique(case, return_inverse=True)[1]
    count = int(codes.max()) + 1
    random = np.random.default_rng(seed)
    drawn = (np.bincount(random.integers(0, count, count), minlength=count) for _ in range(RESAMPLES))
    return [np.ones(len(case)), *(counts[codes].astype(np.float64) for counts in drawn)]


def _scores(answers: Answers, metric: Metric, weights: list[Floats]) -> Floats:
    return np.array([metric.of(answers.chance, answers.came, weight) for weight in weights])


def _score(values: Floats) -> Score:
    low, high = np.quantile(values[1:], [(1 - SURE) / 2, (1 + SURE) / 2])
    return Score(value=float(values[0]), low=float(low), high=float(high))
