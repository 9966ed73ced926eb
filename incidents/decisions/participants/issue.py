"""The issue for the lasting fix: opened once in an incident's life, when it works again or when it is closed."""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.effects import Effect, EffectKind, IssueText
from incidents.models import IncidentState
from incidents.notes.context import facts
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.team import worded

S = IncidentState
_WHEN = {
    "mitigated": frozenset({S.RESOLVED, S.CLOSING, S.CLOSED}),
    "closed": frozenset({S.CLOSED}),
    "never": frozenset[IncidentState](),
}
_LONGEST_TITLE = 150


def with_issue(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, with the issue that it is time for. `case` is as it was before the plan."""
    incident, rules = plan.incident, basis.policy.issues
    connection = basis.policy.tracker_of(incident.service)
    is_time = incident.state is not case.incident.state and incident.state in _WHEN[rules.open_when]
    if connection is None or not is_time or incident.severity > rules.severity:
        return plan
    key = issue_key(case)
    if case.line(key) is not None:
        return plan
    issue = Effect(
        key=key,
        once=key,
        kind=EffectKind.ISSUE_OPEN,
        incident_id=incident.id,
        connection=connection,
        target=incident.name,
        payload=_words(replace(case, incident=incident), basis),
    )
    return replace(plan, effects=(*plan.effects, issue))


def issue_key(case: Case) -> str:
    """What marks it. Without a generation: what is reopened is the same fault, and has its issue."""
    return f"liaison:{case.instance}:{case.incident.name}:issue"


def _words(seen: Case, basis: Basis) -> IssueText:
    incident = seen.incident
    service = basis.policy.service(incident.service).title
    said = safe_excerpt(incident.title, _LONGEST_TITLE)
    known = "\n".join(f"{label}: {value}" for label, value in facts(seen, basis))
    text = worded(
        "Customers can work again; what keeps it from happening again is still to be done.\n\n"
        "{known}\n\nHow this issue stands is read by Liaison and told in the story of {incident}.",
        known=known,
        incident=incident.name,
    )
    return IssueText(title=f"{incident.name} {service}: {said or worded('a fault')}", text=internal(text))
