"""A mark in a text: how a change is known again where a vendor has no field for a key of ours.

It is a short word made of `once`: it tells a reader nothing, fits any text, and is no markup anywhere. It proves
nothing by itself, since whoever can read it can write it: look it up only in what our own user wrote.
"""

from __future__ import annotations

import hashlib
import re

_DIGITS = 24
_MARK_LINE = re.compile(rf"\s*^Ref\. liaison-[0-9a-f]{{{_DIGITS}}}\s*\Z", re.MULTILINE)


def mark_of(once: str) -> str:
    """The mark of a key: the same for the same key, and of 96 bits, so that no two keys share one."""
    return f"liaison-{hashlib.sha256(once.encode()).hexdigest()[:_DIGITS]}"


def marked(text: str, once: str) -> str:
    """The text with the mark on a line of its own at its end."""
    return f"{text.rstrip()}\n\nRef. {mark_of(once)}"


def unmarked(text: str) -> str:
    """The text without the line that `marked` puts at its end."""
    return _MARK_LINE.sub("", text)


def carries_mark(text: str, once: str) -> bool:
    """Whether the text was marked with this key."""
    return mark_of(once) in text
