"""Texts become vectors: near each other where they mean the same, in whatever language, and for any text at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.embeddings import READ, SIZE, as_rows, digest, encoded, encoder_version

LOST = "My card has not arrived yet"


def alike(one: str, other: str) -> float:
    first, second = as_rows(encoded([one, other]))
    return float(first @ second)


def test_the_encoder_is_named_with_its_version_and_what_it_reads():
    """Vectors of another one are not compared with these."""
    version = encoder_version()
    assert version is not None
    assert version.startswith("use-multilingual-3 0.2.")
    assert version.endswith(f"first {READ}")


@pytest.mark.parametrize(
    "same",
    [
        "I am still waiting for my card",
        "Meine Karte ist noch nicht angekommen",
        "Ma carte n'est pas encore arrivée",
    ],
)
def test_what_means_the_same_is_nearer_than_what_does_not(same: str):
    assert alike(LOST, same) > alike(LOST, "How do I change my password?") + 0.1


def test_a_text_alone_has_the_vector_that_it_has_among_others():
    among = encoded(["How do I pay?", LOST, "", "退款 订单"])
    assert [len(vector) for vector in among] == [2 * SIZE, 2 * SIZE, 0, 2 * SIZE]
    assert as_rows([encoded([LOST])[0]]) == pytest.approx(as_rows([among[1]]), abs=2e-3)
    assert not as_rows(among)[2].any(), "a text that says nothing has no vector"


@settings(max_examples=50, deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=60))
def test_any_text_has_a_vector_of_length_one_or_none(text: str):
    """Also halves of surrogate pairs, which the encoder itself does not take."""
    (row,) = as_rows(encoded([text]))
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-2) or not row.any()
    assert digest(text) == digest(text)


def test_only_the_beginning_is_read():
    """Its cost is bounded, and the digest says whether what is read is the same."""
    long = "voucher " * READ
    assert digest(long) == digest(long[:READ]) != digest(long[1:])
    assert encoded([long]) == encoded([long[:READ]])
    assert encoded([]) == []
