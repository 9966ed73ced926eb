"""Readers beside the linear model: one that reads words without their endings, and one that reads them as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.routing.confidence import Floats
from insights.routing.reader import Reader

READERS = 2
"""Two are surer than one; four were not surer than two (docs/insights.md)."""

MOST_TEXTS = 20_000
"""The latest so many texts are read to learn. Of more the words alone know enough, and reading takes longer."""

LINEAR_SHARE, READERS_SHARE = 5.0, 1.25
"""What a linear score and the readers' mean log-probability count, in log-odds. From 1 to 1.5 for the readers it makes
no difference that shows."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Committee:
    """Without readers the linear model decides alone."""

    readers: tuple[Reader, ...] = ()

    @classmethod
    def fit(
        cls, texts: Sequence[str], truth: NDArray[np.int64], labels: int, *, seed: int, readers: int = READERS
    ) -> Committee:
        """From texts in order of time; none at all make a committee without readers."""
        if not any(texts):
            return cls()
        # Only who trains one needs it.
        from insights.routing.reader_fit import fit_reader  # noqa: PLC0415

        latest, known = texts[-MOST_TEXTS:], truth[-MOST_TEXTS:]
        return cls(
            readers=tuple(
                fit_reader(latest, known, labels, is_stemmed=number % 2 == 0, seed=seed + number)
                for number in range(readers)
            )
        )

    def joined(self, linear: Floats, texts: Sequence[str]) -> Floats:
        """The linear scores of these texts, and what the readers say of them."""
        if not self.readers:
            return linear
        read = np.mean([reader.scores(texts) for reader in self.readers], axis=0)
        return LINEAR_SHARE * linear + READERS_SHARE * np.asarray(read, np.float64)
