"""The public incident: opened once allowed, told what customers are told when they are told it, resolved with the last
message to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import Case, LedgerLine, Plan
from incidents.decisions.closing.farewell import is_checked
from incidents.decisions.participants.approval import asked, expired, question, why_over, why_unanswered
from incidents.decisions.updates.saying import said_to
from incidents.effects import Effect, EffectKind, EffectState, PublicOpening, PublicSaying
from incidents.lifecycle import OWES_UPDATES, WITH_ENGINEERS, WORKS_AGAIN, standing_of
from incidents.models import Incident, IncidentState, PublicText
from incidents.policy.cadence import OnLapse
from incidents.public_incident import PublicState
from incidents.texts.tongues import Wording

S = IncidentState
_SUBJECT = ApprovalSubject.STATUS_PAGE
_BELIEVED = frozenset({S.CONFIRMED, S.MITIGATING, S.REOPENED}) | WITH_ENGINEERS
_OVER = frozenset({S.CLOSING, S.CLOSED, S.MERGED})


def with_status_page(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, and what it means for the public. `case` is as it was before the plan."""
    public = open_public(case)
    if public is None and basis.policy.status_page_of(plan.incident.service) is None:
        return _nowhere_to_tell(case, plan, basis)
    seen = case.after(plan)
    if public is not None:
        said = _said(case.incident, seen, public, basis)
        return plan if said is None else replace(plan, effects=(*plan.effects, said))
    approval = seen.approval(_SUBJECT)
    if plan.incident.state in _BELIEVED:
        return _towards_opening(seen, plan, approval, basis)
    if approval is not None and approval.state is ApprovalState.ASKED:
        if plan.incident.state in WORKS_AGAIN | _OVER:
            return plan.with_question(expired(seen, approval, basis, why=why_over(plan.incident)))
        return _unanswered(seen, plan, approval, basis)
    return plan


