"""A reader of short texts: a small convolutional network over their words in order (Kim 2014, "Convolutional Neural
Networks for Sentence Classification").

The linear model knows which words a ticket has; a reader knows how they follow each other, and that `transfered` is
nearly `transferred`: a word is also its letters in runs (Bojanowski et al. 2017). Alone it is no better; together they
are. `routing_reader_fit` makes one; reading needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.routing.reader_words import (
    BEFORE,
    Spelling,
    Written,
)

Floats = NDArray[np.float32]

WINDOWS = (1, 2, 3)
"""Words that a filter looks at together."""

WIDTH = 96
"""Numbers that a word is."""

FILTERS = 192
"""Of each window."""

AT_ONCE = 256
"""Texts that are read together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Net:
    """`filters` has for each window a matrix for each word in it; `found` is what each window's findings, and `mean`
    what the mean word, say for each label."""

    filters: list[list[Floats]]
    thresholds: list[Floats]
    found: list[Floats]
    mean: Floats
    labels: Floats

    def arrays(self) -> list[Floats]:
        """All of them, always in one order."""
        of_windows = [matrix for window in self.filters for matrix in window]
        return [*of_windows, *self.thresholds, *self.found, self.mean, self.labels]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reader:
    """`words` and `runs` have a row a known word and a row a known run of letters."""

    spelling: Spelling
    words: Floats
    runs: Floats
    net: Net

    def scores(self, texts: Sequence[str]) -> Floats:
        """Log-probabilities, a row a text, a column a label. A text without a word has the labels' frequency."""
        written = Written.of(texts, self.spelling)
        rows = np.vstack([np.zeros((1, WIDTH), np.float32), self.spelled(written)])
        read = [
            forward(
                self.net,
                shifted(rows[written.places[start : start + AT_ONCE]]),
                written.counts(start, AT_ONCE),
            )
            for start in range(0, len(texts), AT_ONCE)
        ]
        every = np.vstack([np.empty((0, len(self.net.labels)), np.float32), *read])
        return np.asarray(every - np.logaddexp.reduce(every, axis=1, keepdims=True), np.float32)

    def spelled(self, written: Written) -> Floats:
        """What each different word is: its letters, and itself where it is known."""
        rows = np.asarray(written.letters @ self.runs, np.float32)
        is_known = written.known >= 0
        rows[is_known] += self.words[written.known[is_known]]
        return rows


def shifted(words: Floats) -> list[Floats]:
    """Texts' words, a row a word, once as they stand and once for each word before. `words` has `BEFORE` empty words
    before each text's own and empty ones behind."""
    own = words.shape[1] - BEFORE
    return [words[:, BEFORE - by : BEFORE - by + own].reshape(-1, WIDTH) for by in range(BEFORE + 1)]


def forward(
    net: Net,
    words: Sequence[Floats],
    counts: Floats,
    *,
    findings_kept: Sequence[Floats] = (),
    mean_kept: Floats | None = None,
) -> Floats:
    """Each label's score, a row a text, from `shifted` words. `counts` is how many of a text's are not empty; what is
    given as kept is multiplied in while it learns.

    It is made of operators alone, so that `autograd` can follow it.
    """
    texts = len(counts)
    total = net.labels
    for number, window in enumerate(WINDOWS):
        heard = words[0] @ net.filters[number][0]
        for before in range(1, window):
            heard = heard + words[before] @ net.filters[number][before]
        found = heard.reshape((texts, -1, FILTERS)).max(axis=1) + net.thresholds[number]
        found = found * (found > 0)
        if findings_kept:
            found = found * findings_kept[number]
        total = total + found @ net.found[number]
    mean = words[0].reshape((texts, -1, WIDTH)).sum(axis=1) / np.sqrt(np.maximum(counts, 1))[:, None]
    if mean_kept is not None:
        mean = mean * mean_kept
    scores: Floats = total + mean @ net.mean
    return scores
