"""Fix it or fetch the people who can: the pre-configured action first, then the owning team, with context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from incidents.actions import DRY_RUN, NOT_STARTED, ActionState
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, LedgerLine, Plan
from incidents.decisions.holding.hold import QUIET, ServiceLately, held, hold_for, is_held
from incidents.decisions.posts import action_effect, chat_post
from incidents.decisions.updates.said import promised_for
from incidents.effects import Effect, EffectKind, EffectState, RoomRequest, ticket_note
from incidents.lifecycle import move
from incidents.models import (
    IncidentState,
    ProbeResult,
    Stage,
)
from incidents.notes.context import context_message, outcome_words, page_for, room_name
from incidents.notes.next_rung import next_rung, person_page_key
from incidents.notes.notes import accountable_words, team_words, verdict_words
from incidents.policy.policy import ActionMode, ActionPolicy, Policy, Rung
from incidents.texts.messages import internal
from incidents.texts.team import worded

_BEFORE = frozenset({IncidentState.CONFIRMED, IncidentState.REOPENED})
_BY_HAND = frozenset({IncidentState.REPORTED, IncidentState.VALIDATING, IncidentState.NOT_AN_INCIDENT})
BY_WORD = _BEFORE | _BY_HAND | {IncidentState.MITIGATING}
"""States in which a person's word is enough to page."""
# The flow follows an action itself; this is for the sweep, should the flow die with its worker.
_ACTION_GRACE = timedelta(seconds=30)


def decide(
    case: Case,
    looks: Sequence[ProbeResult],
    basis: Basis,
    *,
    lately: ServiceLately = QUIET,
    by_hand: str | None = None,
) -> Plan:
    """The next step of an incident on its way to the engineers; any other incident is left as it is.

    `by_hand` names who asked to escalate now: then no action is tried, no proof is awaited and no page waits. `lately`
    is what else happened to its service.
    """
    incident = case.incident
    if by_hand is not None and incident.state in BY_WORD:
        return mobilise(case, basis, why=worded("escalated by {by_hand}", by_hand=by_hand))
    if incident.state in _BY_HAND and incident.next_stage is Stage.ESCALATION:
        return mobilise(case, basis, why=worded("the response target would be missed"))
    is_on_its_way = incident.state in _BEFORE or incident.state is IncidentState.MITIGATING
    if not is_on_its_way or is_held(incident, now=basis.now):
        return Plan(incident=incident)
    if incident.state is IncidentState.MITIGATING:
        return _after_action(case, looks, lately, basis)
    return _begin(case, looks, lately, basis)


def _begin(case: Case, looks: Sequence[ProbeResult], lately: ServiceLately, basis: Basis) -> Plan:
    incident = case.incident
    # What was opened again by a worker from before holds may still have the time of its last one.
    if incident.held_until is not None and incident.generation == 1:
        return _after_hold(case, looks, basis)
    action = _action_to_try(case, basis.policy)
    if action is not None:
        return _try_action(case, action, now=basis.now)
    return _wake(case, lately, basis, why=verdict_words(incident.verdict))


def _wake(case: Case, lately: ServiceLately, basis: Basis, *, why: str) -> Plan:
    """Page the team, unless the page may wait."""
    hold = hold_for(case, lately, basis)
    return mobilise(case, basis, why=why) if hold is None else held(case, hold, basis)


def _after_hold(case: Case, looks: Sequence[ProbeResult], basis: Basis) -> Plan:
    """It works again by itself, or by what its agent did; else the page has waited long enough."""
    if _is_green(looks):
        entry = Entry(kind=EntryKind.STATE, text=worded("It works again; nobody was woken"))
        return _works_again(case, entry, basis)
    return mobilise(case, basis, why=worded("it still fails, and the page has waited"))


def _action_to_try(case: Case, policy: Policy) -> ActionPolicy | None:
    """The first automatic action for this verdict that this incident has not had yet, in any generation."""
    tried = {
        line.target
        for line in case.ledger
        if line.kind is EffectKind.ACTION and line.result not in (NOT_STARTED, DRY_RUN)
    }
    automatic = (
        action
        for action in policy.service(case.incident.service).actions
        if action.mode is ActionMode.AUTOMATIC and case.incident.verdict in action.verdicts
    )
    return next((action for action in automatic if action.name not in tried), None)


def _try_action(case: Case, action: ActionPolicy, *, now: datetime) -> Plan:
    incident = move(case.incident, IncidentState.MITIGATING, now=now)
    incident = replace(
        incident, next_stage=Stage.ESCALATION, next_stage_at=now + action.timeout + _ACTION_GRACE
    )
    entry = Entry(
        kind=EntryKind.ACTION,
        text=worded("Trying the action '{action}' before waking anybody", action=action.name),
    )
    return Plan(incident=incident, effects=(action_effect(case, action),), entries=(entry,))


