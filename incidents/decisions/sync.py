"""One story in every tool: what happened in one of them, told in the others.

States are level-triggered: a page is read again and its state decides, whatever the order of its webhooks.
Notes are events: each is passed on once, recognised by what identifies it at its source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from incidents.basis import Basis
from incidents.case import LAPSED, PROGRESS, Actor, Case, Entry, EntryKind, Plan
from incidents.decisions import customers
from incidents.decisions.missing_pages import is_missing, nobody_woken, sighted
from incidents.decisions.page_moves import (
    handed_back,
    is_handed_back,
    is_reopened,
    is_taken_by_a_machine,
    moved_on,
    page_moves,
    passed_on,
    snoozed,
    taken_over,
)
from incidents.decisions.pages.not_us import (
    handed_back_at_the_pager,
    is_taken_by_name,
    moves_nothing,
    quiet_elsewhere,
    taken_after_all,
)
from incidents.decisions.posts import change_pages, tell_engineers
from incidents.decisions.telling import digest, note_owner, tell_all
from incidents.decisions.updates.said import is_said, promised_for, say, still_promised
from incidents.effects import EffectKind
from incidents.events import (
    PageChange,
    PageEvent,
)
from incidents.lifecycle import WITH_ENGINEERS, move, reopen
from incidents.models import (
    IncidentState,
    PageState,
    PageStatus,
    Stage,
)
from incidents.policy.policy import Policy
from incidents.promises.updates import UpdateKind
from incidents.texts.messages import internal
from incidents.texts.team import sentence, worded, worded_as

_NOBODY = sentence("Nobody (a time-out, or an integration by itself)")
"""Who resolved a page without a person's word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageNews:
    """What the on-call tool said of one page, and how the page stands now. `state` is None if it is not there; then
    `why` says what is known of the reason, and without any event it should have been there by now."""

    key: str
    events: tuple[PageEvent, ...]
    state: PageState | None
    why: str = ""


def page_news(case: Case, news: PageNews, basis: Basis) -> Plan:
    """Follow a page: taken, handed on, resolved, opened again, or never there; and pass on what was said of it."""
    line = case.line(news.key)
    if line is not None and news.state is None and not news.events and is_missing(line):
        return nobody_woken(case, line, news.why, basis)
    plan = Plan(incident=case.incident)
    if news.key in case.page_keys and news.state is not None:
        plan = _heard(case, news, news.state, basis)
    passed = passed_on(case, news.events, basis)
    return replace(
        plan,
        effects=(*plan.effects, *passed.effects),
        entries=(*plan.entries, *passed.entries),
        sightings=(*plan.sightings, *sighted(case, news.key, news.state)),
    )


def _heard(case: Case, news: PageNews, state: PageState, basis: Basis) -> Plan:
    """What the page says, unless those whom it woke have handed it back."""
    plan = Plan(incident=case.incident, effects=tuple(quiet_elsewhere(case, news.key, state)))
    handed_back_now = handed_back_at_the_pager(case, news.events, news.key, basis)
    if handed_back_now is not None:
        plan = handed_back_now
        if not is_taken_by_name(news.events):
            return plan
    elif moves_nothing(case, news.key, news.events, state):
        return plan
    taken = taken_after_all(case, news.key, news.events)
    plan = replace(plan, effects=(*plan.effects, *taken))
    return _joined(plan, _follow(case, news, state, basis))


def _follow(case: Case, news: PageNews, state: PageState, basis: Basis) -> Plan:
    incident = case.incident
    moves = page_moves(news.events)
    if state.status is PageStatus.ACKNOWLEDGED and incident.state is IncidentState.ESCALATED:
        who = _who(news, state, PageChange.ACKNOWLEDGED, said_in_chat=incident.responder)
        taken = acknowledged(case, who, basis, by_machine=is_taken_by_a_machine(news.events))
        return _joined(moved_on(case, moves, state, basis), taken)
    if is_handed_back(case, moves, state, basis):
        return handed_back(case, moves, state, basis)
    if state.status is PageStatus.RESOLVED and incident.state in WITH_ENGINEERS:
        return _page_is_resolved(case, news, state, basis)
    if is_reopened(case, news.events, state, basis):
        return _opened_again(case, news, state, basis)
    plan = _joined(moved_on(case, moves, state, basis), snoozed(case, state, basis))
    who_now = taken_over(case, news.events, state)
    if who_now is None or incident.state is not IncidentState.ACKNOWLEDGED:
        return plan
    seen = replace(case, incident=replace(incident, responder=who_now))
    what = f"acknowledged:{digest(who_now, str(basis.now))}"
    before = (
        worded(" ({responder} had it before)", responder=incident.responder) if incident.responder else ""
    )
    text = worded("{who_now} is on it now{before}", who_now=who_now, before=before)
    return _joined(plan, tell_all(seen, basis.policy, what, text, kind=EntryKind.ACKNOWLEDGED))


def _joined(first: Plan, then: Plan) -> Plan:
    """Both, the incident as the second has it."""
    return replace(
        then,
        effects=(*first.effects, *then.effects),
        entries=(*first.entries, *then.entries),
        updates=(*first.updates, *then.updates),
    )


def _page_is_resolved(case: Case, news: PageNews, state: PageState, basis: Basis) -> Plan:
    """A person's word, or a probe's, that it may be fixed; a page that merely ended says nothing."""
    who = _resolver(case, news, state)
    if who is None and not basis.policy.service(case.incident.service).probes:
        return _lapsed(case, news, basis.policy)
    return resolved(case, who, basis)


