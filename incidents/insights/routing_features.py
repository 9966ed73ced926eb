"""A ticket as a row of numbers for a linear model: its text (words and pairs, phrases, letters) and its fields.

Each kind of feature is a block of its own, brought to length one, so that a long text does not drown the fields,
nor many letters the words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from incidents.insights.routing_letters import LetterRuns
from incidents.insights.routing_word_pairs import WordPairs
from incidents.insights.text import phrases, plain

MOST_PHRASES = 150_000
CROSSED = 6
"""The first so many fields are also taken two at a time: `category 3 and location 7` is a fact of its own."""

SEEN = 2
"""A field's value, and a pair of values, counts from so many tickets on."""

_LONGEST_VALUE = 200
_BETWEEN = "\x1f"


@dataclass(frozen=True, kw_only=True, eq=False)
class Listed:
    """What a text is split into, each part a column: phrases, or a ticket's fields."""

    vectorizer: CountVectorizer | None
    names: tuple[str, ...]
    shown: str

    @classmethod
    def learn(
        cls,
        texts: Sequence[str],
        split: Callable[[str], list[str]],
        *,
        seen: int,
        most: int | None = None,
        shown: str = "",
    ) -> Listed:
        """`seen` is in how many texts a part must be to count; `shown` is what people are told it is."""
        vectorizer = CountVectorizer(analyzer=split, min_df=seen, max_features=most, dtype=np.float32)
        try:
            vectorizer.fit(texts)
        except ValueError:  # scikit-learn's way to say that no column is left
            return cls(vectorizer=None, names=(), shown=shown)
        return cls(vectorizer=vectorizer, names=tuple(vectorizer.get_feature_names_out()), shown=shown)

    @property
    def columns(self) -> int:
        return len(self.names)

    def counts(self, texts: Sequence[str]) -> sparse.csr_matrix:
        if self.vectorizer is None:
            return sparse.csr_matrix((len(texts), 0), dtype=np.float32)
        return sparse.csr_matrix(self.vectorizer.transform(texts))

    def name(self, column: int) -> str:
        return f'{self.shown} "{self.names[column]}"' if self.shown else self.names[column]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Block:
    """One kind of feature. `scale` is None for fields: a rare value says no more than a frequent one."""

    counter: WordPairs | LetterRuns | Listed
    scale: TfidfTransformer | None

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        counts = self.counter.counts(texts)
        return normalize(counts if self.scale is None else self.scale.transform(counts))


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Learnt from tickets. `text` and `fields` name the columns of a frame that are read."""

    text: tuple[str, ...]
    fields: tuple[str, ...]
    of_text: tuple[_Block, ...]
    of_fields: tuple[_Block, ...]

    @classmethod
    def learn(cls, tickets: pd.DataFrame, *, text: tuple[str, ...], fields: tuple[str, ...]) -> Features:
        of_text: list[_Block] = []
        if text:
            texts = _texts(tickets, text)
            for counter in (
                WordPairs.learn(texts),
                Listed.learn(texts, phrases, seen=1, most=MOST_PHRASES, shown="phrase"),
                LetterRuns.learn(texts),
            ):
                if counter.columns:
                    scale = TfidfTransformer(sublinear_tf=True).fit(counter.counts(texts))
                    of_text.append(_Block(counter=counter, scale=scale))
        values = Listed.learn(_values(tickets, fields), _split, seen=SEEN)
        return cls(
            text=text,
            fields=fields,
            of_text=tuple(of_text),
            of_fields=(_Block(counter=values, scale=None),) if values.columns else (),
        )

    @property
    def columns(self) -> int:
        return sum(block.counter.columns for block in (*self.of_text, *self.of_fields))

    def matrix(self, tickets: pd.DataFrame) -> sparse.csr_matrix:
        """One row a ticket. A ticket of which nothing is known is a row of zeros."""
        blocks: list[sparse.csr_matrix] = []
        if self.of_text:
            texts = _texts(tickets, self.text)
            blocks += [block.rows(texts) for block in self.of_text]
        if self.of_fields:
            values = _values(tickets, self.fields)
            blocks += [block.rows(values) for block in self.of_fields]
        if not blocks:
            return sparse.csr_matrix((len(tickets), 0), dtype=np.float32)
        return sparse.csr_matrix(normalize(sparse.hstack(blocks, format="csr")))

    def name(self, column: int) -> str:
        """What a column stands for, for people: `word "card"`, `category is 53`."""
        for block in (*self.of_text, *self.of_fields):
            if column < block.counter.columns:
                return block.counter.name(column)
            column -= block.counter.columns
        raise IndexError(f"there is no column {column} more")


def _texts(tickets: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
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
