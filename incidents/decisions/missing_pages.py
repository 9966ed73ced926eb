"""Pages that the on-call tool took and made nothing of: maintenance, a disabled service, a rule that suppresses.

It answered that it has the page, so only looking shows that nobody was woken. Then the next level is tried at once, and
whoever owns the incident learns it.
"""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, LedgerLine, PageSighting, Plan, is_owners_lead_page
from incidents.decisions.escalation import next_level
from incidents.decisions.posts import tell_room
from incidents.decisions.telling import digest, note_owner
from incidents.effects import EffectState
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import IncidentState, PageState
from incidents.texts.messages import internal
from incidents.texts.team import sentence, worded, worded_as

_USUAL_REASONS = sentence(
    "its service may be in maintenance or disabled, a rule may suppress it, or it was "
    "grouped into another incident"
)


def sighted(case: Case, key: str, state: PageState | None) -> tuple[PageSighting, ...]:
    """The page's id at the on-call tool, where the ledger does not know it yet."""
    line = case.line(key)
    if state is None or line is None or line.result == state.page_id:
        return ()
    return (PageSighting(key=key, page_id=state.page_id),)


def is_missing(line: LedgerLine | None) -> bool:
    """Whether a page that is not there now has never been seen; it was sent long enough ago."""
    return line is not None and line.state is EffectState.DONE and not line.result


def nobody_woken(case: Case, line: LedgerLine, why: str, basis: Basis) -> Plan:
    """Given up in the ledger; told to the room and the owner; and the next level is paged unless somebody has it.

    A page to the owners' lead is no level of anything: that it rang for nobody is in the story.
    """
    why = why or worded_as(_USUAL_REASONS)
    plan = Plan(
        incident=case.incident,
        sightings=(PageSighting(key=line.key, page_id=None, why=worded("no incident: {why}", why=why)),),
    )
    if is_owners_lead_page(line.key):
        lost = worded(
            "The lead was not woken: {connection} took the page and has no incident of it ({why})",
            connection=line.connection,
            why=why,
        )
        return replace(plan, entries=(Entry(kind=EntryKind.NOBODY_WOKEN, text=lost),))
    if case.incident.state not in WITH_ENGINEERS or line.key not in case.page_keys:
        return plan
    text = worded(
        "Nobody was woken: {connection} took the page and has no incident of it ({why})",
        connection=line.connection,
        why=why,
    )
    if case.incident.state is IncidentState.ESCALATED:
        plan = next_level(case, basis, plan)
        paged = [entry.text for entry in plan.entries]
        nobody = worded("No further level is left: somebody must be called by hand")
        text = f"{text}. {paged[0] if paged else nobody}"
    what = f"nobody-woken:{digest(line.key)}"
    seen = replace(case, incident=plan.incident)
    effects = [
        *plan.effects,
        *tell_room(seen, basis.policy, what, text),
        *note_owner(seen, what, internal(f"{case.incident.name}: {text}.")),
    ]
    return replace(plan, effects=tuple(effects), entries=(Entry(kind=EntryKind.NOBODY_WOKEN, text=text),))
