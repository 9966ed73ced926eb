"""Actions that a person must allow: asked while the page goes out, started once when somebody says yes."""

from __future__ import annotations

from dataclasses import replace

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.decisions.participants.approval import (
    asked_of_owner,
    expired,
    in_room,
    is_past,
    why_over,
    why_unanswered,
)
from incidents.decisions.posts import action_effect
from incidents.lifecycle import WITH_ENGINEERS
from incidents.policy.acting.section import ActionMode, ActionPolicy
from incidents.texts.plain_text import cut
from incidents.texts.team import sentence, worded, worded_as

_SUBJECT = ApprovalSubject.ACTION
_OTHERWISE = sentence("it is not started.")
_LONGEST_ARGUMENTS = 300


def with_actions(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, with the actions that are asked for or allowed by it. `case` is as it was before the plan."""
    seen = case.after(plan)
    wanted = {action.name: action for action in _to_be_asked(seen, basis)}
    for one in seen.approvals:
        if one.subject is _SUBJECT and one.state is ApprovalState.ASKED:
            over = _why_over(seen, one, wanted.get(one.which), basis)
            plan = plan.with_question(expired(seen, one, basis, why=over)) if over else plan
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
    if is_past(seen.incident, one):
        return why_over(seen.incident)
    return worded("the policy asks for it no more") if action is None else why_unanswered(one, basis)


def _towards_start(seen: Case, plan: Plan, action: ActionPolicy, basis: Basis) -> Plan:
    approval = seen.approval(_SUBJECT, action.name)
    was_started = bool(seen.action_lines(action.name))
    if approval is None:
        if was_started or seen.incident.verdict not in action.verdicts:
            return plan
        put = _asked(seen, action, basis)
        return _in_room(seen, plan.with_question(put), put.approvals[0], action, basis)
    if approval.state is ApprovalState.APPROVED and not was_started:
        start = action_effect(seen, action, approved_by=approval.decided_by)
        return replace(plan, effects=(*plan.effects, start))
    if approval.state is ApprovalState.ASKED and approval.expires_at > basis.now:
        return _in_room(seen, plan, approval, action, basis)
    return plan


def _asked(seen: Case, action: ActionPolicy, basis: Basis) -> Plan:
    approval = Approval.asked(
        seen.incident, _SUBJECT, which=action.name, now=basis.now, expires_after=action.expires_after
    )
    entry = worded("Asked whether the action '{action}' may be started", action=action.name)
    return asked_of_owner(
        seen,
        approval,
        asks=f"{_question(action)} ",
        otherwise=worded_as(_OTHERWISE),
        entry=entry,
        policy=basis.policy,
    )


def _in_room(seen: Case, plan: Plan, approval: Approval, action: ActionPolicy, basis: Basis) -> Plan:
    asks, yes = f"{seen.incident.name}: {_question(action)} ", worded("Start: {action}", action=action.name)
    return in_room(
        seen, plan, approval, asks=asks, otherwise=worded_as(_OTHERWISE), yes=yes, policy=basis.policy
    )


def _question(action: ActionPolicy) -> str:
    dry = worded(" This is a dry run: nothing will be started.") if action.dry_run else ""
    return worded(
        "may the action '{action}' be started? It runs at {ran_with}.{dry}",
        action=action.name,
        ran_with=ran_with(action),
        dry=dry,
    )


def ran_with(action: ActionPolicy) -> str:
    """Where it runs and with what, for people: `http/failover with region=eu`."""
    given = ", ".join(f"{key}={value}" for key, value in sorted(action.arguments.items()))
    return action.connection + (
        worded(" with {given}", given=cut(given, _LONGEST_ARGUMENTS)) if given else ""
    )
