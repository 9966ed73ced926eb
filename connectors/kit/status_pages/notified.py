"""Of what the subscribers of a hosted status page are told. Vendors tell all of them where nothing is said."""

from __future__ import annotations

from typing import Literal

Notified = Literal["every_update", "opening_and_end", "nobody"]


def is_told(notified: Notified, *, is_in_between: bool) -> bool:
    """Whether they are told of an update in between, or else of the opening or the end."""
    return notified == "every_update" or (notified == "opening_and_end" and not is_in_between)
