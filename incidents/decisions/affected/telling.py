"""Telling them: each once in an incident's life, and its end once to those who were told and have not written since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from incidents.approval import ApprovalState
from incidents.basis import Basis
from incidents.case import (
    OPENING,
    AffectedCustomer,
    Case,
    Plan,
    outbound_key,
    outbound_lines,
    was_told_unasked,
)
from incidents.decisions.affected.listing import SUBJECT, wrote
from incidents.decisions.closing.farewell import is_checked
from incidents.decisions.participants.approval import expired
from incidents.decisions.updates.saying import said_to
from incidents.effects import Effect, EffectKind, EffectState, OutboundText
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import IncidentState, PublicText
from incidents.texts.team import worded
from incidents.texts.tongues import Wording

_END = "fixed"


def with_affected(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, with what it means for customers who have not written. `case` is as it was before the plan."""
    if not case.has_all_tickets:
        return plan
    plan = _with_the_end(case, plan, basis)
    changed = {one.mark: one for one in (*case.approvals, *plan.approvals)}
    question = next((one for one in changed.values() if one.subject is SUBJECT), None)
    if question is None:
        return plan
    state = plan.incident.state
    is_over = state in WORKS_AGAIN or state is IncidentState.MERGED
    if question.state is ApprovalState.ASKED:
        late = question.expires_at <= basis.now
        if not late and not is_over:
            return plan
        why = worded("nobody answered in time") if late else worded("it was over before anybody said so")
        ended = expired(replace(case, incident=plan.incident), question, basis, why=why)
        return replace(
            plan,
            effects=(*plan.effects, *ended.effects),
            entries=(*plan.entries, *ended.entries),
            approvals=(*plan.approvals, *ended.approvals),
        )
    if question.state is not ApprovalState.APPROVED or is_over:
        return plan
    new = [one for one in (*case.affected, *plan.affected) if not outbound_lines(case, one.mark, OPENING)]
    effects = _said(case, new, OPENING, basis.policy.affected.opening_text, basis)
    return replace(plan, effects=(*plan.effects, *effects)) if effects else plan


def _with_the_end(case: Case, plan: Plan, basis: Basis) -> Plan:
    """Who was told hears the end, once, whatever became of the question here: it was approved where they were told,
    which may be an incident that was merged into this one."""
    if plan.incident.state is not IncidentState.CLOSING or case.incident.state is IncidentState.CLOSING:
        return plan
    had_it = [
        one
        for one in case.affected
        if was_told_unasked(case, one) and not outbound_lines(case, one.mark, _END)
    ]
    wording = basis.policy.affected.fixed_text(is_checked=is_checked(plan.incident, basis))
    effects = _said(case, had_it, _END, wording, basis)
    return replace(plan, effects=(*plan.effects, *effects)) if effects else plan


def _said(
    case: Case, customers: Iterable[AffectedCustomer], what: str, wording: Wording, basis: Basis
) -> list[Effect]:
    """To those who have not written meanwhile: who has reads it in their own thread."""
    rules, incident = basis.policy.affected, case.incident
    if rules.by is None:
        return []
    heard = wrote(case)

    def rendered(text: Wording, to: AffectedCustomer, name: str) -> PublicText:
        reader = basis.policy.language.of_address(to.address)
        return said_to(reader, text, incident, basis, next_by=None, customer_name=name)

    return [
        Effect(
            key=outbound_key(case, one.mark, what),
            once=outbound_key(case, one.mark, what),
            kind=EffectKind.OUTBOUND_MESSAGE,
            incident_id=incident.id,
            connection=rules.by,
            target=one.mark,
            payload=OutboundText(
                address=one.address,
                name=one.name,
                subject=rendered(rules.title_text, one, ""),
                text=rendered(wording, one, one.name),
                ends=_first_one(case, one) if what == _END else "",
            ),
        )
        for one in customers
        if one.address not in heard
    ]


def _first_one(case: Case, one: AffectedCustomer) -> str:
    """The key of the message that told them it is broken, perhaps in an incident that was merged into this one."""
    lines = outbound_lines(case, one.mark, OPENING)
    return next((line.key for line in lines if line.state is not EffectState.DEAD), "")
