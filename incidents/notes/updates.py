"""Promised updates in the words of the people who keep them."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.promises.updates import CustomerUpdate, count_promises, open_promises
from incidents.texts.team import worded
from incidents.texts.times import clock


def promises_words(updates: Sequence[CustomerUpdate]) -> str:
    """`4 made: 3 kept (2 by people, 1 by the safe text), 1 broken`, and until when the next one is promised; "" where
    nothing was promised yet.
    """
    counts = count_promises(updates)
    if not counts.made:
        return ""
    said = worded("{made} made: {kept} kept", made=counts.made, kept=counts.kept)
    if counts.kept:
        said += worded(
            " ({by_person} by people, {by_safe_text} by the safe text)",
            by_person=counts.by_person,
            by_safe_text=counts.by_safe_text,
        )
    said += worded(", {broken} broken", broken=counts.broken)
    promised = open_promises(updates)
    if promised:
        newest = promised[-1]
        said += worded(
            "; the next update is promised by {said_by} (owner: {owner})",
            said_by=clock(newest.said_by),
            owner=newest.owner or worded("nobody"),
        )
    return said
