"""Words and skip-grams: all pairs of words of a text, near or far, as numbers.

In a short report two words that stand apart (`card` ... `arrive`) say more than two that touch. A linear model sees
them only if each pair is a column of its own. Pairs are kept as numbers, not as strings: a hundred thousand tickets
have tens of millions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from insights.text import stems

PAIRED = 16
"""How many words of a text are paired with each other: its first ones."""

MOST_WORDS = 60_000
MOST_PAIRS = 250_000

Ids = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class WordPairs:
    """`keys` are the pairs that occurred in two texts or more, sorted; a key is `lower id * words + higher id`.
    `seen` is in how many texts each word and pair was."""

    words: tuple[str, ...]
    ids: dict[str, int]
    keys: Ids
    seen: Ids

    @classmethod
    def learn(cls, texts: Sequence[str]) -> WordPairs:
        """The commonest words of these texts, and of their pairs those that were seen more than once. The same
        texts always give the same columns.
        """
        found_in = [stems(text) for text in texts]
        seen = Counter(word for found in found_in for word in set(found))
        # Ties go by the alphabet, so that the same history always makes the same model.
        kept = tuple(sorted(seen, key=lambda word: (-seen[word], word))[:MOST_WORDS])
        ids = {word: number for number, word in enumerate(kept)}
        all_keys = [np.unique(_keys(_known(found, ids), len(ids))) for found in found_in]
        keys, counts = np.unique(np.concatenate([np.empty(0, np.int64), *all_keys]), return_counts=True)
        often = np.flatnonzero(counts > 1)
        most = np.sort(often[np.argsort(-counts[often], kind="stable")[:MOST_PAIRS]])
        words_seen = np.array([seen[word] for word in kept], np.int64)
        return cls(words=kept, ids=ids, keys=keys[most], seen=np.concatenate([words_seen, counts[most]]))

    @property
    def columns(self) -> int:
        """How many words and pairs are known."""
        return len(self.words) + len(self.keys)

    def found(self, text: str) -> Ids:
        """The columns of its words and pairs, each as often as it occurs; what was not learnt is left out."""
        known = _known(stems(text), self.ids)
        if not len(self.keys):
            return known
        keys = _keys(known, len(self.words))
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.concatenate([known, places[self.keys[places] == keys] + len(self.words)])

    def name(self, column: int) -> str:
        """What the column stands for, for people."""
        if column < len(self.words):
            return f'word "{self.words[column]}"'
        first, second = divmod(int(self.keys[column - len(self.words)]), len(self.words))
        return f'words "{self.words[first]}" and "{self.words[second]}"'


def _known(found: list[str], ids: dict[str, int]) -> Ids:
    return np.array([ids[word] for word in found if word in ids], np.int64)


def _keys(known: Ids, size: int) -> Ids:
    first, second = _all_pairs(min(len(known), PAIRED))
    left, right = known[first], known[second]
    return np.minimum(left, right) * size + np.maximum(left, right)


@lru_cache(maxsize=PAIRED + 1)
def _all_pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(count, 1)
