"""A person's word that engineers are needed now: no action is tried, no proof awaited, and no page waits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.escalation import BY_WORD, mobilise
from incidents.decisions.holding.hold import made_worse
from incidents.decisions.posts import tell_engineers
from incidents.decisions.ticket_news import can_reopen
from incidents.lifecycle import WITH_ENGINEERS, reopen
from incidents.models import Severity
from incidents.texts.times import duration


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalationWord:
    """Who says so, with where and why (`Ada in a note on #7: nobody can pay`); `severity` where they name one, and
    `mark` tells it from any other."""

    by: str
    severity: Severity | None = None
    mark: str = ""


def escalated_by_word(case: Case, word: EscalationWord, basis: Basis) -> Plan:
    """Page the team, also of one that was called fixed lately. One that engineers have is at most made worse; any other
    is left as it is."""
    incident, entries = case.incident, []
    is_back = can_reopen(incident, basis)
    if is_back:
        incident = reopen(incident, now=basis.now)
        entries.append(Entry(kind=EntryKind.REOPENED, text=f"Opened again by {word.by}", actor=word.by))
    is_with_engineers = incident.state in WITH_ENGINEERS
    if not is_with_engineers and incident.state not in BY_WORD:
        return Plan(incident=case.incident)
    if word.severity is not None and word.severity < incident.severity:
        text = f"Severity raised from {incident.severity} to {word.severity} by {word.by}"
        entries.append(Entry(kind=EntryKind.SEVERITY, text=text, actor=word.by))
        incident = made_worse(incident, word.severity, now=basis.now)
    seen = replace(case, incident=incident)
    if is_with_engineers:
        told = tell_engineers(seen, basis.policy, f"severity:{word.mark}", entries[0].text) if entries else ()
        return Plan(incident=incident, effects=tuple(told), entries=tuple(entries))
    plan = mobilise(seen, basis, why=f"escalated by {word.by}")
    return replace(plan, entries=(*entries, *plan.entries))


def escalation_words(before: Case, plan: Plan, word: EscalationWord, basis: Basis) -> str:
    """What came of it, for whoever said it."""
    incident, name = plan.incident, plan.incident.name
    team = basis.policy.team_of(incident.service).title
    mild = (
        f" It stays severity {incident.severity}, which is worse than {word.severity}."
        if word.severity is not None and word.severity > incident.severity
        else ""
    )
    if before.incident.state in WITH_ENGINEERS:
        since = duration(basis.now - before.incident.state_since)
        who = (
            f"{incident.responder} has it"
            if incident.responder
            else f"nobody has taken it yet, {since} after the page"
        )
        raised = (
            f" It is severity {incident.severity} now."
            if incident.severity < before.incident.severity
            else mild
        )
        return f"{name}: team {team} was paged already; {who}.{raised}"
    if incident.state in WITH_ENGINEERS:
        return f"{name} (severity {incident.severity}): team {team} is being paged now.{mild}"
    return f"{name} is {incident.state.replace('_', ' ')}: nothing was done. To say that it is another fault: split"
