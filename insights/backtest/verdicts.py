"""Words by which exports say whether a promise was kept: yes and no, `SLA Violated`, `-12:30` left of its time."""

from __future__ import annotations

import re

_YES = frozenset({"1", "true", "yes", "y", "t"})
_NO = frozenset({"0", "false", "no", "n", "f"})
# Freshdesk, HubSpot, Intercom, and what people map.
_BROKEN = frozenset(
    {
        "breached", "failed", "late", "missed", "not met", "out of sla", "overdue", "sla breached",
        "sla completed late", "sla missed", "sla overdue", "sla violated", "violated",
    }
)  # fmt: skip
_KEPT = frozenset(
    {
        "achieved", "hit", "in sla", "kept", "met", "not breached", "on time", "sla completed on time", "sla met",
        "within sla",
    }
)  # fmt: skip
_LEFT = re.compile(r"(-?)\s*[0-9]+:[0-9]{2}(?::[0-9]{2})?")
"""Jira Service Management's: hours and minutes that were left, with a minus when they were not enough."""


def is_broken(cell: str) -> bool | None:
    """Of a column that says whether a promise was broken; None for a word that says neither."""
    word = _word(cell)
    left = _LEFT.fullmatch(word)
    if left is not None:
        return bool(left[1])
    return True if word in _YES | _BROKEN else False if word in _NO | _KEPT else None


def is_kept(cell: str) -> bool | None:
    """Of a column that says whether a promise was kept; None for a word that says neither."""
    word = _word(cell)
    return True if word in _YES | _KEPT else False if word in _NO | _BROKEN else None


def _word(cell: str) -> str:
    return " ".join(cell.lower().replace("_", " ").split())
