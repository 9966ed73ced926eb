"""Monitors that the policy lets us tell: while an engineer has the incident, its problems there are acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from incidents.alerts.episodes import Episode
from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.decisions.telling import digest
from incidents.effects import Effect, EffectKind, NoteText, Nothing, Payload
from incidents.models import Incident, IncidentState
from incidents.texts.messages import internal
from incidents.texts.team import worded

S = IncidentState


def concerns_monitors(case: Case, plan: Plan) -> bool:
    """Whether somebody has taken the incident by this plan, or nobody has it any more: also where it is said to be
    fixed, as what still fires is nobody's then."""
    return (case.incident.state is S.ACKNOWLEDGED) != (plan.incident.state is S.ACKNOWLEDGED)


def with_monitors(case: Case, plan: Plan, episodes: Sequence[Episode], basis: Basis) -> Plan:
    """The plan, with what its alerts' monitors hear. What is over there loses it by itself."""
    if not concerns_monitors(case, plan):
        return plan
    return _telling(case, plan, episodes, basis)


def with_monitors_of_merged(
    before: Case, case: Case, plan: Plan, episodes: Sequence[Episode], basis: Basis
) -> Plan:
    """The plan of whoever goes on after a merge. `before` is the one that ended, `episodes` are those that came from
    it: who has the incident has them, too, and where somebody had that one alone, nobody has them any more."""
    if S.ACKNOWLEDGED not in (before.incident.state, plan.incident.state):
        return plan
    return _telling(case, plan, episodes, basis)


def tell_monitors(
    case: Case, incident: Incident, episodes: Sequence[Episode], basis: Basis
) -> tuple[Effect, ...]:
    """That somebody has these alerts, or that nobody has them any more. Whose an acknowledgement there is, the monitor
    knows: what we last saw of it may be our own old one."""
    is_taken = incident.state is S.ACKNOWLEDGED
    firing = [one for one in episodes if one.connection in basis.policy.alerts.acknowledge and one.is_firing]
    text = internal(
        worded(
            "{incident}: {responder} is on it",
            incident=incident.name,
            responder=incident.responder or worded("an engineer"),
        )
    )
    kind = EffectKind.ALERT_ACKNOWLEDGE if is_taken else EffectKind.ALERT_UNACKNOWLEDGE
    payload: Payload = NoteText(text=text) if is_taken else Nothing()
    return tuple(_effect(case, one, kind, payload, basis) for one in firing)


def _telling(case: Case, plan: Plan, episodes: Sequence[Episode], basis: Basis) -> Plan:
    told = tell_monitors(case, plan.incident, episodes, basis)
    return replace(plan, effects=(*plan.effects, *told))


def _effect(case: Case, episode: Episode, kind: EffectKind, payload: Payload, basis: Basis) -> Effect:
    # Taken, handed back and taken again are three.
    once = case.once(f"{kind}:{digest(episode.connection, episode.key, str(basis.now))}")
    return Effect(
        key=once,
        once=once,
        kind=kind,
        incident_id=case.incident.id,
        connection=episode.connection,
        target=episode.key,
        payload=payload,
    )
