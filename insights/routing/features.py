"""Feature extraction, a ticket as a sparse row for a linear model: its text (words and pairs, phrases, letters) and
its fields.

Each kind of feature is a block of its own, brought to length one, so that a long text does not drown the fields,
nor many letters the words. Rows are made one by one in plain numpy: for one ticket scikit-learn's checks would
cost more than the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from insights.routing.letters import LetterRuns
from insights.routing.parts import Parts
from insights.routing.word_pairs import WordPairs
from insights.text import phrases, plain

MOST_PHRASES = 150_000
MOST_VALUES = 100_000
CROSSED = 6
"""The first so many fields are also taken two at a time: `category 3 and location 7` is a fact of its own."""

SEEN = 2
"""A field's value, and a pair of values, counts from so many tickets on."""

_LONGEST_VALUE = 200
_BETWEEN = "\x1f"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SparseRow:
    """What is known of a ticket: columns, ascending, and their values."""

    columns: NDArray[np.int32]
    values: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Block:
    """One kind of feature. `rarity` is None for fields: a rare value says no more than a frequent one."""

    source: WordPairs | Parts | LetterRuns
    rarity: NDArray[np.float32] | None

    @classmethod
    def of(cls, source: WordPairs | Parts | LetterRuns, texts: int) -> _Block:
        """With the smoothed inverse document frequency, log((1 + n) / (1 + df)) + 1, as scikit-learn has it."""
        return cls(source=source, rarity=(np.log((1 + texts) / (1 + source.seen)) + 1).astype(np.float32))

    def row(self, text: str) -> SparseRow:
        columns, counts = np.unique(self.source.found(text), return_counts=True)
        values = (1 + np.log(counts)).astype(np.float32)
        if self.rarity is not None:
            values *= self.rarity[columns]
        return SparseRow(
            columns=columns.astype(np.int32), values=values / max(float(np.sqrt(values @ values)), 1e-12)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Learnt from tickets. `text` and `fields` name the columns of a frame that are read."""

    text: tuple[str, ...]
    fields: tuple[str, ...]
    of_text: tuple[_Block, ...]
    of_fields: tuple[_Block, ...]

    @classmethod
    def learn(cls, tickets: pd.DataFrame, *, text: tuple[str, ...], fields: tuple[str, ...]) -> Features:
        """Which words, pairs, phrases, runs of letters and fields' values become columns, from the tickets learnt
        from.
        """
        texts = texts_of(tickets, text)
        sources = (
            WordPairs.learn(texts),
            Parts.learn(texts, phrases, seen=1, most=MOST_PHRASES, shown="phrase"),
            LetterRuns.learn(texts),
        )
        values = Parts.learn(_values(tickets, fields), _split, seen=SEEN, most=MOST_VALUES)
        return cls(
            text=text,
            fields=fields,
            of_text=tuple(_Block.of(source, len(texts)) for source in sources if source.columns),
            of_fields=(_Block(source=values, rarity=None),) if values.columns else (),
        )

    @property
    def columns(self) -> int:
        """How many numbers a ticket is."""
        return sum(block.source.columns for block in (*self.of_text, *self.of_fields))

    def rows(self, tickets: pd.DataFrame) -> list[SparseRow]:
        """One row a ticket. A ticket of which nothing is known has a row without columns."""
        texts, values = texts_of(tickets, self.text), _values(tickets, self.fields)
        return [self._row(text, value) for text, value in zip(texts, values, strict=True)]

    def matrix(self, tickets: pd.DataFrame) -> sparse.csr_matrix:
        """The tickets' rows, one below the other, as scikit-learn takes them."""
        rows = self.rows(tickets)
        ends = np.cumsum([0, *(len(row.columns) for row in rows)])
        values = np.concatenate([row.values for row in rows])
        columns = np.concatenate([row.columns for row in rows])
        return sparse.csr_matrix((values, columns, ends), shape=(len(rows), self.columns))

    def name(self, column: int) -> str:
        """What a column stands for, for people: `word "card"`, `category is 53`."""
        for block in (*self.of_text, *self.of_fields):
            if column < block.source.columns:
                return block.source.name(column)
            column -= block.source.columns
        raise IndexError(f"there is no column {column} more")

    def is_part_of_words(self, column: int) -> bool:
        """Whether a column stands for letters inside of words, which nobody can read as a reason."""
        for block in (*self.of_text, *self.of_fields):
            if column < block.source.columns:
                return isinstance(block.source, LetterRuns)
            column -= block.source.columns
        raise IndexError(f"there is no column {column} more")

    def _row(self, text: str, values: str) -> SparseRow:
        offset, parts = 0, []
        for blocks, given in ((self.of_text, text), (self.of_fields, values)):
            for block in blocks:
                row = block.row(given)
                parts.append(SparseRow(columns=row.columns + np.int32(offset), values=row.values))
                offset += block.source.columns
        length = np.sqrt(max(sum(1 for part in parts if len(part.columns)), 1))
        values_of_all = np.concatenate([np.empty(0, np.float32), *(part.values for part in parts)]) / length
        return SparseRow(
            columns=np.concatenate([np.empty(0, np.int32), *(part.columns for part in parts)]),
            values=values_of_all.astype(np.float32),
        )


def texts_of(tickets: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
    """Each ticket's texts in one, a line a column."""
    if not columns:
        return [""] * len(tickets)
    return ["\n".join(parts) for parts in zip(*(map(plain, tickets[name]) for name in columns), strict=True)]


def _values(tickets: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
    """Each ticket's fields in one string: what is not given (None, NaN, empty) says nothing."""
    if not columns:
        return [""] * len(tickets)
    rows = zip(*(map(plain, tickets[name]) for name in columns), strict=True)
    return [_BETWEEN.join(_facts(columns, row)) for row in rows]


def _facts(columns: tuple[str, ...], row: tuple[str, ...]) -> list[str]:
    given = [
        (number, f"{name} is {value[:_LONGEST_VALUE].replace(_BETWEEN, ' ')}")
        for number, (name, value) in enumerate(zip(columns, row, strict=True))
        if value
    ]
    crossed = combinations([fact for number, fact in given if number < CROSSED], 2)
    return [fact for _, fact in given] + [f"{first} and {second}" for first, second in crossed]


def _split(values: str) -> list[str]:
    return values.split(_BETWEEN) if values else []
