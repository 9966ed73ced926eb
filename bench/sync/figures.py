"""How many histories go on for ever, lose an edit or end unlike in two tools; and the same without the ledger."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bench.result import Result, progress
from bench.sync.history import Ended, History
from bench.sync.liaison import Arm

HISTORIES = {Arm.LEDGER: 100_000, Arm.ACTOR: 2_000, Arm.NOTHING: 200}
WIRED_HISTORIES = {Arm.LEDGER: 2_000, Arm.ACTOR: 200, Arm.NOTHING: 20}
"""Through connectors; a two-hundredth as many in the same time."""
_BATCH = 500
_WORDS = {
    Arm.LEDGER: "the ledger",
    Arm.ACTOR: "only who the vendor says that did it",
    Arm.NOTHING: "nothing that tells an echo from a change",
}


class Play(Protocol):
    """Plays the history of a seed to its end."""

    def __call__(self, seed: int, *, arm: Arm) -> Ended: ...


def in_memory(seed: int, *, arm: Arm) -> Ended:
    """On tools in memory."""
    return History(seed, arm=arm).play()


def wired(seed: int, *, arm: Arm) -> Ended:
    """Through connectors."""
    # Imported here: only these need the vendors.
    from bench.sync.wired.history import played  # noqa: PLC0415

    return played(seed, arm=arm)


@dataclass
class Tally:
    """What histories came to. `edges` are the worst few of those that went wrong, in words."""

    histories: int = 0
    edits: int = 0
    writes: int = 0
    webhooks_lost: int = 0
    doubled: int = 0
    loops: int = 0
    lost: int = 0
    unlike: int = 0
    most: float = 0.0
    wrong: tuple[str, ...] = ()

    def add(self, ended: Ended) -> None:
        """One more."""
        self.histories += 1
        self.edits += ended.edits
        self.writes += ended.writes
        self.webhooks_lost += ended.dropped
        self.doubled += ended.doubled
        self.loops += ended.is_loop
        self.lost += bool(ended.lost)
        self.unlike += bool(ended.wrong)
        self.most = max(self.most, ended.writes / ended.bound)
        if (ended.lost or ended.wrong or ended.is_loop) and len(self.wrong) < 3:
            what = "; ".join((*ended.lost, *ended.wrong)) or "goes on for ever"
            self.wrong += (f"history {ended.seed} of {', '.join(ended.tools)}: {what}",)

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            histories=self.histories + other.histories,
            edits=self.edits + other.edits,
            writes=self.writes + other.writes,
            webhooks_lost=self.webhooks_lost + other.webhooks_lost,
            doubled=self.doubled + other.doubled,
            loops=self.loops + other.loops,
            lost=self.lost + other.lost,
            unlike=self.unlike + other.unlike,
            most=max(self.most, other.most),
            wrong=(*self.wrong, *other.wrong)[:3],
        )


def tally(first: int, count: int, arm: Arm = Arm.LEDGER, play: Play = in_memory) -> Tally:
    """Histories with these seeds."""
    found = Tally()
    for seed in range(first, first + count):
        found.add(play(seed, arm=arm))
    return found


def sync_figures() -> Iterator[Result]:
    """A figure of each kind for the ledger, and for each control."""
    yield from _figures("sync", HISTORIES, in_memory)


def wired_figures() -> Iterator[Result]:
    """The same through connectors."""
    yield from _figures("sync_wired", WIRED_HISTORIES, wired)


def _figures(name: str, histories: Mapping[Arm, int], play: Play) -> Iterator[Result]:
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for arm, count in histories.items():
            total = Tally()
            size = min(_BATCH, max(count // 4, 1))
            for done in pool.map(partial(_batch, arm=arm, size=size, play=play), range(0, count, size)):
                total = total.plus(done)
                if total.histories % (10 * size) == 0:
                    progress(
                        f"{arm}: {total.histories} histories, {total.loops} loops, {total.lost} with a lost edit"
                    )
            for line in total.wrong if arm is Arm.LEDGER else ():
                progress(line)
            yield from _results(f"{name}_{arm}", arm, total)


def _batch(first: int, *, arm: Arm, size: int, play: Play) -> Tally:
    return tally(first, size, arm, play)


def _results(of: str, arm: Arm, total: Tally) -> Iterator[Result]:
    against = (
        f"{_WORDS[arm]}; {total.edits} edits, {total.webhooks_lost} webhooks lost, {total.doubled} told twice"
    )
    figures = {
        "loops": (total.loops, "histories"),
        "lost_or_doubled_edits": (total.lost, "histories"),
        "unlike_ends": (total.unlike, "histories"),
        "writes_per_edit": (round(total.writes / total.edits, 2), "writes"),
    }
    for name, (value, unit) in figures.items():
        yield Result(
            name=f"{of}_{name}", value=value, unit=unit, ratio=None, against=against, n=total.histories
        )
    yield Result(
        name=f"{of}_most_writes",
        value=round(total.most, 3),
        unit="of the bound",
        ratio=None,
        against=against,
        n=total.histories,
    )
