"""Major incidents: a person says that it is one; then it is of the worst severity, and lead and manager are paged."""

from __future__ import annotations

from dataclasses import replace

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.escalation import person_page
from incidents.decisions.holding.hold import made_worse
from incidents.decisions.participants.approval import (
    answer_buttons,
    ask_room,
    expired,
    how_to_answer,
    is_asked_in_room,
    mark_of,
)
from incidents.decisions.telling import note_owner
from incidents.lifecycle import WITH_ENGINEERS, WORKS_AGAIN
from incidents.models import ChatMessage, IncidentState, Severity
from incidents.notes.notes import hit_summary
from incidents.texts.messages import internal
from incidents.texts.times import clock

_SUBJECT = ApprovalSubject.MAJOR


def with_major(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, with the question whether it is a major incident, and what follows from a yes. `case` is as it was
    before the plan."""
    changed = {one.mark: one for one in (*case.approvals, *plan.approvals)}
    seen = replace(case, incident=plan.incident, approvals=tuple(changed.values()))
    for one in seen.approvals:
        if one.subject is _SUBJECT and one.state is ApprovalState.ASKED:
            over = _why_over(seen, one, basis)
            plan = _joined(plan, expired(seen, one, basis, why=over)) if over else plan
    if seen.incident.state not in WITH_ENGINEERS:
        return plan
    approval = seen.approval(_SUBJECT)
    if approval is None:
        if not _looks_major(seen, basis):
            return plan
        put = _asked(seen, basis)
        return _in_room(seen, _joined(plan, put), put.approvals[0], basis)
    if approval.state is ApprovalState.APPROVED:
        return _declared(seen, plan, approval, basis)
    if approval.state is ApprovalState.ASKED and approval.expires_at > basis.now:
        return _in_room(seen, plan, approval, basis)
    return plan


def _looks_major(seen: Case, basis: Basis) -> bool:
    rules = basis.policy.major
    is_bad = rules.severity is not None and seen.incident.severity <= rules.severity
    # Where only one ticket of each kind was read, how many there are is not known.
    has_many = rules.tickets is not None and seen.has_all_tickets and len(seen.present) >= rules.tickets
    return is_bad or has_many


def _why_over(seen: Case, one: Approval, basis: Basis) -> str | None:
    incident = seen.incident
    if incident.merged_into is not None:
        return f"{incident.name} was merged into INC-{incident.merged_into}"
    if one.generation != incident.generation or incident.state in WORKS_AGAIN | {IncidentState.MERGED}:
        return "it was over before anybody said so"
    return f"nobody answered by {clock(one.expires_at)}" if one.expires_at <= basis.now else None


def _asked(seen: Case, basis: Basis) -> Plan:
    incident = seen.incident
    approval = Approval(
        incident=incident.id,
        generation=incident.generation,
        subject=_SUBJECT,
        state=ApprovalState.ASKED,
        asked_at=basis.now,
        expires_at=basis.now + basis.policy.major.expires_after,
    )
    until = clock(approval.expires_at)
    note = internal(
        f"{incident.name}: {_question(seen, basis)} {how_to_answer(approval, incident.name, basis.policy)} "
        f"Without an answer by {until} it is treated as any other incident."
    )
    entry = Entry(kind=EntryKind.APPROVAL_ASKED, text=f"Asked whether it is a major incident, until {until}")
    effects = note_owner(seen, mark_of(approval), note)
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,), approvals=(approval,))


def _in_room(seen: Case, plan: Plan, approval: Approval, basis: Basis) -> Plan:
    if is_asked_in_room(seen, approval):
        return plan
    name = seen.incident.name
    text = (
        f"{name}: {_question(seen, basis)} Press a button, or say `approve {name} {approval.named}` or `deny {name} "
        f"{approval.named}`, with your reason if you like. Without an answer by {clock(approval.expires_at)} it is "
        "treated as any other incident."
    )
    message = ChatMessage(text=text, buttons=answer_buttons(approval, name, yes="Yes: a major incident"))
    return replace(plan, effects=(*plan.effects, *ask_room(seen, plan, approval, message, basis.policy)))


def _question(seen: Case, basis: Basis) -> str:
    team = basis.policy.team_of(seen.incident.service)
    paged = " and ".join(one.title for one in (team.lead, team.manager) if one is not None)
    follows = f", and {paged} paged" if paged else ""
    who = hit_summary(seen.present, basis.policy)
    return f"is this a major incident? Hit: {who}. With a yes it is of severity 1{follows}."


def _declared(seen: Case, plan: Plan, approval: Approval, basis: Basis) -> Plan:
    """Once in a generation: whoever sets the severity back afterwards is not overruled."""
    team = basis.policy.team_of(seen.incident.service)
    people = {"lead": team.lead, "manager": team.manager}
    new = approval.decided_at == basis.now
    if not new:
        return plan
    worse = made_worse(plan.incident, Severity.CRITICAL, now=basis.now)
    raised = Entry(
        kind=EntryKind.SEVERITY,
        text=f"Severity raised from {int(plan.incident.severity)} to 1: it is a major incident",
    )
    now_seen = replace(seen, incident=worse)
    pages = [
        person_page(now_seen, who, person, basis) for who, person in people.items() if person is not None
    ]
    return replace(
        plan,
        incident=worse,
        effects=(*plan.effects, *(page for page in pages if seen.line(page.key) is None)),
        entries=(*plan.entries, *([raised] if worse.severity is not plan.incident.severity else [])),
    )


def _joined(plan: Plan, then: Plan) -> Plan:
    return replace(
        plan,
        effects=(*plan.effects, *then.effects),
        entries=(*plan.entries, *then.entries),
        approvals=(*plan.approvals, *then.approvals),
    )
