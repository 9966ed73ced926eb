"""Text as a reader sees it: nothing invisible, nothing that turns lines round, no longer than asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls; tab and line feed stay
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers, selectors
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero-width, bidirectional overrides and isolates
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"  # fillers, variation selectors, byte order mark
    "\ud800-\udfff"  # lone surrogates: no encoder takes them
    "\ue000-\uf8ff"  # private use: means something else on every machine
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags and more selectors: text that only machines read
    "\U000f0000-\U0010ffff"
    "]"
)


_REPLACEMENT = "\ufffd"


def storable(text: str) -> str:
    """The text as every store and encoder takes it: U+FFFD stands for each NUL and each half character.

    Nothing else is changed, so it is what a text from outside goes through; `visible` is for what people read.
    """
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", _REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def printable(text: str) -> str:
    """The storable text with U+FFFD for each control character too; line ends become `\\n`, all else stays."""
    return _CONTROLS.sub(_REPLACEMENT, storable(text.replace("\r\n", "\n").replace("\r", "\n")))


def visible(text: str) -> str:
    """The text without characters a reader cannot see; line ends become `\\n`."""
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """The visible text on one line, white space collapsed."""
    return " ".join(visible(text).split())


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them an ellipsis when something is missing."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…" if limit > 0 else ""


def counted(count: int, what: str) -> str:
    """`1 customer`, `9 customers`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`; did you mean 'payments'?`, or what there is to choose from."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    shown = ", ".join(sorted(known)[:10])
    return f"; there is: {shown}" if shown else f"; add {word!r} or remove this"
