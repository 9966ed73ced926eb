"""Major incidents: a person says that it is one; then it is of the worst severity, and lead and manager are paged."""

from __future__ import annotations

from dataclasses import replace

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.escalation import person_page
from incidents.decisions.holding.hold import made_worse
from incidents.decisions.participants.approval import (
    asked_of_owner,
    expired,
    in_room,
    is_past,
    why_over,
    why_unanswered,
)
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import Severity
from incidents.notes.notes import hit_summary
from incidents.texts.team import sentence, worded, worded_as

_SUBJECT = ApprovalSubject.MAJOR
_OTHERWISE = sentence("it is treated as any other incident.")


def with_major(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, with the question whether it is a major incident, and what follows from a yes. `case` is as it was
    before the plan."""
    seen = case.after(plan)
    for one in seen.approvals:
        if one.subject is _SUBJECT and one.state is ApprovalState.ASKED:
            over = _why_over(seen, one, basis)
            plan = plan.with_question(expired(seen, one, basis, why=over)) if over else plan
    if seen.incident.state not in WITH_ENGINEERS:
        return plan
    approval = seen.approval(_SUBJECT)
    if approval is None:
        if not _looks_major(seen, basis):
            return plan
        put = _asked(seen, basis)
        return _in_room(seen, plan.with_question(put), put.approvals[0], basis)
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
    if is_past(seen.incident, one):
        return why_over(seen.incident)
    return why_unanswered(one, basis)


def _asked(seen: Case, basis: Basis) -> Plan:
    approval = Approval.asked(
        seen.incident, _SUBJECT, now=basis.now, expires_after=basis.policy.major.expires_after
    )
    return asked_of_owner(
        seen,
        approval,
        asks=f"{major_question(seen, basis)} ",
        otherwise=worded_as(_OTHERWISE),
        entry=worded("Asked whether it is a major incident"),
        policy=basis.policy,
    )


def _in_room(seen: Case, plan: Plan, approval: Approval, basis: Basis) -> Plan:
    asks, yes = f"{seen.incident.name}: {major_question(seen, basis)} ", worded("Yes: a major incident")
    return in_room(
        seen, plan, approval, asks=asks, otherwise=worded_as(_OTHERWISE), yes=yes, policy=basis.policy
    )


def major_question(seen: Case, basis: Basis) -> str:
    """What is asked, who is hit, and what a yes does."""
    team = basis.policy.team_of(seen.incident.service)
    paged = worded(" and ").join(one.title for one in (team.lead, team.manager) if one is not None)
    follows = worded(", and {paged} paged", paged=paged) if paged else ""
    who = hit_summary(seen.present, basis.policy)
    return worded(
        "is this a major incident? Hit: {who}. With a yes it is of severity 1{follows}.",
        who=who,
        follows=follows,
    )


def _declared(seen: Case, plan: Plan, approval: Approval, basis: Basis) -> Plan:
    """Once in a generation: whoever sets the severity back afterwards is not overruled."""
    team = basis.policy.team_of(seen.incident.service)
    people = {"lead": team.lead, "manager": team.manager}
    if approval.decided_at != basis.now:
        return plan
    worse = made_worse(plan.incident, Severity.CRITICAL, now=basis.now)
    raised = Entry(
        kind=EntryKind.SEVERITY,
        text=worded(
            "Severity raised from {before} to 1: it is a major incident",
            before=int(plan.incident.severity),
        ),
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
