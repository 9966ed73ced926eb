"""What is said of faults like this one: to engineers as evidence, to agents as a suggestion. Nothing is joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.case import Case, Entry, EntryKind, Plan
from incidents.effects import Effect, ticket_note
from incidents.models import Evidence, TicketRef
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal

SOURCE = "similar"
_FIXED_BY_LIMIT = 200
_HELPED = "; what helped: "


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
        state = "still open" if self.is_open else "closed"
        helped = safe_excerpt(self.fixed_by, _FIXED_BY_LIMIT)
        return f"like {self.incident}, {state} ({self.probability:.0%}{because})" + (
            f"{_HELPED}{helped}" if helped else ""
        )


def tell_precedents(case: Case, precedents: Sequence[Precedent], *, now: datetime) -> Plan:
    """The incident with its precedents as evidence that speaks neither for nor against it; each is told once. Of one
    that is still open, with what to say if both are one: nothing is merged by itself.
    """
    known = {item.text for item in case.incident.evidence if item.source == SOURCE}
    new = [words for one in precedents if (words := _with_command(case, one)) not in known]
    if not new or case.incident.merged_into is not None:
        return Plan(incident=case.incident)
    evidence = tuple(Evidence(source=SOURCE, text=words, at=now) for words in new)
    incident = replace(case.incident, evidence=(*case.incident.evidence, *evidence))
    entry = Entry(kind=EntryKind.SIMILAR, text=f"Seen before: {'; '.join(new)}")
    return Plan(incident=incident, entries=(entry,))


def _with_command(case: Case, precedent: Precedent) -> str:
    if not precedent.is_open:
        return precedent.words
    return (
        f"{precedent.words}; if it is the same fault, say `merge {case.incident.name} {precedent.incident}`"
    )


def known_fixes(case: Case) -> list[str]:
    """What its precedents say of how they ended, where they say so."""
    return [one.text for one in case.incident.evidence if one.source == SOURCE and _HELPED in one.text]


def suggest(ref: TicketRef, precedents: Sequence[Precedent], *, instance: str) -> Effect:
    """For the agent of a ticket that no rule knows: which open incidents it may belong to, and how to say so."""
    names = " ".join(one.incident for one in precedents)
    listed = "\n".join(f"- {one.words}" for one in precedents)
    note = internal(f"This ticket may be about an incident that is known:\n{listed}")
    return ticket_note(None, ref, f"liaison:{instance}:similar:{names.replace(' ', '+')}", note)