def _resolver(case: Case, news: PageNews, state: PageState) -> str | None:
    """The person who resolved the page; None when nobody did: a time-out, or an integration on its own."""
    resolved = [event for event in news.events if event.change is PageChange.RESOLVED]
    named = [
        event.actor
        for event in reversed(resolved)
        if event.actor and not event.by_us and not event.by_machine
    ]
    if named:
        return named[0]
    is_ours = any(line.kind is EffectKind.PAGE_RESOLVE and line.target == news.key for line in case.ledger)
    if is_ours and case.incident.responder is not None:
        return case.incident.responder
    return state.changed_by or None


def _lapsed(case: Case, news: PageNews, policy: Policy) -> Plan:
    """Nobody resolved it and nobody can look: no fix, and no customer may read that there is one. Asked once a page."""
    what = f"{LAPSED}{digest(news.key)}"
    if is_asked(case, what):
        return Plan(incident=case.incident)
    name = case.incident.name
    text = worded(
        "The page was resolved by nobody: a time-out, or an integration by itself. {name} has no "
        "probe, so nobody knows whether it is fixed. If it is, say `resolve {name}` in the room; "
        "else page again from the on-call tool.",
        name=name,
    )
    return Plan(
        incident=case.incident,
        effects=(
            *tell_engineers(case, policy, what, text),
            *note_owner(case, what, internal(f"{name}: {text}")),
        ),
        entries=(
            Entry(
                kind=EntryKind.LAPSED,
                text=worded("The page was resolved by nobody; asked whether it is fixed"),
            ),
        ),
    )


def is_asked(case: Case, what: str = "") -> bool:
    """Whether this generation has been asked about a page that lapsed: this one, or any."""
    return any(
        f":g{case.incident.generation}:" in line.key and (what or LAPSED) in line.key for line in case.ledger
    )


def _opened_again(case: Case, news: PageNews, state: PageState, basis: Basis) -> Plan:
    """Opened again by the engineers, and perhaps taken in the same breath."""
    who = _who(news, state, PageChange.REOPENED)
    plan = _reopened_by_engineers(case, who, basis)
    if state.status is not PageStatus.ACKNOWLEDGED:
        return plan
    who = _who(news, state, PageChange.ACKNOWLEDGED)
    return _joined(plan, acknowledged(replace(case, incident=plan.incident), who, basis))


def acknowledged(case: Case, who: str, basis: Basis, *, by_machine: bool = False) -> Plan:
    """Somebody has it: every agent is told who, every waiting customer that it is being worked on."""
    incident = move(case.incident, IncidentState.ACKNOWLEDGED, now=basis.now)
    # Who has had this message gets no other by it, so what was promised to them stays.
    next_at = (
        promised_for(case, basis) if is_said(case, PROGRESS) else customers.next_update_at(incident, basis)
    )
    incident = replace(incident, responder=who, acknowledged_at=basis.now, next_update_at=next_at)
    seen = replace(case, incident=incident)
    plan = tell_all(
        seen,
        basis.policy,
        f"acknowledged:{digest(who, str(basis.now))}",
        worded("{who} is on it", who=who),
        kind=EntryKind.ACKNOWLEDGED,
        actor=Actor.ON_CALL_TOOL if by_machine else Actor.LIAISON,
    )
    progress = say(
        seen,
        customers.waiting(case),
        basis,
        wording=basis.policy.templates.customer.first_text(is_again=incident.generation > 1),
        what=PROGRESS,
        kind=UpdateKind.PROGRESS,
    )
    return replace(plan, effects=(*plan.effects, *progress.effects), updates=progress.updates)


def resolved(case: Case, who: str | None, basis: Basis) -> Plan:
    """The engineers say it is fixed; closure will ask for proof before any customer hears it.

    `who` is None for nobody: a time-out, or an integration by itself.
    """
    incident = move(case.incident, IncidentState.RESOLVED, now=basis.now)
    incident = replace(
        incident,
        resolved_at=basis.now,
        next_stage=Stage.CLOSURE,
        next_stage_at=basis.now,
        # Proof may take long, and customers were told when they hear from us.
        next_update_at=still_promised(case),
        checks=0,
    )
    seen = replace(case, incident=incident)
    plan = tell_all(
        seen,
        basis.policy,
        "resolved",
        worded("{who} resolved it; proof is being taken", who=who or worded_as(_NOBODY)),
        kind=EntryKind.RESOLVED,
        actor=Actor.LIAISON if who else Actor.ON_CALL_TOOL,
    )
    # Pages of other rungs ring on although it is over.
    return replace(plan, effects=(*plan.effects, *change_pages(case, EffectKind.PAGE_RESOLVE, "resolved")))


def _reopened_by_engineers(case: Case, who: str, basis: Basis) -> Plan:
    """They opened their own page again: it is out already, so nobody is paged a second time."""
    incident = move(reopen(case.incident, now=basis.now), IncidentState.ESCALATED, now=basis.now)
    incident = replace(
        incident,
        next_stage=None,
        next_stage_at=None,
        next_update_at=promised_for(replace(case, incident=incident), basis),
    )
    seen = replace(case, incident=incident)
    return tell_all(
        seen, basis.policy, "reopened", worded("{who} opened it again", who=who), kind=EntryKind.REOPENED
    )


def _who(news: PageNews, state: PageState, change: PageChange, *, said_in_chat: str | None = None) -> str:
    """Who made this change: its own actor, else who said so in chat, else who has the page."""
    actors = [event.actor for event in news.events if event.change is change and not event.by_us]
    named = [name for name in (*reversed(actors), said_in_chat, *state.responders) if name]
    return named[0] if named else worded("An engineer")
