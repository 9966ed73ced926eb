"""One line of the campaign's table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Size(StrEnum):
    """`FULL` takes hours and makes the table; `SMALL` takes minutes and shows that guard and control do their part."""

    FULL = "full"
    SMALL = "small"

    def pick(self, *, full: int, small: int) -> int:
        """A count of this size."""
        return full if self is Size.FULL else small


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was done, and what came of it with and without the guard.

    `has_control_failed`: the control broke the promise, so that it is the guard that keeps it, and not the drill that
    is too weak to break anything.
    """

    name: str
    size: Size
    done: str
    promised: str
    seen: str
    control: str
    is_kept: bool
    has_control_failed: bool
