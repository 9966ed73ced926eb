"""What is said of faults like this one: to engineers as evidence, to agents as a suggestion. Nothing is joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.telling import digest
from incidents.effects import Effect, ticket_note
from incidents.models import Evidence, TicketRef
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.team import worded

SOURCE = "similar"
_FIXED_BY_LIMIT = 200
_WITH_FIX = "helped"
"""In the mark of a precedent that tells what ended it."""
_HELPED = "; what helped: "
"""In the words of what was told before marks were kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Precedent:
    """An incident that is like it, how likely it is the same fault, and why. `fixed_by` is what ended it, if known."""

    incident: str
    probability: float
    is_open: bool
    fixed_by: str
    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        """`like INC-3, closed (71 %: both say "voucher"); what helped: Rolled back`."""
        because = f": {', '.join(self.reasons)}" if self.reasons else ""
        like = worded(
            "like {incident}, {state} ({probability}{because})",
            incident=self.incident,
            state=worded("still open") if self.is_open else worded("closed"),
            probability=f"{self.probability:.0%}",
            because=because,
        )
        helped = safe_excerpt(self.fixed_by, _FIXED_BY_LIMIT)
        return like + (worded("; what helped: {fix}", fix=helped) if helped else "")

    @property
    def mark(self) -> str:
        """What tells it from others, in whatever language it is said: `INC-3 closed 71 % helped 5f0c...`."""
        helped = safe_excerpt(self.fixed_by, _FIXED_BY_LIMIT)
        state = "open" if self.is_open else "closed"
        said = digest(*self.reasons, helped)
        return f"{self.incident} {state} {self.probability:.0%} {_WITH_FIX if helped else 'like'} {said}"


def tell_precedents(case: Case, precedents: Sequence[Precedent], *, now: datetime) -> Plan:
    """The incident with its precedents as evidence that speaks neither for nor against it; each is told once. Of one
    that is still open, with what to say if both are one: nothing is merged by itself.
    """
    told = [item for item in case.incident.evidence if item.source == SOURCE]
    # What an older version has told has its words only.
    known = {item.about or item.text for item in told}
    new = [
        (one, words)
        for one in precedents
        if one.mark not in known and (words := _with_command(case, one)) not in known
    ]
    if not new or case.incident.merged_into is not None:
        return Plan(incident=case.incident)
    evidence = tuple(Evidence(source=SOURCE, text=words, at=now, about=one.mark) for one, words in new)
    incident = replace(case.incident, evidence=(*case.incident.evidence, *evidence))
    entry = Entry(
        kind=EntryKind.SIMILAR, text=worded("Seen before: {seen}", seen="; ".join(words for _, words in new))
    )
    return Plan(incident=incident, entries=(entry,))


def _with_command(case: Case, precedent: Precedent) -> str:
    if not precedent.is_open:
        return precedent.words
    return worded(
        "{like}; if it is the same fault, say `merge {incident} {other}`",
        like=precedent.words,
        incident=case.incident.name,
        other=precedent.incident,
    )


def known_fixes(case: Case) -> list[str]:
    """What its precedents say of how they ended, where they say so."""
    return [one.text for one in case.incident.evidence if one.source == SOURCE and _tells_a_fix(one)]


def _tells_a_fix(told: Evidence) -> bool:
    # What an older version has told says so by its words alone.
    return f" {_WITH_FIX} " in told.about if told.about is not None else _HELPED in told.text


def suggest(ref: TicketRef, precedents: Sequence[Precedent], *, instance: str) -> Effect:
    """For the agent of a ticket that no rule knows: which open incidents it may belong to, and how to say so."""
    names = " ".join(one.incident for one in precedents)
    listed = "\n".join(f"- {one.words}" for one in precedents)
    note = internal(worded("This ticket may be about an incident that is known:\n{listed}", listed=listed))
    return ticket_note(None, ref, f"liaison:{instance}:similar:{names.replace(' ', '+')}", note)
