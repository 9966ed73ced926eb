"""The index finds what shares words, and its overlaps are those that a slow count gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.similar.terms import Said, TermIndex

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
WORDS = st.lists(st.sampled_from(NAMES), max_size=6).map(" ".join)
TEXTS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=12)


def an_index(texts):
    index = TermIndex()
    for title, body in texts:
        index.add(Said.of(title, body))
    return index


@given(texts=TEXTS, asked=st.tuples(WORDS, WORDS))
def test_overlaps_are_those_of_a_slow_count(texts, asked):
    """Cosines of rarity-weighted sets of words, and the share of the title that the other one says anywhere."""
    said = [Said.of(*one) for one in texts]
    new = Said.of(*asked)
    every = [{*one.title, *one.body} for one in said]

    def weight(words):
        seen = {word: sum(word in one for one in every) for word in words}
        return sum(math.log1p((len(said) - n + 0.5) / (n + 0.5)) ** 2 for n in seen.values())

    def cosine(one, other):
        return weight(one & other) / math.sqrt(max(weight(one) * weight(other), 1e-12))

    found = an_index(texts).overlaps(new, np.arange(len(texts)))
    title, text = set(new.title), {*new.title, *new.body}
    for number, one in enumerate(said):
        assert found.text[number] == pytest.approx(cosine(text, every[number]))
        assert found.title[number] == pytest.approx(cosine(title, set(one.title)))
        expected = weight(title & every[number]) / weight(title) if title else 0
        assert found.title_in_text[number] == pytest.approx(expected)


@given(texts=TEXTS, asked=WORDS, most=st.integers(1, 12))
def test_what_is_found_shares_a_word_and_nothing_that_shares_more_is_left_out(texts, asked, most):
    index = an_index(texts)
    said = Said.of(asked, "")
    found = set(index.find(said.title, most).tolist())
    shared = {number: sum(rarity for _, rarity in index.shared(said, number)) for number in range(len(texts))}
    assert len(found) == min(most, sum(value > 0 for value in shared.values()))
    worst = min((shared[number] for number in found), default=0.0)
    assert all(shared[number] <= worst + 1e-6 for number in shared if number not in found)


def test_what_is_too_old_is_not_found():
    index = an_index([("alpha", ""), ("alpha", ""), ("alpha", "")])
    assert sorted(index.find(("alpha",), 9, since=1).tolist()) == [1, 2]


def test_shared_words_come_rarest_first():
    index = an_index([("alpha beta", ""), ("alpha gamma", ""), ("alpha", "")])
    assert [word for word, _ in index.shared(Said.of("beta alpha", ""), 0)] == ["beta", "alpha"]
