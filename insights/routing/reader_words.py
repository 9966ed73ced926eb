"""Texts as a reader sees them: their first words in order, each known by itself, by its letters, or by both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from insights.text import (
    LONGEST_WORD,
    plain,
    stems,
)

READ = 32
"""Words of a text that are read: its first ones."""

BEFORE, AFTER = 2, 3
"""Empty words before each text, so that the widest window begins with its first word, and behind it, so that the last
window sees none: a text is read the same, however many empty words follow."""

RUNS = (3, 4, 5)
"""Letters in a run."""

MOST_RUNS = 16
MOST_WORDS, MOST_LETTERS = 20_000, 20_000
SEEN = 2
"""A word is known by itself, and a run of letters at all, from so many texts or words on."""

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[?!£$€]")


@dataclass(frozen=True, kw_only=True, eq=False)
class Spelling:
    """What a reader knows: words and runs of letters with their rows. `is_stemmed`: it reads words without endings."""

    is_stemmed: bool
    words: dict[str, int]
    runs: dict[str, int]

    @classmethod
    def learn(cls, texts: Sequence[str], *, is_stemmed: bool) -> Spelling:
        said = [_said(text, is_stemmed=is_stemmed) for text in texts]
        seen = Counter(word for found in said for word in set(found))
        runs = Counter(run for word in seen for run in set(_runs(word)))
        return cls(is_stemmed=is_stemmed, words=_often(seen, MOST_WORDS), runs=_often(runs, MOST_LETTERS))


@dataclass(frozen=True, kw_only=True, eq=False)
class Written:
    """`places` has a row a text: the numbers of its words among all different ones, from 1; 0 is the empty word.
    Of each different word `known` is the row of the word itself (-1: none) and `letters` the mean over its runs.
    """

    places: NDArray[np.int64]
    lengths: NDArray[np.int64]
    known: NDArray[np.int64]
    letters: sparse.csr_matrix

    @classmethod
    def of(cls, texts: Sequence[str], spelling: Spelling) -> Written:
        said = [_said(text, is_stemmed=spelling.is_stemmed) for text in texts]
        different = sorted({word for found in said for word in found})
        numbers = {word: number for number, word in enumerate(different, start=1)}
        places = np.zeros((len(said), BEFORE + READ + AFTER), np.int64)
        for row, found in enumerate(said):
            places[row, BEFORE : BEFORE + len(found)] = [numbers[word] for word in found]
        return cls(
            places=places,
            lengths=np.array([len(found) for found in said], np.int64),
            known=np.array([spelling.words.get(word, -1) for word in different], np.int64),
            letters=_letters(different, spelling),
        )

    def counts(self, start: int, most: int) -> NDArray[np.float32]:
        return self.lengths[start : start + most].astype(np.float32)


def _letters(words: Sequence[str], spelling: Spelling) -> sparse.csr_matrix:
    found = [[spelling.runs[run] for run in _runs(word) if run in spelling.runs] for word in words]
    ends = np.cumsum([0, *(len(one) for one in found)])
    columns = np.array([run for one in found for run in one], np.int64)
    shares = np.array([1 / len(one) for one in found for _ in one], np.float32)
    return sparse.csr_matrix((shares, columns, ends), shape=(len(words), len(spelling.runs)))


def _said(text: str, *, is_stemmed: bool) -> list[str]:
    if is_stemmed:
        return stems(plain(text))[:READ]
    unquoted = plain(text).lower().replace("'", "").replace("’", "")
    return [word[:LONGEST_WORD] for word in _TOKEN.findall(unquoted)[:READ]]


def _runs(word: str) -> list[str]:
    marked = f"<{word}>"
    return [marked[at : at + size] for size in RUNS for at in range(len(marked) - size + 1)][:MOST_RUNS]


def _often(seen: Counter[str], most: int) -> dict[str, int]:
    """Ties go by the alphabet, so that the same history always makes the same reader."""
    often = sorted((one for one in seen if seen[one] >= SEEN), key=lambda one: (-seen[one], one))
    return {one: number for number, one in enumerate(often[:most])}
