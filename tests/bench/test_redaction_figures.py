"""The redaction keeps what its figures promise, in sentences that it was not written for."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.redaction.figures import OTHERS, PROMISED, ordinary, planted
from incidents.redaction.redaction import redact
from incidents.texts.plain_text import visible


@pytest.mark.parametrize("part", ["tuned", "held"])
@pytest.mark.parametrize("kinds", [PROMISED, OTHERS], ids=["promised", "others"])
def test_planted_secrets_are_taken(part: str, kinds: tuple[str, ...]):
    """Ninety-seven of a hundred at least."""
    those = [one for one in planted() if one.part == part and one.kind in kinds]
    through = Counter(one.kind for one in those if one.came_through)
    assert sum(through.values()) <= 0.03 * len(those), through


def test_planted_secrets_are_of_every_kind_and_would_come_through():
    """The judge of the figures sees a secret where there is one."""
    everything = planted(count=200)
    assert {one.kind for one in everything} == {*PROMISED, *OTHERS}
    assert all(one.secret in one.text for one in everything)


@pytest.mark.shared
def test_ordinary_sentences_are_left_alone():
    """At most one in five hundred is touched, true mail addresses among them."""
    sentences = ordinary()
    touched = [sentence for sentence in sentences if redact(sentence) != visible(sentence)]
    assert len(sentences) == 20_000
    assert len(touched) <= len(sentences) / 500
