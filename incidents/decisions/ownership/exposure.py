"""Customers could read what was for colleagues: told to whoever the policy names, and never on a ticket there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.escalation import person_page
from incidents.decisions.ownership.lead import owners_lead_page
from incidents.decisions.posts import notes_on, page_notes, tell_room
from incidents.decisions.telling import digest
from incidents.effects import Effect
from incidents.notes.context import SUMMARY_LIMIT, page_for
from incidents.texts.team import worded

_MOST_NAMED = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """What was exposed by one change: `once` names it, `targets` are the objects at `connection`, `why` is how it came
    and what to do, for people."""

    once: str
    connection: str
    targets: tuple[str, ...]
    why: str


def tell_of_exposure(case: Case, found: Exposure, basis: Basis) -> Plan:
    """The room hears it each time. `egress.alarm` is paged, else the owners' lead, else the team's, once in a
    generation and by a note on that page from then on; where the policy names none of them, whoever is paged reads it.
    """
    short = _short(found)
    text = worded(
        "{short}. {why}. No further note goes there until somebody says that this is mended: `liaison held`",
        short=short,
        why=found.why,
    )
    what = f"exposed:{digest(found.once)}"
    effects = [*tell_room(case, basis.policy, what, text), *_tell_lead(case, what, short, text, basis)]
    return Plan(
        incident=case.incident,
        effects=tuple(effects),
        entries=(Entry(kind=EntryKind.EXPOSED, text=text),),
    )


def _tell_lead(case: Case, what: str, short: str, text: str, basis: Basis) -> list[Effect]:
    policy = basis.policy
    lead = policy.egress.alarm or policy.ownership.lead
    if lead is not None:
        page, target = owners_lead_page(case, lead, "exposed", short, basis), lead.pager_target
    elif (of_team := policy.team_of(case.incident.service).lead) is not None:
        page, target = person_page(case, "lead", of_team, basis), of_team.pager_target
    else:
        return page_notes(case, what, text)
    line = case.line(page.key)
    if line is not None:
        return notes_on(case, [line], what, text)
    about = page_for(case, basis, target=target)
    said = replace(
        about,
        summary=f"{short} - {about.summary}"[:SUMMARY_LIMIT],
        details=((worded("Why you are paged"), text), *about.details),
    )
    return [replace(page, payload=said)]


def _short(found: Exposure) -> str:
    named = ", ".join(found.targets[:_MOST_NAMED])
    rest = len(found.targets) - _MOST_NAMED
    more = worded(" and {rest} more", rest=rest) if rest > 0 else ""
    return worded(
        "Customers could read a note for colleagues at {connection} ({named}{more})",
        connection=found.connection,
        named=named,
        more=more,
    )
