"""Readers know the order of words and how words are spelt; a committee of them joins in only when it is asked to."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.routing import committee as routing_committee
from insights.routing.committee import Committee
from insights.routing.history import RoutingColumns
from insights.routing.model import RoutingModel
from insights.routing.reader import Reader
from insights.routing.reader_fit import fit_reader
from insights.routing.reader_words import (
    READ,
    Spelling,
    Written,
)

COLUMNS = RoutingColumns(label="service", text=("text",))
FILLERS = ("please", "kindly", "again", "today", "quickly", "somehow", "often", "maybe", "just", "really")
COUNT = 1_200


def ordered(count: int, seed: int) -> tuple[list[str], list[str]]:
    """The same words in every text; only which of two comes first tells the label."""
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        filler = random.choice(FILLERS, 3)
        is_first = bool(random.integers(2))
        pair = ("refund", "order") if is_first else ("order", "refund")
        texts.append(f"{filler[0]} {filler[1]} {pair[0]} {pair[1]} {filler[2]}")
        labels.append("refunds" if is_first else "orders")
    return texts, labels


@pytest.fixture(scope="module")
def reader() -> Reader:
    texts, labels = ordered(COUNT, 1)
    return fit_reader(
        texts, np.array([label == "orders" for label in labels], np.int64), 2, is_stemmed=False, seed=1
    )


def right(reader: Reader, texts: list[str], labels: list[str]) -> float:
    found = reader.scores(texts).argmax(axis=1)
    return float(np.mean(found == [int(label == "orders") for label in labels]))


def test_it_reads_which_word_comes_first(reader: Reader):
    assert right(reader, *ordered(300, 2)) > 0.95


def test_a_word_that_it_never_saw_is_its_letters(reader: Reader):
    texts, labels = ordered(300, 3)
    assert right(reader, [text.replace("refund", "refundd") for text in texts], labels) > 0.8


def test_the_same_texts_make_the_same_reader(reader: Reader):
    texts, labels = ordered(200, 1)
    truth = np.array([label == "orders" for label in labels], np.int64)
    one, other = (fit_reader(texts, truth, 2, is_stemmed=True, seed=3) for _ in range(2))
    assert np.array_equal(one.scores(texts), other.scores(texts))
    assert np.array_equal(pickle.loads(pickle.dumps(one)).scores(texts), one.scores(texts))  # noqa: S301 - our own


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=400))
def test_any_text_has_probabilities(reader: Reader, text: str):
    scores = reader.scores([text, "refund order"])
    assert np.isfinite(scores).all()
    assert np.exp(scores).sum(axis=1) == pytest.approx(1, abs=1e-4)
    # What stands beside it in the call does not change what a text says.
    assert scores[1] == pytest.approx(reader.scores(["refund order"])[0], abs=1e-4)


@pytest.mark.parametrize("text", ["", " ", "???", "x" * 1_000_000, "退款 订单", "word " * 200_000])
def test_texts_that_say_nothing_or_too_much(reader: Reader, text: str):
    assert np.isfinite(reader.scores([text])).all()
    assert reader.scores([]).shape == (0, 2)


def test_of_a_long_text_the_first_words_are_read():
    spelling = Spelling.learn(["a b", "a b"], is_stemmed=False)
    written = Written.of(["a " * 500], spelling)
    assert written.lengths.tolist() == [READ]


def test_texts_without_any_word_teach_nothing():
    """Fields alone: no reader, and the linear scores stay as they are."""
    committee = Committee.fit(["", ""], np.array([0, 1]), 2, seed=1)
    linear = np.array([[0.2, -0.1]])
    assert committee.readers == ()
    assert committee.joined(linear, ["refund"]) is linear


def test_a_thorough_model_has_readers_and_a_quick_one_has_none():
    """What they say counts, for one ticket as for many."""
    texts, labels = ordered(600, 4)
    history = pd.DataFrame({"text": texts, "service": labels})
    asked = pd.DataFrame({"text": ordered(50, 5)[0]})
    quick = RoutingModel.train(history, COLUMNS, seed=1)
    thorough = RoutingModel.train(history, COLUMNS, seed=1, is_thorough=True)
    assert quick.readers.readers == ()
    assert len(thorough.readers.readers) == routing_committee.READERS
    linear = np.vstack([thorough.linear.score(row) for row in thorough.features.rows(asked)])
    joined = thorough.readers.joined(linear, asked["text"].tolist())
    guesses = thorough.guess(asked)
    assert [guess.label for guess in guesses] == [thorough.labels[best] for best in joined.argmax(axis=1)]
    assert guesses[7].probability == pytest.approx(thorough.guess(asked[7:8])[0].probability, abs=1e-4)
    assert guesses[0].reasons
    assert thorough.guess(asked[:0]) == []
