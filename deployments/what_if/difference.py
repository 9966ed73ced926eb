"""What two policies make of the same history, side by side, and what no replay can know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deployments.what_if.history import PolicyHistory
from deployments.what_if.replay import PolicyReplay, ReplayedIncident
from incidents.models import TicketRef

LIMITS = (
    "Probes are answered as they were when an incident kept the look; one that was never asked says nothing.",
    "Actions, pages that wait, alerts, approvals and people's words are not replayed: a verdict that wakes is a page.",
    "A fault ends when it was recorded as resolved; what was merged or split by hand is replayed as tickets.",
    "Tickets are as they are now: what agents corrected since (tags, product) is routed as corrected.",
    "Promises are those made then, with their pauses, under the other policy's times and calendars.",
    "What was never promised has no clock to look at.",
)
"""Told with every result."""
_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyOutcome:
    """What one policy came to."""

    incidents: int
    tickets_joined: int
    pages: int
    promises_broken: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyDifference:
    """`before` is the policy in force, `after` the other; `recorded_pages` is what really happened, which neither need
    be. `moved` counts tickets by service before and after (None: no incident); the others are incidents, each named by
    the ticket that opened it."""

    tickets: int
    before: PolicyOutcome
    after: PolicyOutcome
    recorded_pages: int
    moved: Mapping[tuple[str | None, str | None], int]
    newly_paged: Sequence[str]
    no_longer_paged: Sequence[str]
    to_another_team: Sequence[str]
    newly_broken: Sequence[str]
    no_longer_broken: Sequence[str]
    unknown: Sequence[str]

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        outcomes = {"before": self.before, "after": self.after}
        return {
            "tickets": self.tickets,
            **{
                name: {
                    "incidents": one.incidents,
                    "tickets_joined": one.tickets_joined,
                    "pages": one.pages,
                    "promises_broken": one.promises_broken,
                }
                for name, one in outcomes.items()
            },
            "recorded_pages": self.recorded_pages,
            "moved": [
                {"before": before, "after": after, "tickets": count}
                for (before, after), count in self.moved.items()
            ],
            "newly_paged": list(self.newly_paged),
            "no_longer_paged": list(self.no_longer_paged),
            "to_another_team": list(self.to_another_team),
            "newly_broken": list(self.newly_broken),
            "no_longer_broken": list(self.no_longer_broken),
            "cannot_be_known": list(self.unknown),
        }


def difference(history: PolicyHistory, before: PolicyReplay, after: PolicyReplay) -> PolicyDifference:
    """Of two replays of this history."""
    was, now = _pages_by_ticket(before), _pages_by_ticket(after)
    moved = Counter(
        (before.service_of[ref], after.service_of[ref])
        for ref in before.service_of
        if before.service_of[ref] != after.service_of[ref]
    )
    unseen = sorted(after.unseen)
    asked = (f"No look is recorded of: {', '.join(unseen)}.",) if unseen else ()
    gone = (f"{history.left_out} tickets whose texts are gone, or that are too old, are left out.",)
    return PolicyDifference(
        tickets=len(history.tickets),
        before=_outcome(before),
        after=_outcome(after),
        recorded_pages=len(history.recorded.paged),
        moved=dict(moved.most_common()),
        newly_paged=[_words(one) for one in after.paged if not _is_paged(one, was)],
        no_longer_paged=[_words(one) for one in before.paged if not _is_paged(one, now)],
        to_another_team=[
            f"{_words(one)}, instead of {was[one.first].team}"
            for one in after.paged
            if one.first in was and was[one.first].team != one.team
        ],
        newly_broken=sorted(after.broken - before.broken),
        no_longer_broken=sorted(before.broken - after.broken),
        unknown=(*asked, *(gone if history.left_out else ()), *LIMITS),
    )


def lines(found: PolicyDifference) -> Iterator[str]:
    """For the terminal."""
    yield f"{found.tickets:,} tickets, replayed under both policies; {found.recorded_pages} pages really went out."
    yield ""
    yield f"{'':<20}{'in force':>10}{'changed':>10}"
    for label, one, other in (
        ("incidents", found.before.incidents, found.after.incidents),
        ("tickets in them", found.before.tickets_joined, found.after.tickets_joined),
        ("pages", found.before.pages, found.after.pages),
        ("promises broken", found.before.promises_broken, found.after.promises_broken),
    ):
        yield f"{label:<20}{one:>10,}{other:>10,}"
    for (before, after), count in found.moved.items():
        yield f"{count:,} tickets: {before or 'no incident'} -> {after or 'no incident'}"
    for title, items in (
        ("Would have been paged, and was not", found.newly_paged),
        ("Would not have been paged", found.no_longer_paged),
        ("Would have woken others", found.to_another_team),
        ("Promises that would have been broken", found.newly_broken),
        ("Promises that would have been kept", found.no_longer_broken),
    ):
        yield from _listed(title, items)
    yield ""
    yield "What this cannot know:"
    yield from (f"- {limit}" for limit in found.unknown)


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield ""
        yield f"{title} ({len(items)}):"
        yield from (f"- {item}" for item in items[:_SHOWN])
        if len(items) > _SHOWN:
            yield f"- and {len(items) - _SHOWN} more (--json has all)"


def _outcome(replay: PolicyReplay) -> PolicyOutcome:
    return PolicyOutcome(
        incidents=len(replay.incidents),
        tickets_joined=sum(len(one.tickets) for one in replay.incidents),
        pages=len(replay.paged),
        promises_broken=len(replay.broken),
    )


def _pages_by_ticket(replay: PolicyReplay) -> Mapping[TicketRef, ReplayedIncident]:
    return {link.ticket.ref: one for one in replay.paged for link in one.tickets}


def _is_paged(one: ReplayedIncident, pages: Mapping[TicketRef, ReplayedIncident]) -> bool:
    """Whether any of its customers' reports woke somebody under the other policy."""
    return any(link.ticket.ref in pages for link in one.tickets)


def _words(one: ReplayedIncident) -> str:
    at = f"{one.paged_at:%Y-%m-%d %H:%M} UTC" if one.paged_at is not None else ""
    return f"{one.incident.service} {at}: {len(one.tickets)} ticket(s) from {one.first}, team {one.team}"
