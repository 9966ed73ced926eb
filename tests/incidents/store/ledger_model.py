"""The ledger as a person would keep it on paper: the rules of the real one, told a second time and simply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from incidents.effects import EffectState
from incidents.store.ledger.effects import LEASE

S = EffectState
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Line:
    """One effect. A time that was never set is long ago."""

    key: str
    lane: str
    state: EffectState = S.PENDING
    not_before: datetime = LONG_AGO
    fence: int = 0
    lease_until: datetime = LONG_AGO
    was_sent: bool = False

    def is_under_way(self, now: datetime) -> bool:
        return self.state is S.SENDING and self.lease_until >= now


@dataclass(slots=True)
class LedgerModel:
    lines: dict[str, Line] = field(default_factory=dict)

    def plan(self, key: str, lane: str) -> None:
        self.lines.setdefault(key, Line(key=key, lane=lane))

    def heads(self) -> Sequence[Line]:
        """The oldest open line of each lane, in the order of planning."""
        heads: dict[str, Line] = {}
        for line in self.lines.values():
            if line.state.is_open:
                heads.setdefault(line.lane, line)
        order = list(self.lines)
        return sorted(heads.values(), key=lambda line: order.index(line.key))

    def due(self, now: datetime) -> Sequence[Line]:
        return [line for line in self.heads() if line.not_before <= now and not line.is_under_way(now)]

    def next_due_at(self) -> datetime | None:
        """When the first head may be tried; `LONG_AGO` for one that never had to wait."""
        times = [
            max(line.not_before, line.lease_until) if line.state is S.SENDING else line.not_before
            for line in self.heads()
        ]
        return min(times, default=None)

    def lease(self, now: datetime, limit: int) -> Sequence[Line]:
        leased = self.due(now)[:limit]
        for line in leased:
            line.state = S.SENDING
            line.fence += 1
            line.lease_until = now + LEASE
        return leased

    def holds(self, key: str, fence: int) -> bool:
        line = self.lines[key]
        return line.state is S.SENDING and line.fence == fence

    def mark_sent(self, key: str, fence: int, now: datetime) -> bool:
        if not self.holds(key, fence):
            return False
        line = self.lines[key]
        line.was_sent = True
        line.lease_until = max(line.lease_until, now + LEASE)
        return True

    def settle(self, key: str, fence: int, state: EffectState, again: datetime | None) -> bool:
        if not self.holds(key, fence):
            return False
        line = self.lines[key]
        line.state = state
        line.not_before = again or line.not_before
        if state is S.PENDING:
            line.was_sent = False
        return True
