"""What became of each thing that a helpdesk promises when it was taken over into the policy file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from incidents.service_levels import Priority, Unread
from incidents.texts.plain_text import one_line

SHOWN = 60
"""Letters shown of a name that somebody else has chosen."""


class Fate(StrEnum):
    """`DIFFERS`: it is in the policy file, but does not promise quite the same."""

    TAKEN = "taken"
    DIFFERS = "differs"
    LEFT = "left out"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportLine:
    """One thing: what became of it and why. `cure` is what a person can do, empty where nothing is to be done."""

    fate: Fate
    what: str
    words: str
    cure: str = ""

    @property
    def text(self) -> str:
        """All but its fate, on one visible line, whatever is in the names that strangers gave."""
        return one_line(f"{self.what}: {self.words}" + (f"; {self.cure}" if self.cure else ""))

    def __str__(self) -> str:
        return f"{self.fate:<8}  {self.text}"


def left(what: str, unread: Unread) -> ImportLine:
    """The line for something that the connector could not read; `what` is the whole that it is a part of."""
    named = f"{what}, {unread.what}" if what else unread.what
    return ImportLine(fate=Fate.LEFT, what=named, words=unread.why, cure=unread.cure)


def called(kind: str, name: str) -> str:
    """`SLA policy 'Gold'`, and no more of a long name than is needed to know it."""
    return f"{kind} {name[:SHOWN]!r}"


class PriorityNotes:
    """Lines about one policy's targets: what is equal for several priorities is told once, with all of them."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._priorities: dict[tuple[Fate, str, str, str], list[Priority]] = {}

    def add(self, fate: Fate, target: str, priority: Priority, words: str, cure: str) -> None:
        """Note what became of one target for one priority."""
        self._priorities.setdefault((fate, target, words, cure), []).append(priority)

    def lines(self) -> list[ImportLine]:
        """A line for each thing noted, in the order in which they were first noted."""
        return [
            ImportLine(
                fate=fate, what=f"{self._what}, {target} ({', '.join(priorities)})", words=words, cure=cure
            )
            for (fate, target, words, cure), priorities in self._priorities.items()
        ]
