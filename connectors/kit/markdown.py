"""A text that stays a text where Markdown is rendered: the same to a reader, no markup to the vendor."""

from __future__ import annotations

import re

# A backslash makes a letter of what would be Markdown or HTML.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>!|~]")
_JOINER = "\u2060"


def inert_markdown(words: str, *, references: re.Pattern[str]) -> str:
    """No emphasis, link, image, code or HTML, and none of the references: vendors find those before anything else."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", unreferenced(words, references))


def unreferenced(words: str, references: re.Pattern[str]) -> str:
    """What `references` finds, such as the sign of a mention, is broken by an invisible letter after it."""
    return references.sub(lambda found: found[0] + _JOINER, words)
