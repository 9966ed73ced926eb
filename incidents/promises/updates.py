"""What customers were told in public, and what each of those messages promised: when they hear from us next.

Not a clock of the SLA: a clock counts working time, and is counted anew when severity or policy change. A time that
was said to a customer stays as it was said, and is kept or broken by what reaches them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.lifecycle import IncidentProgress
from incidents.models import TicketRef
from incidents.texts.times import minute_of

SAID_MINUTE = timedelta(minutes=1)
"""`by 14:30` is kept by what comes within that minute."""


class UpdateKind(StrEnum):
    """Which of our messages it was. Kept in the store: a member is never renamed, only migrated."""

    PROGRESS = "progress"
    UPDATE = "update"
    """The safe text: it says no more than that it is still being worked on."""
    WORDS = "words"
    """An agent's own, to all who wait."""
    FIXED = "fixed"


class PromiseState(StrEnum):
    """What became of a promised update. `withdrawn`: nobody waited for it any more."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"


class KeptBy(StrEnum):
    """What reached the customers; `nothing` where it was broken and nothing did."""

    AGENT = "agent"
    PROGRESS = "progress"
    SAFE_TEXT = "safe_text"
    FIXED = "fixed"
    NOTHING = "nothing"

    @property
    def is_a_persons(self) -> bool:
        """Whether a person's doing kept it: a reply, an acknowledgement, a fix; and not the safe text alone."""
        return self in (KeptBy.AGENT, KeptBy.PROGRESS, KeptBy.FIXED)


_KEPT_BY = {
    UpdateKind.PROGRESS: KeptBy.PROGRESS,
    UpdateKind.UPDATE: KeptBy.SAFE_TEXT,
    UpdateKind.WORDS: KeptBy.AGENT,
    UpdateKind.FIXED: KeptBy.FIXED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerUpdate:
    """One message to all who waited. `number` counts an incident's, `once` marks its effects, `owner` is who was
    accountable then.

    `next_by` is the moment promised, None if none was; customers read it in whole minutes (`said_by`). `answered`
    are tickets whose customers had an agent's word since.
    """

    incident: int
    number: int
    generation: int
    kind: UpdateKind
    standing: IncidentProgress
    once: str
    said_at: datetime
    owner: str | None
    next_by: datetime | None = None
    warn_at: datetime | None = None
    warned_at: datetime | None = None
    answered: tuple[TicketRef, ...] = ()
    state: PromiseState | None = None
    settled_at: datetime | None = None
    kept_by: KeptBy | None = None

    @property
    def is_open(self) -> bool:
        """Whether it promised an update that has neither come nor failed to."""
        return self.state is PromiseState.OPEN

    @property
    def said_by(self) -> datetime:
        """The minute that customers were told. Only of one that promised something."""
        if self.next_by is None:
            raise ValueError(f"update {self.number} of INC-{self.incident} promised nothing")
        return minute_of(self.next_by)

    @property
    def broken_at(self) -> datetime:
        """From when on it can only be late."""
        return self.said_by + SAID_MINUTE

    @property
    def next_look_at(self) -> datetime | None:
        """When somebody must look whether it is kept; None if nobody need."""
        if not self.is_open:
            return None
        return self.warn_at if self.warned_at is None and self.warn_at is not None else self.broken_at


def open_promises(updates: Iterable[CustomerUpdate]) -> list[CustomerUpdate]:
    """Those not settled, the oldest first; more than one while the message that keeps the older is on its way."""
    return [update for update in updates if update.is_open]


def settled(update: CustomerUpdate, kept_by: KeptBy, *, at: datetime) -> CustomerUpdate:
    """Kept by what came in time; else broken, by what came late."""
    state = PromiseState.KEPT if at < update.broken_at else PromiseState.BROKEN
    return replace(update, state=state, settled_at=at, kept_by=kept_by)


def settled_by_message(
    updates: Sequence[CustomerUpdate], marks: Iterable[str], *, at: datetime
) -> tuple[CustomerUpdate, ...]:
    """The promises before them that are kept, or broken, by messages with these marks having reached customers now."""
    sent = [update for update in updates if update.once in set(marks)]
    if not sent:
        return ()
    newest = max(sent, key=lambda update: update.number)
    return tuple(
        settled(update, _KEPT_BY[newest.kind], at=at)
        for update in open_promises(updates)
        if update.number < newest.number
    )


def answered(
    update: CustomerUpdate, refs: Iterable[TicketRef], waiting: Iterable[TicketRef], *, at: datetime
) -> CustomerUpdate:
    """With these tickets' customers having had an agent's word; kept by that once all who wait have."""
    new = tuple(ref for ref in dict.fromkeys(refs) if ref not in update.answered)
    after = replace(update, answered=(*update.answered, *new))
    is_all = set(waiting) <= set(after.answered)
    return settled(after, KeptBy.AGENT, at=at) if new and is_all else after


@dataclass(frozen=True, kw_only=True, slots=True)
class PromiseCounts:
    """How many were made and what became of them; `by_person` and `by_safe_text` are the kept ones."""

    made: int
    by_person: int
    by_safe_text: int
    broken: int

    @property
    def kept(self) -> int:
        """All that were."""
        return self.by_person + self.by_safe_text


def count_promises(updates: Iterable[CustomerUpdate]) -> PromiseCounts:
    """Those withdrawn count as never made."""
    promised = [update for update in updates if update.state not in (None, PromiseState.WITHDRAWN)]
    states = Counter(update.state for update in promised)
    kept = [update for update in promised if update.state is PromiseState.KEPT]
    by_person = sum(update.kept_by is not None and update.kept_by.is_a_persons for update in kept)
    return PromiseCounts(
        made=len(promised),
        by_person=by_person,
        by_safe_text=len(kept) - by_person,
        broken=states[PromiseState.BROKEN],
    )
