"""Where a text tells of a person: by name, by address, or in words that only this person wrote.

For erasing somebody who wants to be forgotten. What they wrote is known by its runs of four words, as excerpts are cut
and redacted; a run that other customers wrote too is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from incidents.redaction.redaction import redact

MASK = "[erased]"
RUN = 4
"""Words."""
_SHORTEST = 12
"""Letters of a text of fewer words that is somebody's own all the same."""
_TOKEN = re.compile(r"[^\W_]+(?:[@._+'’\-][^\W_]+)*")

Run = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Traces:
    """What a person is known by. `names` are of any number of words, `runs` what they wrote."""

    names: frozenset[Run]
    runs: frozenset[Run]

    @classmethod
    def of(cls, *, names: Iterable[str], texts: Iterable[str]) -> Traces:
        """From names and addresses, and from texts as they were written: masked forms of them are known too."""
        return cls(
            names=frozenset(run for name in names if len("".join(run := _words(name))) > 2),
            runs=frozenset(run for text in texts for form in (text, redact(text)) for run in _runs(form)),
        )

    def without(self, text: str) -> Traces:
        """Less what somebody else wrote too."""
        words = _words(text)
        common = {
            run for length in {len(run) for run in self.runs} for run in _windows(words, length)
        } & self.runs
        return Traces(names=self.names, runs=self.runs - common) if common else self

    def masked(self, text: str) -> str:
        """The text with `MASK` wherever it tells of the person."""
        spans = _merged(self._spans(text))
        for start, end in reversed(spans):
            text = f"{text[:start]}{MASK}{text[end:]}"
        return text

    def masked_json(self, value: Any) -> Any:
        """The same in every text of a JSON value; keys stay as they are."""
        if isinstance(value, str):
            return self.masked(value)
        if isinstance(value, dict):
            return {key: self.masked_json(item) for key, item in value.items()}
        return [self.masked_json(item) for item in value] if isinstance(value, list) else value

    def are_in(self, text: str) -> bool:
        """Whether it tells of the person."""
        return next(self._spans(text), None) is not None

    def are_in_json(self, value: Any) -> bool:
        """Whether any text of a JSON value does."""
        return any(self.are_in(text) for text in strings_of(value))

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        found = list(_TOKEN.finditer(text))
        words = [one[0].casefold() for one in found]
        wanted = self.names | self.runs
        for length in sorted({len(run) for run in wanted}):
            for at in range(len(words) - length + 1):
                if tuple(words[at : at + length]) in wanted:
                    yield found[at].start(), found[at + length - 1].end()


def strings_of(value: Any) -> Iterator[str]:
    """Every text in a JSON value; numbers as texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)


def _words(text: str) -> Run:
    return tuple(word.casefold() for word in _TOKEN.findall(text))


def _runs(text: str) -> Iterator[Run]:
    words = _words(text)
    if len(words) >= RUN:
        yield from _windows(words, RUN)
    elif len("".join(words)) >= _SHORTEST:
        yield words


def _windows(words: Run, length: int) -> Iterator[Run]:
    for at in range(len(words) - length + 1):
        yield words[at : at + length]


def _merged(spans: Iterable[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """In order, without overlap; neighbours that only white space parts are one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
