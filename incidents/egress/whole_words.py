"""Many values, taken out of a text where they stand in it as whole words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection

_WORD = re.compile(r"\w+")


class WholeWords:
    """Of an incident with thousands of tickets these are thousands of names, numbers and subjects, of which a text has
    a few. So they are found by their first word: one pattern of them all would take a second to compile, and as long
    for each text."""

    def __init__(self, values: Collection[str], *, instead: str) -> None:
        self._instead = instead
        self._by_first_word: defaultdict[str, list[str]] = defaultdict(list)
        for value in values:
            found = _WORD.search(value)
            # Where it stands whole in a text, its first word does, too. Of signs alone: always looked for.
            self._by_first_word[found.group() if found else ""].append(value)

    def taken_out(self, text: str) -> str:
        """The text without any of them; the longest goes first where several begin at one place."""
        words = {"", *_WORD.findall(text)} & self._by_first_word.keys()
        there = [value for word in words for value in self._by_first_word[word] if value in text]
        if not there:
            return text
        any_of_them = "|".join(re.escape(one) for one in sorted(there, key=len, reverse=True))
        # Whole words: the tier "pro" is not in "problem", and #1 not in #12.
        return re.sub(rf"(?<!\w)(?:{any_of_them})(?!\w)", lambda _: self._instead, text)
