"""The command that a private note is: its first words are `/liaison`, and nothing stands before them."""

from __future__ import annotations

import re

from incidents.commands.typed import LONGEST
from incidents.texts.markup import looks_like_markup, text_of_markup
from incidents.texts.plain_text import visible

_READ = 40_000
_BEGINS = re.compile(r"[/!]liaison(?=[\s:,]|$)[ \t:,]*", re.IGNORECASE)
_ENDS = re.compile(r"^(?:--\s?$|—\s?$|[ \t]{0,10}[>|]|\(Attached: )")
"""A signature, a quoted mail, or what a connector of ours tells beside the words: no part of a command."""


def command_in(text: str) -> str | None:
    """The words after `/liaison` (or `!liaison`, where a slash opens the helpdesk's own menu); None for any other note.

    Not a word that is quoted: in a block that the helpdesk marks as such, or in a line that begins with `>`.
    """
    text = text[:_READ]
    if looks_like_markup(text):
        text = text_of_markup(text)
    lines = visible(text).lstrip()[:LONGEST].splitlines()
    if not lines:
        return None
    begin = _BEGINS.match(lines[0])
    if begin is None:
        return None
    words = [lines[0][begin.end() :]]
    for line in lines[1:]:
        if _ENDS.match(line):
            break
        words.append(line)
    return "\n".join(words).strip()


def first_command(words: str) -> str:
    """A command without the lines from the next one on."""
    first, *others = words.splitlines() or [""]
    more = next((place for place, line in enumerate(others) if _BEGINS.match(line.lstrip())), len(others))
    return "\n".join([first, *others[:more]]).strip()


def more_commands(words: str) -> bool:
    """Whether another line of a command is one more: one a note is obeyed."""
    return any(_BEGINS.match(line.lstrip()) for line in words.splitlines()[1:])
