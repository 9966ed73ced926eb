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
from incidents.notes.states import state_words
from incidents.policy.policy import Policy, Team
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.team import worded

MARK = "not-us"
"""What marks that a page was handed back by those it woke."""
_TAKEN = "theirs-after-all"
"""What marks that somebody has taken a page by name after it was handed back."""
_TEAM, _AGAIN = ":team:", ":again:"
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
        state = state_words(incident.state)
        raise Refused(
            worded(
                "{incident} is {state}: no page of it is out that could be handed back",
                incident=incident.name,
                state=state,
            )
        )
    if _has_another(case, word.by):
        raise Refused(
            worded(
                "{responder} has {incident}: only they hand it back, by that name or at the page itself",
                responder=incident.responder,
                incident=incident.name,
            )
        )
    said_before = _said_before(case, word.by)
    if said_before and word.page is None and word.service is None and incident.responder is None:
        raise Refused(
            worded(
                "{by} said so already, and it is passed on; not-us SERVICE names whose {incident} is",
                by=word.by,
                incident=incident.name,
            )
        )
    pages = _pages_of(case, word)
    team = _team_of(case, pages, policy)
    candidate = _next_team(case, word, policy)
    said = f"{digest(word.by)}:{said_before}"
    what = f"{MARK}:{said}"
    incident = replace(
        move(incident, IncidentState.ESCALATED, now=basis.now), responder=None, acknowledged_at=None
    )
    plan = Plan(incident=incident)
    seen = replace(case, incident=incident)
    if candidate is not None:
        # What was handed back is quiet once the new page is seen (`quiet_elsewhere`): a page that dies silences none.
        goes_to = worded("{team} is paged now: {why}", team=candidate.team.title, why=candidate.why)
        plan = replace(plan, effects=(_page(seen, candidate, basis),))
    else:
        plan = _nobody_else(seen, plan, what, basis)
        if plan.effects == () and not _rings(case):
            plan = _paged_again(seen, plan, basis)
        levels = [entry.text for entry in plan.entries]
        goes_to = worded(
            "Nobody else is known to ask. {levels}", levels="; ".join(levels) or worded("Its pages ring on")
        )
        goes_to = worded(
            "{goes_to}. Agents: not-us SERVICE names whose it is, split SERVICE moves a ticket to an incident of "
            "that service",
            goes_to=goes_to,
        )
    reason = safe_excerpt(word.why, _LONGEST_WHY) or worded("no reason given")
    where = f" {word.where}" if word.where else ""
    text = worded(
        "{by} says{where} that it is not for {team}: {reason}. {goes_to}",
        by=word.by,
        where=where,
        team=team,
        reason=reason,
        goes_to=goes_to,
    )
    told = tell_all(seen, policy, what, text, kind=EntryKind.NOT_US, actor=word.by)
    others = [one for one in case.pages if one not in pages]
    notes = (*notes_on(seen, pages, what, text), *notes_on(seen, others, f"said-{what}", text))
    return replace(
        plan, effects=(*plan.effects, *notes, *told.effects), entries=(*told.entries, *plan.entries)
    )


def handed_back_at_the_pager(case: Case, events: Sequence[PageEvent], key: str, basis: Basis) -> Plan | None:
    """The same as a page's own link or mail says it; None where nobody said so. Of what is over it is only written
    down, and where somebody else has it, that one keeps it."""
    words = [event for event in events if event.change is PageChange.NOT_US and not event.by_us]
    if not words:
        return None
    said = words[-1]
    incident, by = case.incident, said.actor or worded("An engineer")
    is_anothers = _has_another(case, by) or is_taken_by_name(events)
    if incident.state in WITH_ENGINEERS and not is_anothers and not is_handed_back(case, key):
        return hand_back(case, NotOurs(by=by, why=said.text, page=key), basis)
    reason = safe_excerpt(said.text, _LONGEST_WHY) or worded("no reason given")
    text = worded("{by} says that it is not for them: {reason}", by=by, reason=reason)
    return Plan(
        incident=incident, entries=(Entry(kind=EntryKind.NOT_US, text=text, actor=said.actor or "engineer"),)
    )


def is_handed_back(case: Case, key: str) -> bool:
    """Whether those whom this page woke have said in this generation that it is not theirs, and nobody has taken it by
    name since."""
    start = f":g{case.incident.generation}:"
    marks = [
        f"{start}{MARK}:" in line.key
        for line in case.ledger
        if line.kind is EffectKind.PAGE_NOTE
        and line.target == key
        and (f"{start}{MARK}:" in line.key or f"{start}{_TAKEN}:" in line.key)
    ]
    return bool(marks) and marks[-1]


def is_taken_by_name(events: Sequence[PageEvent]) -> bool:
    """Whether a person took it, and nobody has said since that it is not theirs."""
    taken = [
        event.change is PageChange.ACKNOWLEDGED
        for event in events
        if not event.by_us
        and (
            event.change is PageChange.NOT_US
            or (event.change is PageChange.ACKNOWLEDGED and event.actor and not event.by_machine)
        )
    ]
    return bool(taken) and taken[-1]


def moves_nothing(case: Case, key: str, events: Sequence[PageEvent], state: PageState) -> bool:
    """Whether this page says nothing about the incident: it was handed back, and rings, is quiet or is put away for
    those alone. Who takes it by name all the same, has it; and what the one who has the incident does to it, counts."""
    if not is_handed_back(case, key) or is_taken_by_name(events):
        return False
    responder = case.incident.responder
    if responder is not None and any(event.actor == responder and not event.by_us for event in events):
        return False
    if state.status is PageStatus.RESOLVED:
        ours = (line for line in case.ledger if line.kind is EffectKind.PAGE_RESOLVE)
        return all(line.target != key for line in ours)
    return state.status is PageStatus.TRIGGERED or responder is None


