"""Faults by the words that people type: what goes wrong, how often, on which paths."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import LiaisonError

WORDS = {
    "429": FaultKind.RATE_LIMIT,
    "401": FaultKind.UNAUTHORIZED,
    "404": FaultKind.MISSING,
    "500": FaultKind.CRASH,
    "503": FaultKind.OUTAGE,
    "lost-reply": FaultKind.DROP_REPLY,
    "error-after-work": FaultKind.ERROR_AFTER_WORK,
    "html": FaultKind.HTML,
    "slow": FaultKind.DELAY,
}
WAITS = {FaultKind.DELAY: 10.0, FaultKind.RATE_LIMIT: 2.0}
"""Seconds: how late a slow answer is, and how long a limited caller is told to wait."""


class UnknownFault(LiaisonError):
    """Words that name no fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderedFault:
    """`times` None: until all goes well again. `where` is part of the paths concerned."""

    kind: FaultKind
    times: int | None
    where: str

    def arm(self, faults: Faults) -> None:
        """Let it happen from the next call on."""
        faults.arm(self.kind, where=self.where, times=self.times, seconds=WAITS.get(self.kind, 0.0))


def fault_from(text: str) -> OrderedFault:
    """`KIND`, `KIND:TIMES` or `KIND:TIMES:PATH`; without TIMES (`KIND::PATH`) it lasts. Raises `UnknownFault`."""
    word, _, rest = text.strip().partition(":")
    times, _, where = rest.partition(":")
    if word not in WORDS:
        raise UnknownFault(f"{word!r} is no fault; take one of {', '.join(WORDS)}")
    if times and (not times.isdecimal() or int(times) == 0):
        raise UnknownFault(f"{times!r} is not how often; write {word}:3 for the next three calls")
    return OrderedFault(kind=WORDS[word], times=int(times) if times else None, where=where)
