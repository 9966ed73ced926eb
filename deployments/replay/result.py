"""The figures of a replay, and how people and scripts read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployments.replay.accounts import Mismatch
from deployments.replay.log import Standing

_SHOWN = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayResult:
    """What was sent and what became of it. Times are in seconds.

    `events_per_second` is from the first webhook sent until the inbox was empty, `accepted_per_second` until
    the last was accepted; `drain_lag_seconds` lies between those two ends, and `longest_wait_seconds` is one
    webhook's from receipt to its commit.
    """

    events: int
    tickets: int
    sent: int
    duplicates_sent: int
    duplicates_dropped: int
    put_off: int
    events_per_second: float
    accepted_per_second: float
    drain_lag_seconds: float
    longest_wait_seconds: float
    lost: int
    doubled: int
    parked: int
    mismatches: Sequence[Mismatch]

    @property
    def ok(self) -> bool:
        """Nothing lost, doubled or parked, every duplicate dropped, every ticket where the log has it."""
        is_clean = not (self.lost or self.doubled or self.parked or self.mismatches)
        return is_clean and self.duplicates_dropped >= self.duplicates_sent

    def as_json(self) -> dict[str, int | float | bool]:
        """The figures for scripts; times in seconds."""
        return {
            "events": self.events,
            "tickets": self.tickets,
            "sent": self.sent,
            "duplicates_sent": self.duplicates_sent,
            "duplicates_dropped": self.duplicates_dropped,
            "put_off": self.put_off,
            "events_per_second": round(self.events_per_second, 1),
            "accepted_per_second": round(self.accepted_per_second, 1),
            "drain_lag_seconds": round(self.drain_lag_seconds, 2),
            "longest_wait_seconds": round(self.longest_wait_seconds, 2),
            "lost": self.lost,
            "doubled": self.doubled,
            "parked": self.parked,
            "mismatched": len(self.mismatches),
            "ok": self.ok,
        }


def render(result: ReplayResult) -> str:
    """A small table, and the first tickets that are not where they should be."""
    duplicates = f"{result.duplicates_sent:,} twice, {result.duplicates_dropped:,} dropped as known"
    rows = [
        ("events", f"{result.events:,} on {result.tickets:,} tickets"),
        ("sent", f"{result.sent:,}: {duplicates}, {result.put_off:,} put off by the gateway"),
        ("accepted", f"{result.accepted_per_second:,.0f} webhooks/s"),
        ("handled", f"{result.events_per_second:,.0f} events/s"),
        ("drain lag", f"{result.drain_lag_seconds:.2f} s; longest wait {result.longest_wait_seconds:.2f} s"),
        ("lost", f"{result.lost:,}"),
        ("doubled", f"{result.doubled:,}"),
        ("parked", f"{result.parked:,}"),
        ("mismatched", f"{len(result.mismatches):,}"),
        ("ok", "yes" if result.ok else "NO"),
    ]
    lines = [f"{name:<12}{value}" for name, value in rows]
    lines += [
        f"  {item.ticket}: the log has {_words(item.expected)}; the store has {_words(item.found)}"
        for item in result.mismatches[:_SHOWN]
    ]
    return "\n".join(lines)


def _words(standing: Standing | None) -> str:
    if standing is None:
        return "no such ticket"
    return (
        f"{standing.status!r}, {standing.reassignments} reassignments, {standing.reopens} reopens"
        f" (event {standing.version})"
    )