def _nowhere_to_tell(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The policy names no status page; a question from when it did has nothing left to allow."""
    ruled_on = {one.mark for one in plan.approvals}
    seen = replace(case, incident=plan.incident)
    for one in case.approvals:
        is_open = one.subject is _SUBJECT and one.state is ApprovalState.ASKED
        if is_open and one.mark not in ruled_on:
            why = "the policy names no status page for it any more"
            plan = plan.with_question(expired(seen, one, basis, why=why))
    return plan


def _towards_opening(seen: Case, plan: Plan, approval: Approval | None, basis: Basis) -> Plan:
    incident, rules = plan.incident, basis.policy.status_page
    if approval is None:
        is_confirmed = incident.verdict in basis.policy.escalation.on
        if incident.severity > rules.severity or not (is_confirmed or incident.state in WITH_ENGINEERS):
            return plan
        if rules.approval == "not_needed":
            # Without a person to judge, what is only claimed is not told to everybody.
            return _opened(seen, plan, basis) if is_confirmed else plan
        question_put = asked(seen, _SUBJECT, public_preview(seen, basis), basis)
        seen = replace(seen, approvals=(*seen.approvals, *question_put.approvals))
        return _in_room(seen, plan.with_question(question_put), question_put.approvals[0], basis)
    if approval.state is ApprovalState.APPROVED:
        return _opened(seen, plan, basis)
    if approval.state is ApprovalState.ASKED:
        return _unanswered(seen, plan, approval, basis)
    return plan


def _unanswered(seen: Case, plan: Plan, approval: Approval, basis: Basis) -> Plan:
    if (why := why_unanswered(approval, basis)) is not None:
        return plan.with_question(expired(seen, approval, basis, why=why))
    return _in_room(seen, plan, approval, basis)


def _in_room(seen: Case, plan: Plan, approval: Approval, basis: Basis) -> Plan:
    return question(seen, plan, approval, public_preview(seen, basis), basis.policy)


def _opened(seen: Case, plan: Plan, basis: Basis) -> Plan:
    """Once in a generation: one that the page refused stays refused, and is told."""
    incident, connection = seen.incident, basis.policy.status_page_of(seen.incident.service)
    key = seen.once("status-page")
    if connection is None or seen.line(key) is not None:
        return plan
    opening = Effect(
        key=key,
        once=key,
        kind=EffectKind.STATUS_PAGE_OPEN,
        incident_id=incident.id,
        connection=connection,
        target=incident.name,
        payload=PublicOpening(
            title=_render(seen, basis.policy.status_page.title_text, basis),
            text=_first_words(seen, basis),
            severity=incident.severity,
            services=(basis.policy.service(incident.service).title,),
        ),
    )
    return replace(plan, effects=(*plan.effects, opening))


def open_public(case: Case) -> LedgerLine | None:
    """What opened the public incident that is not over yet, on its way there or open."""
    for line in reversed(case.ledger):
        is_opening = line.kind is EffectKind.STATUS_PAGE_OPEN and line.state is not EffectState.DEAD
        # One that is over may be the newer one: that of an incident that was merged goes on in this.
        if is_opening and case.line(_end_of(line)) is None:
            return line
    return None


def _end_of(line: LedgerLine) -> str:
    return f"{line.key}:fixed"


def _said(before: Incident, seen: Case, public: LedgerLine, basis: Basis) -> Effect | None:
    """The next words for the public, where this plan gives customers some; one of them at a time."""
    after, rules, theirs = seen.incident, basis.policy.status_page, basis.policy.templates.customer
    mark = f"{public.key}:g{after.generation}"
    state = PublicState(standing_of(after.state))
    if after.state in _OVER and before.state is not after.state:
        last = rules.fixed_text(theirs, is_checked=is_checked(after, basis))
        text = rules.merged_text if after.state is S.MERGED else last
        key, state = _end_of(public), PublicState.RESOLVED
    elif after.generation > before.generation:
        text, key = rules.again_text, f"{mark}:again"
    elif after.state is S.RESOLVED and before.state is not S.RESOLVED:
        text, key = rules.monitoring_text(theirs), f"{mark}:monitoring"
    elif after.state is S.ACKNOWLEDGED and before.state is not S.ACKNOWLEDGED:
        text, key = rules.progress_text(theirs), f"{mark}:progress"
    elif after.updates_sent > before.updates_sent:
        text, key = _still(state, basis), f"{mark}:update:{after.updates_sent}"
    elif (passed_over := _put_off(before, after, basis)) is not None:
        text, key = _still(state, basis), f"{mark}:by:{passed_over.isoformat()}"
    else:
        return None
    if seen.line(key) is not None:
        return None
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.STATUS_PAGE_UPDATE,
        incident_id=after.id,
        connection=public.connection,
        target=public.target,
        payload=PublicSaying(opening=public.key, text=_render(seen, text, basis), state=state),
    )


def _still(state: PublicState, basis: Basis) -> Wording:
    rules, theirs = basis.policy.status_page, basis.policy.templates.customer
    return rules.monitoring_text(theirs) if state is PublicState.MONITORING else rules.update_text(theirs)


def _put_off(before: Incident, after: Incident, basis: Basis) -> datetime | None:
    """The moment that the public was told and at which customers are not written to any more: their agents answered all
    of them, or nobody waits. None if it stands."""
    told, comes = before.next_update_at, after.next_update_at
    if told is None or comes is None or comes <= told:
        return None
    return told if after.state in OWES_UPDATES and _says_when(basis) else None


def _says_when(basis: Basis) -> bool:
    """Whether further words are sure: where nothing goes out that nobody wrote, no time is said in public."""
    return basis.policy.cadence.on_lapse is OnLapse.SAFE_TEXT


def _first_words(seen: Case, basis: Basis) -> PublicText:
    rules = basis.policy.status_page
    if seen.incident.state is S.ACKNOWLEDGED:
        return _render(seen, rules.progress_text(basis.policy.templates.customer), basis)
    return _render(seen, rules.opening_text, basis)


def public_preview(seen: Case, basis: Basis) -> PublicText:
    """What the public would read first: title and words."""
    title = _render(seen, basis.policy.status_page.title_text, basis)
    return PublicText(f"{title}\n{_first_words(seen, basis)}")


def _render(seen: Case, wording: Wording, basis: Basis) -> PublicText:
    due = seen.incident.next_update_at if _says_when(basis) else None
    return said_to(basis.policy.language.of_public, wording, seen.incident, basis, next_by=due)
