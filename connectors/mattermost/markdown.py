"""Our words as Mattermost's Markdown: whatever a text says, in Mattermost it is only ever text.

Mattermost has no plain text: each message is Markdown, with mentions (`@here`), channel links (`~town-square`),
hashtags, emoji and addresses that become links by themselves. What stands in a code span is none of these, for
readers and for the server that tells whom it calls. So words that hold nothing special go as they are, others as
code, piece by piece.

https://docs.mattermost.com/collaborate/format-messages.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from incidents.texts.plain_text import printable

MAX_MESSAGE = 16_000
"""Letters; Mattermost takes 16,383 (`PostMessageMaxRunesV2`)."""
CUT = " … (cut)"
NOTHING = "(no text)"
_SPACES = re.compile(r"([ \t\n]+)")
_SPECIAL = re.compile(
    r"[@~#<>\[\]\\`*_|^{}$]"
    r"|&[#\w]+;"  # an entity
    r"|//|www\.|[A-Za-z]:\w"  # what becomes a link
    r"|[:;](?=[^\s\w])|:\w+:|^[x8]-?[)pd]$",  # what becomes a face
    re.IGNORECASE,
)
_BEGINS_A_BLOCK = re.compile(r"[-+=]+|\d+[.)]")
"""At the beginning of a line: a list, a heading, a rule."""
_DEEP = re.compile(r"^[ \t]{4,}", re.MULTILINE)  # what begins a block of code


def marked(words: str) -> str:
    """The text as Markdown that shows just this text."""
    pieces = _SPACES.split(_DEEP.sub("   ", printable(words)))
    out: list[str] = []
    begins_line = True
    for piece in pieces:
        is_special = _SPECIAL.search(piece) or (begins_line and _BEGINS_A_BLOCK.fullmatch(piece))
        out.append(_code(piece) if is_special else piece)
        if piece:
            begins_line = "\n" in piece or (begins_line and piece.isspace())
    return "".join(out)


def fitting(build: Callable[[str], str], words: str, limit: int = MAX_MESSAGE) -> str:
    """What is built of as much of the text as fits."""
    words = printable(words)
    if not words.strip():
        words = NOTHING
    if len(words) <= limit and len(whole := build(words)) <= limit:
        return whole
    fits, too_much = 0, min(len(words), limit)
    while too_much - fits > 1:
        middle = (fits + too_much) // 2
        if len(build(words[:middle] + CUT)) <= limit:
            fits = middle
        else:
            too_much = middle
    return build(words[:fits] + CUT)


def _code(piece: str) -> str:
    longest = max(map(len, re.findall("`+", piece)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if piece.startswith("`") or piece.endswith("`") else ""
    return f"{fence}{pad}{piece}{pad}{fence}"
