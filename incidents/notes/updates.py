"""Promised updates in the words of the people who keep them."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.promises.updates import CustomerUpdate, count_promises, open_promises
from incidents.texts.times import clock


def promises_words(updates: Sequence[CustomerUpdate]) -> str:
    """`4 made: 3 kept (2 by people, 1 by the safe text), 1 broken`, and until when the next one is promised; "" where
    nothing was promised yet.
    """
    counts = count_promises(updates)
    if not counts.made:
        return ""
    said = f"{counts.made} made: {counts.kept} kept"
    if counts.kept:
        said += f" ({counts.by_person} by people, {counts.by_safe_text} by the safe text)"
    said += f", {counts.broken} broken"
    promised = open_promises(updates)
    if promised:
        newest = promised[-1]
        said += (
            f"; the next update is promised by {clock(newest.said_by)} (owner: {newest.owner or 'nobody'})"
        )
    return said
