"""A page that was not for who was woken: handed back with a reason, to whom it may be for, and never lost.

It goes to the team of the service that they name, else to those of the services that the broken one needs and that were
not asked yet. Where nobody is left, the team's own ladder goes on, and the agents who are accountable read why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, LedgerLine, Plan
from incidents.decisions.escalation import next_level
from incidents.decisions.ownership.lead import owners_lead_page
from incidents.decisions.posts import change_on, notes_on
from incidents.decisions.telling import digest, tell_all
from incidents.effects import Effect, EffectKind, EffectState
from incidents.errors import Refused
from incidents.events import PageChange, PageEvent
from incidents.lifecycle import WITH_ENGINEERS, move
from incidents.models import IncidentState, PageState, PageStatus
from incidents.notes.context import page_for
from incidents.policy.policy import Policy, Team
from incidents.redaction.redaction import safe_excerpt

MARK = "not-us"
"""What marks that a page was handed back by those it woke."""
_TEAM = ":team:"
_LONGEST_WHY = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class NotOurs:
    """Who says so, why, and of which page; None for every page that is out. `service` is whose team it is for."""

    by: str
    why: str
    service: str | None = None
    page: str | None = None
    where: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    """A team to wake, and why it may be theirs."""

    name: str
    team: Team
    why: str


def hand_back(case: Case, word: NotOurs, basis: Basis) -> Plan:
    """Wake who it may be for, and tell agents and room the reason. Raises `Refused`, with what to say instead."""
    incident, policy = case.incident, basis.policy
    if incident.state not in WITH_ENGINEERS:
        state = incident.state.replace("_", " ")
        raise Refused(f"{incident.name} is {state}: no page of it is out that could be handed back")
    pages = [one for one in case.pages if word.page in (None, one.key) and one.state is not EffectState.DEAD]
    what = f"{MARK}:{digest(word.by, word.why, str(basis.now))}"
    team = _team_of_page(case, word, policy)
    candidate = _next_team(case, word, policy)
    incident = replace(
        move(incident, IncidentState.ESCALATED, now=basis.now), responder=None, acknowledged_at=None
    )
    plan = Plan(incident=incident)
    seen = replace(case, incident=incident)
    if candidate is not None:
        goes_to = f"{candidate.team.title} is paged now: {candidate.why}"
        # Quiet there, as somebody else is woken now. It rings again by the tool's own time-out.
        effects = [_page(seen, candidate, basis), *change_on(seen, pages, EffectKind.PAGE_ACKNOWLEDGE, what)]
        plan = replace(plan, effects=tuple(effects))
    else:
        plan = _nobody_else(seen, plan, what, basis)
        levels = [entry.text for entry in plan.entries]
        goes_to = f"Nobody else is known to ask. {'; '.join(levels) or 'Its pages ring on'}"
        how = "not-us SERVICE names whose it is, split SERVICE moves a ticket to an incident of that service"
        goes_to = f"{goes_to}. Agents: {how}"
    reason = safe_excerpt(word.why, _LONGEST_WHY) or "no reason given"
    where = f" {word.where}" if word.where else ""
    text = f"{word.by} says{where} that it is not for {team}: {reason}. {goes_to}"
    told = tell_all(seen, policy, what, text, kind=EntryKind.NOT_US, actor=word.by)
    return replace(
        plan,
        effects=(*plan.effects, *notes_on(seen, pages, what, text), *told.effects),
        entries=(*told.entries, *plan.entries),
    )


def handed_back_at_the_pager(case: Case, events: Sequence[PageEvent], key: str, basis: Basis) -> Plan | None:
    """The same as a page's own link or mail says it; None where nobody said so. Of what is over it is only written
    down, and where somebody else has it, that one keeps it."""
    words = [event for event in events if event.change is PageChange.NOT_US and not event.by_us]
    if not words:
        return None
    said = words[-1]
    incident = case.incident
    has_another = incident.state is IncidentState.ACKNOWLEDGED and incident.responder not in (
        None,
        said.actor,
    )
    if incident.state in WITH_ENGINEERS and not has_another and not is_handed_back(case, key):
        return hand_back(case, NotOurs(by=said.actor or "An engineer", why=said.text, page=key), basis)
    reason = safe_excerpt(said.text, _LONGEST_WHY) or "no reason given"
    text = f"{said.actor or 'An engineer'} says that it is not for them: {reason}"
    return Plan(
        incident=incident, entries=(Entry(kind=EntryKind.NOT_US, text=text, actor=said.actor or "engineer"),)
    )


def is_handed_back(case: Case, key: str) -> bool:
    """Whether those whom this page woke have said in this generation that it is not theirs."""
    mark = f":g{case.incident.generation}:{MARK}:"
    return any(
        line.kind is EffectKind.PAGE_NOTE and line.target == key and mark in line.key for line in case.ledger
    )


def moves_nothing(case: Case, key: str, events: Sequence[PageEvent], state: PageState) -> bool:
    """Whether this page says nothing about the incident: it was handed back, and rings, is quiet or is put away for
    those alone. Who takes it by name all the same, has it."""
    if not is_handed_back(case, key):
        return False
    if state.status is PageStatus.RESOLVED:
        ours = (line for line in case.ledger if line.kind is EffectKind.PAGE_RESOLVE)
        return all(line.target != key for line in ours)
    if state.status is PageStatus.TRIGGERED:
        return True
    is_taken = any(
        event.change is PageChange.ACKNOWLEDGED and event.actor and not event.by_us for event in events
    )
    return not is_taken and case.incident.responder is None


def _nobody_else(case: Case, plan: Plan, what: str, basis: Basis) -> Plan:
    """The next level of the team's ladder, else whoever leads those who are accountable."""
    after = next_level(case, basis, plan)
    lead = basis.policy.ownership.lead
    if after is not plan or lead is None:
        return after
    why = f"{case.incident.name}: those who were paged say that it is not theirs, and nobody else is known"
    entry = Entry(kind=EntryKind.ESCALATED, text=f"Paged {lead.title}")
    effects = (*plan.effects, owners_lead_page(case, lead, what, why, basis))
    return replace(plan, effects=effects, entries=(*plan.entries, entry))


