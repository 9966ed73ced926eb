"""Text retrieval, which reports share which words: an inverted index that grows, and exact overlaps for a few
candidates.

Rarity is counted as of now, so what was added first is weighed like what was added last, in whatever order it came.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.text import plain, terms

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_TERMS = 150
"""Different words of a report that are kept: its first ones."""

READ = 20_000
"""Entries of the index that are read for one question, of the rarest words first; commoner ones find nobody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlaps:
    """Three views of how alike two texts are, each from 0 to 1, an entry a candidate.

    `text` and `title` are cosines of rarity-weighted words; `title_in_text` is how much of the new report's title
    the candidate says anywhere.
    """

    text: Floats
    title: Floats
    title_in_text: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """The different words of a report's title, and those that only its body has."""

    title: tuple[str, ...]
    body: tuple[str, ...]

    @classmethod
    def of(cls, title: str, body: str) -> Said:
        """The words of a report, each once, the title's first, up to a limit."""
        first = dict.fromkeys(terms(plain(title)))
        rest = dict.fromkeys(word for word in terms(plain(body)) if word not in first)
        titles = tuple(first)[:MOST_TERMS]
        return cls(title=titles, body=tuple(rest)[: MOST_TERMS - len(titles)])


class TermIndex:
    """Reports are numbered as they are added, from 0."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: list[str] = []
        self._postings: list[array[int]] = []
        self._seen = array("i")
        self._terms = array("i")
        self._title_ends = array("q")
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._title_ends)

    def add(self, said: Said) -> None:
        """The words of the next report; reports are numbered in the order in which they come."""
        number = len(self)
        for word in (*said.title, *said.body):
            term = self._ids.setdefault(word, len(self._words))
            if term == len(self._words):
                self._words.append(word)
                self._postings.append(array("i"))
                self._seen.append(0)
            self._terms.append(term)
            self._postings[term].append(number)
            self._seen[term] += 1
        self._title_ends.append(self._ends[-1] + len(said.title))
        self._ends.append(len(self._terms))

    def find(self, said: tuple[str, ...], most: int, *, since: int = 0) -> Ids:
        """The reports, of those numbered `since` or later, that share the most of these words, in no order."""
        usable = sorted((self._seen[term], term) for term in self._known(said))
        read = np.searchsorted(np.cumsum([size for size, _ in usable]), READ, side="right")
        lists = [np.frombuffer(self._postings[term], np.int32) for _, term in usable[:read]]
        if not lists:
            return np.empty(0, np.int64)
        sizes = [len(one) for one in lists]
        weights = np.repeat(self._rarity(np.array(sizes, float)), sizes)
        found = np.concatenate(lists).astype(np.int64) - since
        recent = found >= 0
        shared = np.bincount(found[recent], weights[recent])
        hits = np.flatnonzero(shared > 0)
        # Of equally similar ones the newest: it is the likelier to be about what is going on now.
        key = shared[hits] + 1e-9 * hits
        if len(hits) > most:
            hits = hits[np.argpartition(-key, most)[:most]]
        return hits + since

    def overlaps(self, said: Said, candidates: Ids) -> Overlaps:
        """How much of its words the text shares with each candidate, weighted by rarity."""
        titles, bodies = self._known(said.title), self._known(said.body)
        unknown_titles = len(said.title) - len(titles)
        unknown = unknown_titles + len(said.body) - len(bodies)
        ask = np.zeros(len(self._words) + 1, np.int8)
        ask[bodies] = 1
        ask[titles] = 2
        # A word that nobody used yet is as rare as can be.
        rarest = float(self._rarity(np.zeros(1))[0]) ** 2
        own_titles = float(self._squares(np.array(titles, np.int64)).sum()) + unknown_titles * rarest
        own = float(self._squares(np.array(titles + bodies, np.int64)).sum()) + unknown * rarest

        starts, title_ends, ends = self._spans(candidates)
        places, owner = _ranges(starts, ends)
        term = np.frombuffer(self._terms, np.int32)[places] if len(places) else np.empty(0, np.int32)
        squares = self._squares(term)
        is_title = places < title_ends[owner]
        count = len(candidates)

        def total(mask: NDArray[np.bool_]) -> Floats:
            return np.bincount(owner[mask], squares[mask], count).astype(np.float64)

        asked = ask[term]
        every = np.ones(len(term), np.bool_)
        return Overlaps(
            text=_cosine(total(asked > 0), own, total(every)),
            title=_cosine(total((asked == 2) & is_title), own_titles, total(is_title)),
            title_in_text=total(asked == 2) / own_titles if own_titles else np.zeros(count),
        )

    def shared(self, said: Said, number: int) -> list[tuple[str, float]]:
        """The words that it shares with one report, the rarest first, with their rarity."""
        both = set(self._known((*said.title, *said.body)))
        both &= set(self._terms[self._ends[number] : self._ends[number + 1]])
        rarity = self._rarity(np.array([self._seen[term] for term in both], float))
        weighed = [(self._words[term], float(one)) for term, one in zip(both, rarity, strict=True)]
        return sorted(weighed, key=lambda one: (-one[1], one[0]))

    def _known(self, said: tuple[str, ...]) -> list[int]:
        return [self._ids[word] for word in said if word in self._ids]

    def _spans(self, candidates: Ids) -> tuple[Ids, Ids, Ids]:
        ends = np.frombuffer(self._ends, np.int64)
        return ends[candidates], np.frombuffer(self._title_ends, np.int64)[candidates], ends[candidates + 1]

    def _squares(self, term: NDArray[np.integer]) -> Floats:
        seen = np.frombuffer(self._seen, np.int32)[term] if len(term) else np.empty(0)
        return np.asarray(self._rarity(seen) ** 2, np.float64)

    def _rarity(self, seen: Floats) -> Floats:
        """Inverse document frequency as BM25 has it (Robertson, Zaragoza 2009), never below zero."""
        return np.log1p((len(self) - seen + 0.5) / (seen + 0.5))


def _ranges(starts: Ids, ends: Ids) -> tuple[Ids, Ids]:
    """All numbers of all spans one after the other, and which span each is of."""
    sizes = ends - starts
    owner = np.repeat(np.arange(len(starts)), sizes)
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + starts[owner], owner


def _cosine(shared: Floats, own: float, theirs: Floats) -> Floats:
    return np.asarray(shared / np.sqrt(np.maximum(own * theirs, 1e-12)), np.float64)
