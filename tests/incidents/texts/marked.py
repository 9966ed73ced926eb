"""What of a text is a sentence of the catalogues, what is a value in one, and what is neither: read in the language
`incidents.texts.team.MARKED`, which marks the first two.

Data in such a test is written in Greek letters. So a Latin word outside of a sentence is ours and in no catalogue, but
for `TERMS`: units, names of connections, addresses, and what somebody types.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

_ENDS = {"⟧": "⟦", "⟫": "⟪"}
_LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]*")
TERMS = re.compile(
    r"https?://\S+|\bINC-[0-9]+|\b[a-z]+/[a-z-]+(?:#[0-9]+)?|\bUTC\b|\b[0-9]+ (?:h|min|s)\b|\bLiaison\b|\brun (?=[α-ω])"
)
_READ_OUT = ("alt", "aria-description", "aria-label", "content", "label", "placeholder", "title")
"""Attributes that a person reads, or is read; `data-` ones are what a script says. Of buttons nobody reads `value`."""
_TYPED = ("code",)


@dataclass(frozen=True, kw_only=True)
class Read:
    """Words of ours that are in no sentence, and the sentences as the code has them, each value as `{}`."""

    loose: Sequence[str]
    sentences: frozenset[str]


def read(*texts: str) -> Read:
    """Of plain texts, each whole."""
    loose, sentences = list[str](), set[str]()
    for text in texts:
        said = _Said()
        said.take(text)
        loose += said.loose()
        sentences |= said.sentences
    return Read(loose=loose, sentences=frozenset(sentences))


def read_page(html: str) -> Read:
    """Of a page: its text, whatever elements a sentence goes across, and each attribute that is read by itself."""
    page = _Page()
    page.feed(html)
    page.close()
    attributes = read(*page.attributes)
    return Read(
        loose=[*page.said.loose(), *attributes.loose],
        sentences=frozenset(page.said.sentences) | attributes.sentences,
    )


def nameless(sentence: str) -> str:
    """A sentence of the code as it is found in `Read.sentences`."""
    return re.sub(r"\{\w*\}", "{}", sentence)


class _Said:
    """Reads on, as sentences begin and end."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[str]]] = [("", [])]
        self._outside: list[str] = []
        self.sentences: set[str] = set()

    def take(self, text: str) -> None:
        for character in text:
            if character in _ENDS.values():
                self._open[-1][1].append("{}" if character == "⟪" else "")
                self._open.append((character, []))
            elif character in _ENDS:
                mark, inside = self._open.pop()
                assert mark == _ENDS[character], (
                    f"{''.join(inside)}: what begins with {mark} ends with {character}"
                )
                if mark == "⟦":
                    self.sentences.add("".join(inside))
                # What stands side by side is not one word.
                self._outside.append(" ")
            else:
                self._open[-1][1].append(character)
                if self._open[-1][0] != "⟦":
                    self._outside.append(character)

    def loose(self) -> list[str]:
        assert len(self._open) == 1, f"a sentence does not end: {self._open[-1]}"
        return _LATIN.findall(TERMS.sub(" ", "".join(self._outside)))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said = _Said()
        self.attributes: list[str] = []
        self._typed = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._typed += tag in _TYPED
        if tag != "meta":
            self.attributes += [
                value or "" for name, value in attrs if name in _READ_OUT or name.startswith("data-")
            ]

    def handle_endtag(self, tag: str) -> None:
        self._typed -= tag in _TYPED

    def handle_data(self, data: str) -> None:
        if not self._typed:
            self.said.take(data)