def _team_of_page(case: Case, word: NotOurs, policy: Policy) -> str:
    asked = word.page.rpartition(_TEAM)[2] if word.page is not None and _TEAM in word.page else None
    named = policy.teams.get(asked) if asked is not None else None
    return (named or policy.team_of(case.incident.service)).title


def _next_team(case: Case, word: NotOurs, policy: Policy) -> _Candidate | None:
    own = policy.service(case.incident.service).team
    asked = {own, *(line.key.rpartition(_TEAM)[2] for line in _team_pages(case))}
    if word.service is not None:
        name = policy.service(word.service).team
        if name in asked:
            raise Refused(f"{policy.teams[name].title}, which looks after {word.service}, was asked already")
        return _Candidate(name=name, team=policy.teams[name], why=f"{word.by} says that it is theirs")
    title = policy.service(case.incident.service).title
    for needed in _needed(case.incident.service, policy):
        service = policy.service(needed)
        if service.team not in asked:
            why = f"{title} needs {service.title}, which they look after"
            return _Candidate(name=service.team, team=policy.teams[service.team], why=why)
    return None


def _team_pages(case: Case) -> list[LedgerLine]:
    mark = f"{case.once('page')}{_TEAM}"
    return [line for line in case.ledger if line.kind is EffectKind.PAGE and line.key.startswith(mark)]


def _needed(service: str, policy: Policy) -> Iterator[str]:
    """What it cannot do without, the nearest first."""
    seen, found = {service}, [service]
    while found:
        for name in policy.service(found.pop(0)).depends_on:
            if name not in seen:
                seen.add(name)
                found.append(name)
                yield name


def _page(case: Case, candidate: _Candidate, basis: Basis) -> Effect:
    key = f"{case.once('page')}{_TEAM}{candidate.name}"
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.PAGE,
        incident_id=case.incident.id,
        connection=candidate.team.pager,
        target=key,
        payload=page_for(case, basis, target=candidate.team.pager_target),
    )
