"""Vectors add to what words say; a ticket without one, or with another encoder's, is decided by its words alone."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from insights.embeddings import SIZE
from insights.routing.history import VECTOR, RoutingColumns
from insights.routing.model import RoutingModel

COLUMNS = RoutingColumns(label="service", text=("text",))
SERVICES = ("checkout", "search", "accounts")
ENCODER = "an encoder"


def tickets(count: int, seed: int) -> pd.DataFrame:
    """Words say nothing of the service; vectors lie around one direction for each."""
    chance = np.random.default_rng(seed)
    middle = np.random.default_rng(1).standard_normal((len(SERVICES), SIZE)) / np.sqrt(SIZE)
    number = chance.integers(len(SERVICES), size=count)
    rows = middle[number] + 0.5 * chance.standard_normal((count, SIZE)) / np.sqrt(SIZE)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "text": [f"please {chance.choice(['help', 'look', 'hurry'])} {one % 7}" for one in range(count)],
            "service": [SERVICES[one] for one in number],
            VECTOR: [row.astype(np.float16).tobytes() for row in rows],
        }
    )


@pytest.fixture(scope="module")
def model() -> RoutingModel:
    return RoutingModel.train(tickets(400, 2), COLUMNS, seed=1, encoder=ENCODER)


def right(guesses, frame: pd.DataFrame) -> float:
    return float(
        np.mean([guess.label == service for guess, service in zip(guesses, frame["service"], strict=True)])
    )


def test_what_vectors_say_counts(model: RoutingModel):
    asked = tickets(100, 3)
    assert right(model.guess(asked, encoder=ENCODER), asked) > 0.95
    assert right(model.guess(asked), asked) < 0.6


def test_without_a_vector_of_its_encoder_words_decide_as_if_there_were_none(model: RoutingModel):
    asked = tickets(20, 4)
    plain = RoutingModel.train(tickets(400, 2).drop(columns=VECTOR), COLUMNS, seed=1, encoder=ENCODER)
    assert plain.meaning is None
    by_words = plain.guess(asked)
    assert model.guess(asked) == by_words
    assert model.guess(asked, encoder="another encoder") == by_words
    assert model.guess(asked.drop(columns=VECTOR), encoder=ENCODER) == by_words
    some = asked.assign(**{VECTOR: [b"" if one % 2 else vector for one, vector in enumerate(asked[VECTOR])]})
    guesses = model.guess(some, encoder=ENCODER)
    assert guesses[1::2] == by_words[1::2]
    # The last digit of a product of matrices depends on how many rows go into it, and on the processor.
    for here, there in zip(guesses[::2], model.guess(asked, encoder=ENCODER)[::2], strict=True):
        assert here.label == there.label
        assert here.probability == pytest.approx(there.probability, rel=1e-6)


def test_of_words_never_seen_the_vector_still_speaks(model: RoutingModel):
    """Another language, say. Without a vector it abstains, however likely one label is."""
    asked = tickets(50, 5).assign(text="退款")
    answers = [guess for guess in model.guess(asked, encoder=ENCODER) if not guess.abstains]
    assert len(answers) > 40
    assert all(guess.abstains for guess in model.guess(asked))


def test_with_too_few_vectors_nothing_is_learnt_of_them():
    frame = tickets(400, 2)
    few = frame.assign(**{VECTOR: [vector if one < 30 else b"" for one, vector in enumerate(frame[VECTOR])]})
    assert RoutingModel.train(few, COLUMNS, seed=1, encoder=ENCODER).meaning is None


def test_a_model_read_again_says_the_same(model: RoutingModel):
    asked = tickets(10, 6)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    assert again.guess(asked, encoder=ENCODER) == model.guess(asked, encoder=ENCODER)
