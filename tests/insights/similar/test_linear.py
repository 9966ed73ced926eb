"""The plain ranker picks as it was shown, and what never varied says nothing."""

import numpy as np
from numpy.typing import NDArray

from insights.similar.linear import LATEST, PlainRanker
from insights.similar.pairs import PAIR_FEATURES

NEAR = PAIR_FEATURES.index("distance")
RECENT = PAIR_FEATURES.index("hours")


def a_question(seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Ten candidates, the nearest of which is right."""
    rng = np.random.default_rng(seed)
    features = np.zeros((10, len(PAIR_FEATURES)))
    features[:, NEAR] = rng.uniform(0, 3, 10)
    features[:, RECENT] = rng.uniform(0, 5, 10)
    return features, features[:, NEAR] == features[:, NEAR].min()


def learnt(count: int) -> PlainRanker:
    features, right = zip(*(a_question(seed) for seed in range(count)), strict=True)
    return PlainRanker.learn(features, right)


def test_it_picks_the_nearest_because_people_did():
    ranker = learnt(400)
    unseen = [a_question(seed) for seed in range(1_000, 1_100)]
    picked = [bool(right[ranker.scores(features).argmax()]) for features, right in unseen]
    assert np.mean(picked) > 0.9


def test_the_same_questions_make_the_same_ranker():
    assert np.array_equal(learnt(60).weights, learnt(60).weights)


def test_what_was_always_the_same_says_nothing_when_it_changes():
    """All candidates were of other customers: that one is of the same must not decide by chance."""
    ranker, (features, _) = learnt(60), a_question(7)
    changed = features.copy()
    changed[0, PAIR_FEATURES.index("same_customer")] = 1
    assert np.array_equal(ranker.scores(changed), ranker.scores(features))


def test_several_right_ones_and_a_single_candidate():
    features, right = a_question(1)
    both = right | (np.arange(10) == 3)
    ranker = PlainRanker.learn([features, features[:1]], [both, np.ones(1, np.bool_)])
    assert np.isfinite(ranker.weights).all()
    assert np.isfinite(ranker.scores(features)).all()


def test_questions_of_long_ago_are_left_out():
    """As many as it reads at most are the latest: those before point to the farthest."""
    features, right = zip(*(a_question(seed) for seed in range(LATEST)), strict=True)
    wrong = [one[:, NEAR] == one[:, NEAR].max() for one in features[:200]]
    ranker = PlainRanker.learn([*features[:200], *features], [*wrong, *right])
    assert np.array_equal(ranker.weights, PlainRanker.learn(features, right).weights)
