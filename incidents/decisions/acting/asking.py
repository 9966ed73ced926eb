"""Actions that a person must allow: asked while the page goes out, started once when somebody says yes."""

from __future__ import annotations

from dataclasses import replace

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.participants.approval import (
    answer_buttons,
    ask_room,
    expired,
    how_to_answer,
    is_asked_in_room,
    mark_of,
)
from incidents.decisions.posts import action_effect
from incidents.decisions.telling import note_owner
from incidents.lifecycle import WITH_ENGINEERS, WORKS_AGAIN
from incidents.models import ChatMessage, IncidentState
from incidents.policy.acting.section import ActionMode, ActionPolicy
from incidents.texts.messages import internal
from incidents.texts.plain_text import cut
from incidents.texts.times import clock

_SUBJECT = ApprovalSubject.ACTION
_LONGEST_ARGUMENTS = 300


def with_actions(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, with the actions that are asked for or allowed by it. `case` is as it was before the plan."""
    changed = {one.mark: one for one in (*case.approvals, *plan.approvals)}
    seen = replace(case, incident=plan.incident, approvals=tuple(changed.values()))
    wanted = {action.name: action for action in _to_be_asked(seen, basis)}
    for one in seen.approvals:
        if one.subject is _SUBJECT and one.state is ApprovalState.ASKED:
            over = _why_over(seen, one, wanted.get(one.which), basis)
            plan = _joined(plan, expired(seen, one, basis, why=over)) if over else plan
    if seen.incident.state not in WITH_ENGINEERS:
        return plan
    for action in wanted.values():
        plan = _towards_start(seen, plan, action, basis)
    return plan


def _to_be_asked(seen: Case, basis: Basis) -> list[ActionPolicy]:
    actions = basis.policy.service(seen.incident.service).actions
    return [action for action in actions if action.mode is ActionMode.APPROVE]


def _why_over(seen: Case, one: Approval, action: ActionPolicy | None, basis: Basis) -> str | None:
    """Why there is nothing left to allow; None while there is."""
    incident = seen.incident
    if incident.merged_into is not None:
        return f"{incident.name} was merged into INC-{incident.merged_into}"
    if one.generation != incident.generation or incident.state in WORKS_AGAIN | {IncidentState.MERGED}:
        return "it was over before anybody said so"
    if action is None:
        return "the policy asks for it no more"
    return f"nobody answered by {clock(one.expires_at)}" if one.expires_at <= basis.now else None


def _towards_start(seen: Case, plan: Plan, action: ActionPolicy, basis: Basis) -> Plan:
    approval = seen.approval(_SUBJECT, action.name)
    was_started = bool(seen.action_lines(action.name))
    if approval is None:
        if was_started or seen.incident.verdict not in action.verdicts:
            return plan
        put = _asked(seen, action, basis)
        return _in_room(seen, _joined(plan, put), put.approvals[0], action, basis)
    if approval.state is ApprovalState.APPROVED and not was_started:
        start = action_effect(seen, action, approved_by=approval.decided_by)
        return replace(plan, effects=(*plan.effects, start))
    if approval.state is ApprovalState.ASKED and approval.expires_at > basis.now:
        return _in_room(seen, plan, approval, action, basis)
    return plan


def _asked(seen: Case, action: ActionPolicy, basis: Basis) -> Plan:
    incident = seen.incident
    approval = Approval(
        incident=incident.id,
        generation=incident.generation,
        subject=_SUBJECT,
        which=action.name,
        state=ApprovalState.ASKED,
        asked_at=basis.now,
        expires_at=basis.now + action.expires_after,
    )
    until = clock(approval.expires_at)
    note = internal(
        f"{incident.name}: {_question(action)} {how_to_answer(approval, incident.name, basis.policy)} "
        f"Without an answer by {until} it is not started."
    )
    entry = Entry(
        kind=EntryKind.APPROVAL_ASKED,
        text=f"Asked whether the action '{action.name}' may be started, until {until}",
    )
    effects = note_owner(seen, mark_of(approval), note)
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,), approvals=(approval,))


def _in_room(seen: Case, plan: Plan, approval: Approval, action: ActionPolicy, basis: Basis) -> Plan:
    """The room is asked as soon as there is one; it may be opened by this very plan."""
    if is_asked_in_room(seen, approval):
        return plan
    name = seen.incident.name
    text = (
        f"{name}: {_question(action)} Press a button, or say `approve {name} {approval.named}` or `deny {name} "
        f"{approval.named}`, with your reason if you like. Without an answer by {clock(approval.expires_at)} it is not "
        "started."
    )
    message = ChatMessage(text=text, buttons=answer_buttons(approval, name, yes=f"Start: {action.name}"))
    return replace(plan, effects=(*plan.effects, *ask_room(seen, plan, approval, message, basis.policy)))


def _question(action: ActionPolicy) -> str:
    dry = " This is a dry run: nothing will be started." if action.dry_run else ""
    return f"may the action '{action.name}' be started? It runs at {ran_with(action)}.{dry}"


def ran_with(action: ActionPolicy) -> str:
    """Where it runs and with what, for people: `http/failover with region=eu`."""
    given = ", ".join(f"{key}={value}" for key, value in sorted(action.arguments.items()))
    return action.connection + (f" with {cut(given, _LONGEST_ARGUMENTS)}" if given else "")


def _joined(plan: Plan, then: Plan) -> Plan:
    return replace(
        plan,
        effects=(*plan.effects, *then.effects),
        entries=(*plan.entries, *then.entries),
        approvals=(*plan.approvals, *then.approvals),
    )