def _after_action(case: Case, looks: Sequence[ProbeResult], lately: ServiceLately, basis: Basis) -> Plan:
    action = [line for line in case.ledger if line.kind is EffectKind.ACTION][-1]
    incident = case.incident
    if action.state.is_open:
        if incident.next_stage_at is not None and basis.now < incident.next_stage_at:
            return Plan(incident=incident)
        return _wake(
            case, lately, basis, why=worded("the action '{target}' did not end in time", target=action.target)
        )
    has_succeeded = action.state is EffectState.DONE and action.result == ActionState.SUCCEEDED
    if has_succeeded and not looks and basis.policy.service(incident.service).probes:
        # Nobody has looked since it ended (its worker died): that comes first.
        return Plan(incident=replace(incident, next_stage_at=basis.now))
    if has_succeeded and _is_green(looks):
        text = worded("The action '{target}' fixed it; nobody was woken", target=action.target)
        return _works_again(case, Entry(kind=EntryKind.FIXED_BY_ACTION, text=text), basis)
    if incident.held_until is not None:
        return _after_hold(case, looks, basis)
    return _wake(
        case,
        lately,
        basis,
        why=worded("the action '{target}' {no_help}", target=action.target, no_help=_no_help(action)),
    )


def _no_help(action: LedgerLine) -> str:
    if action.result in (NOT_STARTED, DRY_RUN):
        return worded("was {detail}", detail=action.detail)
    return worded("did not help ({outcome_words})", outcome_words=outcome_words(action))


def _works_again(case: Case, entry: Entry, basis: Basis) -> Plan:
    incident = move(case.incident, IncidentState.RESOLVED, now=basis.now)
    incident = replace(
        incident, next_stage=Stage.CLOSURE, next_stage_at=basis.now, resolved_at=basis.now, checks=0
    )
    return Plan(incident=incident, entries=(entry,))


def _is_green(looks: Sequence[ProbeResult]) -> bool:
    """Proof needs a probe that says so: without one, an action's own word is not enough."""
    return bool(looks) and all(look.is_healthy for look in looks)


def mobilise(case: Case, basis: Basis, *, why: str) -> Plan:
    """Page the owning team with the context packet, open the room, tell every agent who has it."""
    incident = move(case.incident, IncidentState.ESCALATED, now=basis.now)
    incident = replace(
        incident,
        next_stage=None,
        next_stage_at=None,
        checks=0,
        responder=None,
        acknowledged_at=None,
        next_update_at=promised_for(replace(case, incident=incident), basis),
    )
    seen = replace(case, incident=incident)
    team = basis.policy.team_of(incident.service)
    effects: list[Effect] = [page_effect(seen, basis, level=0)]
    effects += _room(seen, basis)
    note = internal(
        worded(
            "{incident}: {team_words} has been paged: {why}. They see every linked ticket; you will "
            "be told here when somebody takes it, and when it is fixed. {accountable_words}",
            incident=incident.name,
            team_words=team_words(team.title),
            why=why,
            accountable_words=accountable_words(incident),
        )
    )
    once = case.once("escalated")
    effects += [ticket_note(incident.id, item.ticket.ref, once, note) for item in case.present]
    entry = Entry(
        kind=EntryKind.ESCALATED,
        text=worded("Paged {team_words}: {why}", team_words=team_words(team.title), why=why),
    )
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,))


def page_effect(case: Case, basis: Basis, *, level: int) -> Effect:
    """The page of a level of the ladder; level 0 is the team itself."""
    team = basis.policy.team_of(case.incident.service)
    pager, target = team.pager, team.pager_target
    if level > 0:
        rung = team.ladder[level - 1]
        pager, target = rung.pager or team.pager, rung.pager_target
    key = f"{case.once('page')}:{level}"
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.PAGE,
        incident_id=case.incident.id,
        connection=pager,
        target=key,
        payload=page_for(case, basis, target=target),
    )


def next_level(case: Case, basis: Basis, plan: Plan) -> Plan:
    """The plan with the next level of the team's ladder paged; after the last one its lead and its manager, each once.

    The plan as it is when nobody is left. Only for an incident that engineers have.
    """
    incident = plan.incident
    team, seen = basis.policy.team_of(incident.service), replace(case, incident=incident)
    rung = next_rung(seen, basis.policy)
    if rung is None:
        return plan
    if incident.page_level < len(team.ladder):
        incident = replace(incident, page_level=incident.page_level + 1)
        page = page_effect(replace(case, incident=incident), basis, level=incident.page_level)
    else:
        page = person_page(case, "lead" if rung is team.lead else "manager", rung, basis)
    entry = Entry(kind=EntryKind.ESCALATED, text=worded("Paged the next level: {rung}", rung=rung.title))
    return replace(plan, incident=incident, effects=(*plan.effects, page), entries=(*plan.entries, entry))


def person_page(case: Case, who: str, person: Rung, basis: Basis) -> Effect:
    """The page of the team's lead or manager, once in a generation; what comes later are notes on that page."""
    key = person_page_key(case, who)
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.PAGE,
        incident_id=case.incident.id,
        connection=person.pager or basis.policy.team_of(case.incident.service).pager,
        target=key,
        payload=page_for(case, basis, target=person.pager_target),
    )


def _room(case: Case, basis: Basis) -> list[Effect]:
    chat = basis.policy.team_of(case.incident.service).chat
    if chat is None:
        return []
    incident = case.incident
    # One room for the incident's whole life: the key has no generation in it.
    room_key = f"liaison:{case.instance}:{incident.name}:room"
    room = Effect(
        key=room_key,
        once=room_key,
        kind=EffectKind.CHAT_ROOM,
        incident_id=incident.id,
        connection=chat,
        target=incident.name,
        payload=RoomRequest(
            name=room_name(incident),
            topic=f"{incident.name}: {incident.title}"[:200],
        ),
    )
    return [room, chat_post(case, basis.policy, "context", context_message(case, basis))]
