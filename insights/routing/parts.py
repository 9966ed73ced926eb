"""Bags of parts, a column each: phrases, or a ticket's fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from insights.routing.word_pairs import Ids


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """`shown` is what people are told a part of several words is, `phrase`; empty if a part says it itself.

    `seen` is in how many texts each part was.
    """

    names: tuple[str, ...]
    ids: dict[str, int]
    seen: Ids
    split: Callable[[str], list[str]]
    shown: str

    @classmethod
    def learn(
        cls,
        texts: Sequence[str],
        split: Callable[[str], list[str]],
        *,
        seen: int,
        most: int,
        shown: str = "",
    ) -> Parts:
        """Keeps parts that are in `seen` texts or more, the `most` frequent of them."""
        counts = Counter(part for text in texts for part in set(split(text)))
        often = [part for part, count in counts.items() if count >= seen]
        # Ties go by the alphabet, so that the same history always makes the same model.
        names = tuple(sorted(often, key=lambda part: (-counts[part], part))[:most])
        return cls(
            names=names,
            ids={part: number for number, part in enumerate(names)},
            seen=np.array([counts[part] for part in names], np.int64),
            split=split,
            shown=shown,
        )

    @property
    def columns(self) -> int:
        """How many parts are known."""
        return len(self.names)

    def found(self, text: str) -> Ids:
        """The columns of its parts, each as often as it occurs; what was not learnt is left out."""
        return np.array([self.ids[part] for part in self.split(text) if part in self.ids], np.int64)

    def name(self, column: int) -> str:
        """What the column stands for, for people."""
        part = self.names[column]
        if not self.shown:
            return part
        return f'{self.shown} "{part}"' if " " in part else f'word "{part}"'
