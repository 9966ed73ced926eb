"""Character n-grams, runs of letters inside words: what makes misspelt, joined and inflected words alike, in any
language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from insights.routing.word_pairs import Ids
from insights.text import words

SHORTEST, LONGEST = 2, 5
READ = 40
"""How many words of a text are taken apart: its first ones."""

MOST_RUNS = 100_000
MOST_WORDS = 60_000


@dataclass(frozen=True, kw_only=True, eq=False)
class LetterRuns:
    """`by_word` keeps the columns of the words that were learnt from; a new word is taken apart when it comes.

    `seen` is about in how many texts a run was: one that has it in two words counts twice, which costs nothing that
    matters and saves a pass over all texts.
    """

    names: tuple[str, ...]
    ids: dict[str, int]
    by_word: dict[str, Ids]
    seen: Ids

    @classmethod
    def learn(cls, texts: Sequence[str]) -> LetterRuns:
        """The commonest runs of letters in these texts. The same texts always give the same columns."""
        word_seen = Counter(word for text in texts for word in set(words(text)[:READ]))
        counts: Counter[str] = Counter()
        for word, count in word_seen.items():
            for run in set(_runs(word)):
                counts[run] += count
        # Ties go by the alphabet, so that the same history always makes the same model.
        names = tuple(sorted(counts, key=lambda run: (-counts[run], run))[:MOST_RUNS])
        ids = {run: number for number, run in enumerate(names)}
        most = sorted(word_seen, key=lambda word: (-word_seen[word], word))[:MOST_WORDS]
        return cls(
            names=names,
            ids=ids,
            by_word={word: _columns(word, ids) for word in most},
            seen=np.array([min(counts[run], len(texts)) for run in names], np.int64),
        )

    @property
    def columns(self) -> int:
        """How many runs are known."""
        return len(self.names)

    def found(self, text: str) -> Ids:
        """The columns of its runs, each as often as it occurs; what was not learnt is left out."""
        parts = []
        for word in words(text)[:READ]:
            known = self.by_word.get(word)
            parts.append(_columns(word, self.ids) if known is None else known)
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def name(self, column: int) -> str:
        """What the column stands for, for people."""
        return f'letters "{self.names[column].strip()}"'


def _runs(word: str) -> list[str]:
    padded = f" {word} "
    return [
        padded[start : start + length]
        for length in range(SHORTEST, LONGEST + 1)
        for start in range(len(padded) - length + 1)
    ]


def _columns(word: str, ids: dict[str, int]) -> Ids:
    return np.array([ids[run] for run in _runs(word) if run in ids], np.int64)
