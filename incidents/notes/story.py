"""An incident's story as people read it: what says the same many times over is said once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from incidents.case import EntryKind
from incidents.store.timeline import TimelineEntry
from incidents.texts.team import worded


def condensed(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """A storm's chunks are one line: nobody reads twenty times that two more tickets joined."""
    shown: list[TimelineEntry] = []
    for kind, group in groupby(entries, key=lambda entry: entry.kind):
        run = list(group)
        if kind is EntryKind.JOINED and len(run) > 1:
            text = worded(
                "{count} more batches of tickets joined, until {at}",
                count=len(run),
                at=f"{run[-1].at:%H:%M:%S}",
            )
            shown.append(replace(run[0], text=text))
        else:
            shown.extend(run)
    return shown
