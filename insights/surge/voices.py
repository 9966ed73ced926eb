"""Deduplication of reporters, who speaks in a report: one customer who writes five times is one voice, and a batch
entered by staff is none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

_AT_ONCE = 5
"""So many of one source in one second are an import: from then on none of that second counts."""
_RUN = 4
"""So many entries in a row show an author's pace."""
_FASTER_THAN_CALLS = 60.0
"""Seconds: nobody takes down call after call with less than a minute between."""
_EVEN = 0.1
"""Gaps that differ by less than this share of their mean are a machine's or a list's."""
_AUTHORS_KEPT = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class SurgeEvent:
    """A report as surge detection sees it.

    `keys` are its dimensions, those it lacks left out: `{"service": "checkout", "place": "EU"}`. `reporter` is who has
    the problem, `entered_by` who typed the report if that is somebody else, `source` the channel.
    """

    at: datetime
    keys: Mapping[str, str]
    source: str = ""
    reporter: str | None = None
    entered_by: str | None = None
    is_batch: bool = False


class Batches:
    """Recognises batches: said so, by a staff source, by an author's pace, by many at the same second."""

    def __init__(self, *, staff_sources: frozenset[str]) -> None:
        self._staff_sources = staff_sources
        self._second: tuple[int, dict[str, int]] = (0, {})
        self._entries: dict[str, deque[float]] = {}

    def has(self, event: SurgeEvent) -> bool:
        """Whether this report is part of a batch; to be asked once for each, in order."""
        seconds = event.at.timestamp()
        at_once = self._at_once(event.source, int(seconds))
        paced = event.entered_by is not None and self._is_paced(event.entered_by, seconds)
        return event.is_batch or event.source in self._staff_sources or at_once > _AT_ONCE or paced

    def _at_once(self, source: str, second: int) -> int:
        if self._second[0] != second:
            self._second = (second, {})
        counts = self._second[1]
        counts[source] = counts.get(source, 0) + 1
        return counts[source]

    def _is_paced(self, author: str, seconds: float) -> bool:
        entries = self._entries.pop(author, None) or deque(maxlen=_RUN)
        entries.append(seconds)
        self._entries[author] = entries
        if len(self._entries) > _AUTHORS_KEPT:
            del self._entries[next(iter(self._entries))]
        if len(entries) < _RUN:
            return False
        gaps = [after - before for before, after in pairwise(entries)]
        mean = sum(gaps) / len(gaps)
        return max(gaps) < _FASTER_THAN_CALLS or max(gaps) - min(gaps) < _EVEN * mean
