"""Which tickets were about the same fault, as people marked it: by a link to another ticket, or by a shared number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pandas as pd

from insights.similar.report import KnownDuplicate

KNOWN_AFTER = timedelta(days=7)
"""When a link is taken to be known, where nothing says when it was made or the ticket was over."""


def faults(frame: pd.DataFrame) -> pd.Series:
    """The name of each ticket's fault, None where it is about one of its own. Chains of links are one fault."""
    if "duplicate_of" not in frame:
        return pd.Series(None, index=frame.index, dtype=object)
    tickets, repeats = [*frame["ticket"].astype(str)], [*frame["duplicate_of"]]
    names = set(tickets)
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while parents.get(name, name) != name:
            parents[name] = parents.get(parents[name], parents[name])
            name = parents[name]
        return name

    for ticket, repeated in zip(tickets, repeats, strict=True):
        if not pd.isna(repeated):
            # A number that is no ticket's is an incident's.
            other = str(repeated) if str(repeated) in names else f"incident {repeated}"
            parents[root(f"{ticket}")] = root(other)
    roots = pd.Series([root(ticket) for ticket in tickets], index=frame.index, dtype=object)
    return roots.where(roots.map(roots.value_counts()) > 1, None)


def known_duplicates(frame: pd.DataFrame, fault: pd.Series) -> Iterator[KnownDuplicate]:
    """Each ticket of a fault but its first, with that first one. `frame` in order of time."""
    first: dict[str, str] = {}
    known_at = _known_at(frame)
    for ticket, name, at in zip(frame["ticket"].astype(str), fault, known_at, strict=True):
        if name is None or pd.isna(name):
            continue
        if name in first:
            yield KnownDuplicate(newer=ticket, older=first[name], known_at=at.to_pydatetime())
        else:
            first[name] = ticket


def _known_at(frame: pd.DataFrame) -> pd.Series:
    """When it was linked; else when it was over, as then at the latest somebody had looked; else a week later."""
    known = frame["created_at"] + KNOWN_AFTER
    for name in ("resolved_at", "linked_at"):
        if name in frame:
            known = frame[name].fillna(known)
    return known.where(known > frame["created_at"], frame["created_at"])
