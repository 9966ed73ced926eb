"""Words of a ticket's text, as routing and similarity read them: lower case, endings cut, names taken apart.

Text is hostile: only its beginning is read, nothing in it is interpreted, and every text has words or has none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

LOOKED_AT = 4_000
"""Characters of a text that are read: what matters is said early, and a pasted log must not cost seconds."""

LONGEST_WORD = 40
"""Longer runs of letters are cut: encoded attachments and keys are no words."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[£$€]")
_NAME = re.compile(r"[A-Za-z0-9_.\-#$]+|[^\W_]+")
_SPLIT = re.compile(r"[.\-#$_]+")
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_ENDINGS = ("ations", "ation", "ingly", "ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "e")
_SHORT_FORMS = (
    (re.compile(r"\bwon['’]?t\b"), "will not"),
    (re.compile(r"\bcan['’]?t\b|\bcannot\b"), "can not"),
    (re.compile(r"n['’]t\b"), " not"),
    (re.compile(r"\b(did|does|do|is|was|has|have|would|should|could)nt\b"), r"\1 not"),
    (re.compile(r"['’](?:m|ve|ll|re|s|d)\b"), ""),
    (re.compile(r"(\w)-(\w)"), r"\1\2"),
)
_IRREGULAR = {
    form: verb
    for verb, forms in {
        "be": "am is are was were been being",
        "have": "has had having",
        "do": "did does done doing",
        "get": "got gotten getting",
        "go": "went gone goes",
        "make": "made",
        "pay": "paid",
        "send": "sent",
        "take": "took taken",
        "steal": "stole stolen",
        "lose": "lost",
        "buy": "bought",
        "see": "saw seen",
        "find": "found",
        "give": "gave given",
        "forget": "forgot forgotten",
        "tell": "told",
        "say": "said",
        "come": "came",
        "withdraw": "withdrew withdrawn",
        "choose": "chose chosen",
        "leave": "left",
        "spend": "spent",
        "keep": "kept",
        "break": "broke broken",
        "write": "wrote written",
        "begin": "began begun",
    }.items()
    for form in forms.split()
}


def plain(text: object) -> str:
    """The beginning of a text in one form of Unicode; nothing (None, NaN) is the empty text."""
    if not isinstance(text, str):
        return "" if text is None or text != text else str(text)[:LOOKED_AT]  # noqa: PLR0124 - NaN
    return unicodedata.normalize("NFKC", text[:LOOKED_AT])[:LOOKED_AT]


def words(text: str) -> list[str]:
    """Its words and currency signs in lower case, in order."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(text.lower())]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The word without one common English ending; irregular verbs by a table. Crude on purpose: fast, no dictionary."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending in _ENDINGS:
        if len(word) > len(ending) + 2 and word.endswith(ending):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]  # stopped: stopp, stop
    return word[:-1] + "y" if word.endswith("i") else word


def stems(text: str) -> list[str]:
    """Its words as stems, with short forms opened: `isn't` is `be not`, whatever apostrophe was typed."""
    text = text.lower()
    for short, long in _SHORT_FORMS:
        text = short.sub(long, text)
    return [stem(word) for word in words(text)]


def phrases(text: str) -> list[str]:
    """Words, and each two that stand side by side, with marks for the text's two ends."""
    found = words(text)
    marked = ["<", *found, ">"] if found else []
    return found + [f"{first} {second}" for first, second in pairwise(marked)]


def terms(text: str) -> list[str]:
    """Words for search: stems, and technical names whole and in parts.

    `S3AInputStream.close` gives itself and `s`, `3`, `a`, `input`, `stream`, `close` but those of one letter.
    """
    found: list[str] = []
    for match in _NAME.findall(text):
        name = match.strip(".-#$_")[: 2 * LONGEST_WORD]
        if not name:
            continue
        parts = [part for piece in _SPLIT.split(name) for part in _HUMP.findall(piece)]
        if len(parts) > 1:
            found.append(name.lower())
            found += [stem(part.lower()) for part in parts if len(part) > 1]
        else:
            found.append(stem(name.lower()))
    return found
