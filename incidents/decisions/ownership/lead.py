"""Pages to the lead of those who are accountable: an incident that nobody has, or whose customers nobody wrote to.

The lead is no engineer: who takes or ends such a page says nothing about the engineers, and moves no incident.
"""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import OWNERS_LEAD, Case
from incidents.effects import Effect, EffectKind
from incidents.notes.context import SUMMARY_LIMIT, page_for
from incidents.policy.policy import Rung
from incidents.texts.team import worded


def owners_lead_page(case: Case, lead: Rung, what: str, why: str, basis: Basis) -> Effect:
    """The page that tells the lead `why`, once for `what` in this generation."""
    key = case.once(f"page:{OWNERS_LEAD}:{what}")
    page = page_for(case, basis, target=lead.pager_target)
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.PAGE,
        incident_id=case.incident.id,
        connection=lead.pager or basis.policy.team_of(case.incident.service).pager,
        target=key,
        payload=replace(
            page,
            summary=f"{why} - {page.summary}"[:SUMMARY_LIMIT],
            details=((worded("Why you are paged"), why), *page.details),
        ),
    )
