"""What a pruning removed, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """So many of a kind, older than `kept`, are gone. `is_all` is False where the rest is left to the next night."""

    what: str
    count: int
    kept: timedelta
    is_all: bool = True
