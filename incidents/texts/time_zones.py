"""Names of time zones, as others write them."""

from __future__ import annotations

from zoneinfo import ZoneInfo


def zone_named(name: str) -> ZoneInfo | None:
    """The zone; None for a name that is none, whatever it leads to on the disk."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
