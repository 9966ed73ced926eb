"""What became of each thing when it was taken over into the policy file: one shape for every importer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from incidents.texts.plain_text import one_line

SHOWN = 60
"""Letters shown of a name that somebody else has chosen."""


class Fate(StrEnum):
    """`DIFFERS`: it is in the policy file, but is not quite the same there."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """`text` is YAML with the sections that were made, to stand in a policy file."""

    text: str
    lines: tuple[ImportLine, ...]

    def count(self, fate: Fate) -> int:
        """How many lines of the report have this fate."""
        return sum(line.fate is fate for line in self.lines)


def called(kind: str, name: str) -> str:
    """`SLA policy 'Gold'`, and no more of a long name than is needed to know it."""
    return f"{kind} {name[:SHOWN]!r}"
