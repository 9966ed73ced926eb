"""Runs of letters inside words: what makes misspelt, joined and inflected words alike, in any language.

Each word's runs are counted once and added up by a matrix product, so that a hundred thousand texts cost seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from incidents.insights.text import words

SHORTEST, LONGEST = 2, 5
MOST_RUNS = 150_000


@dataclass(frozen=True, kw_only=True, eq=False)
class LetterRuns:
    """`runs` counts the runs of one word, its edges marked by a space (scikit-learn's `char_wb`)."""

    runs: CountVectorizer | None

    @classmethod
    def learn(cls, texts: Sequence[str]) -> LetterRuns:
        by_word, vocabulary = _by_word(texts)
        if not vocabulary:
            return cls(runs=None)
        every = CountVectorizer(analyzer="char_wb", ngram_range=(SHORTEST, LONGEST), dtype=np.float32)
        counts = every.fit_transform(vocabulary)
        often = np.asarray(by_word.sum(axis=0)).ravel() @ counts
        kept = np.sort(np.argsort(-often, kind="stable")[:MOST_RUNS])
        return cls(
            runs=CountVectorizer(
                analyzer="char_wb",
                ngram_range=(SHORTEST, LONGEST),
                dtype=np.float32,
                vocabulary=list(every.get_feature_names_out()[kept]),
            )
        )

    @property
    def columns(self) -> int:
        return len(self.runs.vocabulary) if self.runs is not None else 0

    def counts(self, texts: Sequence[str]) -> sparse.csr_matrix:
        by_word, vocabulary = _by_word(texts)
        if self.runs is None or not vocabulary:
            return sparse.csr_matrix((len(texts), self.columns), dtype=np.float32)
        return sparse.csr_matrix(by_word @ self.runs.transform(vocabulary))

    def name(self, column: int) -> str:
        if self.runs is None:
            raise IndexError("no run of letters was learnt")
        return f'letters "{self.runs.vocabulary[column].strip()}"'


def _by_word(texts: Sequence[str]) -> tuple[sparse.csr_matrix, list[str]]:
    """How often each word is in each text, and the words."""
    ids: dict[str, int] = {}
    rows = [[ids.setdefault(word, len(ids)) for word in words(text)] for text in texts]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    found = np.array([number for row in rows for number in row], np.int64)
    matrix = sparse.csr_matrix((np.ones(len(found), np.float32), found, ends), shape=(len(texts), len(ids)))
    matrix.sum_duplicates()
    return matrix, list(ids)