def taken_after_all(case: Case, key: str, events: Sequence[PageEvent]) -> list[Effect]:
    """The mark by which a page that was handed back is followed again, where somebody has taken it by name."""
    line = case.line(key)
    if line is None or not is_handed_back(case, key) or not is_taken_by_name(events):
        return []
    newest = [event for event in events if event.change is PageChange.ACKNOWLEDGED and event.actor][-1]
    what = f"{_TAKEN}:{digest(newest.actor, newest.at.isoformat())}"
    return notes_on(case, [line], what, worded("{actor} takes it after all", actor=newest.actor))


def quiet_elsewhere(case: Case, key: str, state: PageState) -> list[Effect]:
    """Once the page of another team is seen at the on-call tool, what was handed back rings no more; the tool's own
    time-out makes it ring again."""
    is_theirs = key in {line.key for line in _team_pages(case)} and not is_handed_back(case, key)
    if not is_theirs or state.status is PageStatus.RESOLVED or case.incident.state not in WITH_ENGINEERS:
        return []
    pages = [one for one in case.pages if one.key != key and is_handed_back(case, one.key)]
    effects = change_on(case, pages, EffectKind.PAGE_ACKNOWLEDGE, f"{MARK}:{digest(key)}")
    return [effect for effect in effects if case.line(effect.key) is None]


def _has_another(case: Case, by: str) -> bool:
    """Whether somebody else than the speaker has it, or has just said so in chat."""
    responder = case.incident.responder
    return (
        case.incident.state in WITH_ENGINEERS
        and responder is not None
        and responder.casefold() != by.casefold()
    )


def _said_before(case: Case, by: str) -> int:
    """How many lines of the ledger tell in this generation that they said so."""
    start, mark = f":g{case.incident.generation}:", f"{MARK}:{digest(by)}:"
    return sum(start in line.key and mark in line.key for line in case.ledger)


def _pages_of(case: Case, word: NotOurs) -> list[LedgerLine]:
    """The speaker's own pages. Chat does not tell whom a page woke: those of the service's own team, until they were
    handed back; then only those that the speaker has."""
    live = [one for one in case.pages if one.state is not EffectState.DEAD]
    if word.page is not None:
        return [one for one in live if one.key == word.page]
    left = [one for one in live if not is_handed_back(case, one.key)]
    teams = _team_pages(case)
    if not teams or case.incident.responder is not None:
        return left
    return [one for one in left if one not in teams]


def _rings(case: Case) -> bool:
    """Whether a page of it is known to ring: nobody has it, and it is neither dead nor made quiet by us."""
    quiet = {line.target for line in case.ledger if line.kind is EffectKind.PAGE_ACKNOWLEDGE}
    return case.incident.state is IncidentState.ESCALATED and any(
        one.state is not EffectState.DEAD and one.key not in quiet for one in case.pages
    )


def _paged_again(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The team's own page anew: the one that somebody had taken is silent, and no other is out."""
    start = f"{case.once('page')}{_AGAIN}"
    count = sum(line.kind is EffectKind.PAGE and line.key.startswith(start) for line in case.ledger)
    team = basis.policy.team_of(case.incident.service)
    page = _team_page(case, f"{start}{count + 1}", team, basis)
    entry = Entry(
        kind=EntryKind.ESCALATED,
        text=worded("{team} is paged again, so that it is not lost", team=team.title),
    )
    return replace(plan, effects=(*plan.effects, page), entries=(*plan.entries, entry))


def _nobody_else(case: Case, plan: Plan, what: str, basis: Basis) -> Plan:
    """The next level of the team's ladder, else whoever leads those who are accountable."""
    after = next_level(case, basis, plan)
    lead = basis.policy.ownership.lead
    if after is not plan or lead is None:
        return after
    why = worded(
        "{incident}: those who were paged say that it is not theirs, and nobody else is known",
        incident=case.incident.name,
    )
    entry = Entry(kind=EntryKind.ESCALATED, text=worded("Paged {lead}", lead=lead.title))
    effects = (*plan.effects, owners_lead_page(case, lead, what, why, basis))
    return replace(plan, effects=effects, entries=(*plan.entries, entry))


def _team_of(case: Case, pages: Sequence[LedgerLine], policy: Policy) -> str:
    """Whom these pages woke."""
    asked = next((one.key.rpartition(_TEAM)[2] for one in pages if _TEAM in one.key), "")
    return (policy.teams.get(asked) or policy.team_of(case.incident.service)).title


def _next_team(case: Case, word: NotOurs, policy: Policy) -> _Candidate | None:
    own = policy.service(case.incident.service).team
    asked = {own, *(line.key.rpartition(_TEAM)[2] for line in _team_pages(case))}
    if word.service is not None:
        name = policy.service(word.service).team
        if name in asked:
            raise Refused(
                worded(
                    "{teams}, which looks after {service}, was asked already",
                    teams=policy.teams[name].title,
                    service=word.service,
                )
            )
        return _Candidate(
            name=name, team=policy.teams[name], why=worded("{by} says that it is theirs", by=word.by)
        )
    title = policy.service(case.incident.service).title
    for needed in _needed(case.incident.service, policy):
        service = policy.service(needed)
        if service.team not in asked:
            why = worded("{title} needs {service}, which they look after", title=title, service=service.title)
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
    return _team_page(case, f"{case.once('page')}{_TEAM}{candidate.name}", candidate.team, basis)


def _team_page(case: Case, key: str, team: Team, basis: Basis) -> Effect:
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.PAGE,
        incident_id=case.incident.id,
        connection=team.pager,
        target=key,
        payload=page_for(case, basis, target=team.pager_target),
    )
