"""Where time went: the waits between one hand and the next, and who was waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from incidents.case import EntryKind, NewerWord
from incidents.promises.updates import UpdateKind
from incidents.review.facts import ReviewFacts

SHOWN = 5
_WORTH_A_WORD = timedelta(seconds=1)
_ENGINEERS, _PROOF = "the engineers on call", "the proof"

_WAITED_FOR: dict[EntryKind | NewerWord, str] = {
    EntryKind.OPENED: "the first check",
    EntryKind.VERDICT: "the next check",
    EntryKind.ACTION: "the action, and a look at what it did",
    EntryKind.ESCALATED: _ENGINEERS,
    EntryKind.SENT_PAGE: _ENGINEERS,
    EntryKind.ACKNOWLEDGED: "the engineer who had it",
    EntryKind.RESOLVED: _PROOF,
    EntryKind.FIXED_BY_ACTION: _PROOF,
    EntryKind.REOPENED: "the page",
}
"""Who has it after such a line of the story, until the next one."""
_ENDS = frozenset({EntryKind.CLOSED})
_DECIDED = frozenset({EntryKind.APPROVED, EntryKind.DENIED, EntryKind.APPROVAL_EXPIRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class HandWait:
    """From one line of the story to the next that moved it on. `waited_for` is who had it meanwhile."""

    span: timedelta
    since: datetime
    after: str
    until: str
    waited_for: str


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    text: str
    waited_for: str | None


def waits(facts: ReviewFacts) -> Sequence[HandWait]:
    """All that lasted a second or longer, in the order of the story. While it is closed nobody waits."""
    steps = _steps(facts)
    found = [
        _wait(before, after, before.waited_for)
        for before, after in pairwise(steps)
        if before.waited_for is not None
    ]
    found += _approvals(facts)
    return sorted((wait for wait in found if wait.span >= _WORTH_A_WORD), key=lambda wait: wait.since)


def longest_waits(facts: ReviewFacts, most: int = SHOWN) -> Sequence[HandWait]:
    """The longest ones, the longest first."""
    return sorted(waits(facts), key=lambda wait: -wait.span)[:most]


def _steps(facts: ReviewFacts) -> list[_Step]:
    steps = [
        _Step(entry.at, entry.text, _WAITED_FOR.get(entry.kind))
        for entry in facts.story
        if entry.kind in _WAITED_FOR or entry.kind in _ENDS
    ]
    steps += [
        _Step(update.said_at, "Proven; customers are told", "customers' last messages")
        for update in facts.case.updates
        if update.kind is UpdateKind.FIXED
    ]
    return sorted(steps, key=lambda step: step.at)


def _approvals(facts: ReviewFacts) -> list[HandWait]:
    """What a person was asked stands beside the rest, and is waited for by itself."""
    found: list[HandWait] = []
    asked: _Step | None = None
    for entry in facts.story:
        if entry.kind is EntryKind.APPROVAL_ASKED:
            asked = _Step(entry.at, entry.text, None)
        elif entry.kind in _DECIDED and asked is not None:
            found.append(_wait(asked, _Step(entry.at, entry.text, None), "whoever may approve"))
            asked = None
    return found


def _wait(before: _Step, after: _Step, waited_for: str) -> HandWait:
    return HandWait(
        span=after.at - before.at,
        since=before.at,
        after=before.text,
        until=after.text,
        waited_for=waited_for,
    )
