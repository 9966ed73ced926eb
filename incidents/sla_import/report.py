"""Lines of the report that only service levels have."""

from __future__ import annotations

from incidents.imports.report import Fate, ImportLine
from incidents.service_levels import Priority, Unread


def left(what: str, unread: Unread) -> ImportLine:
    """The line for something that the connector could not read; `what` is the whole that it is a part of."""
    named = f"{what}, {unread.what}" if what else unread.what
    return ImportLine(fate=Fate.LEFT, what=named, words=unread.why, cure=unread.cure)


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
