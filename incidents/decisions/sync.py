"""One story in every tool: what happened in one of them, told in the others.

States are level-triggered: a page is read again and its state decides, whatever the order of its webhooks.
Notes are events: each is passed on once, recognised by what identifies it at its source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from incidents.approval import Ruling
from incidents.basis import Basis
from incidents.case import LAPSED, NOBODY, PROGRESS, Actor, Case, Entry, EntryKind, Plan
from incidents.decisions import customers
from incidents.decisions.chat_answers import USAGE, answer, status_words
from incidents.decisions.closing.word import ClosingWord, close_by_name
from incidents.decisions.holding.hold import is_held
from incidents.decisions.missing_pages import is_missing, nobody_woken, sighted
from incidents.decisions.ownership.hand_over import hand_over, read_hand_over
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
from incidents.decisions.participants.approval import ruled, subject_meant
from incidents.decisions.posts import action_effect, change_pages, tell_engineers, tell_room
from incidents.decisions.rooms import is_its_room
from incidents.decisions.telling import digest, note_owner, note_tickets, tell_all
from incidents.decisions.updates.said import is_said, promised_for, say, still_promised
from incidents.effects import Effect, EffectKind, EffectState
from incidents.errors import Refused
from incidents.events import (
    ChatCommand,
    PageChange,
    PageEvent,
)
from incidents.lifecycle import WITH_ENGINEERS, move, reopen
from incidents.models import (
    ChatVerb,
    IncidentState,
    PageState,
    PageStatus,
    Stage,
)
from incidents.notes.context import offer_words, offered
from incidents.policy.policy import Policy
from incidents.promises.updates import UpdateKind
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal


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
        plan = _follow(case, news, news.state, basis)
    passed = passed_on(case, news.events, basis)
    return replace(
        plan,
        effects=(*plan.effects, *passed.effects),
        entries=(*plan.entries, *passed.entries),
        sightings=(*plan.sightings, *sighted(case, news.key, news.state)),
    )


def _follow(case: Case, news: PageNews, state: PageState, basis: Basis) -> Plan:
    incident = case.incident
    moves = page_moves(news.events)
    if state.status is PageStatus.ACKNOWLEDGED and incident.state is IncidentState.ESCALATED:
        who = _who(news, state, PageChange.ACKNOWLEDGED, said_in_chat=incident.responder)
        taken = _acknowledged(case, who, basis, by_machine=is_taken_by_a_machine(news.events))
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
    before = f" ({incident.responder} had it before)" if incident.responder else ""
    text = f"{who_now} is on it now{before}"
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
    return _resolved(case, who or NOBODY, basis)


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
    if _is_asked(case, what):
        return Plan(incident=case.incident)
    name = case.incident.name
    text = (
        f"The page was resolved by nobody: a time-out, or an integration by itself. {name} has no probe, so nobody "
        f"knows whether it is fixed. If it is, say `resolve {name}` in the room; else page again from the on-call tool."
    )
    return Plan(
        incident=case.incident,
        effects=(
            *tell_engineers(case, policy, what, text),
            *note_owner(case, what, internal(f"{name}: {text}")),
        ),
        entries=(
            Entry(kind=EntryKind.LAPSED, text="The page was resolved by nobody; asked whether it is fixed"),
        ),
    )


def _is_asked(case: Case, what: str = "") -> bool:
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
    return _joined(plan, _acknowledged(replace(case, incident=plan.incident), who, basis))


def _acknowledged(case: Case, who: str, basis: Basis, *, by_machine: bool = False) -> Plan:
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
        f"{who} is on it",
        kind=EntryKind.ACKNOWLEDGED,
        actor=Actor.ON_CALL_TOOL if by_machine else Actor.LIAISON,
    )
    progress = say(
        seen,
        customers.waiting(case),
        basis,
        template=basis.policy.templates.customer.progress,
        what=PROGRESS,
        kind=UpdateKind.PROGRESS,
    )
    return replace(plan, effects=(*plan.effects, *progress.effects), updates=progress.updates)


def _resolved(case: Case, who: str, basis: Basis) -> Plan:
    """The engineers say it is fixed; closure will ask for proof before any customer hears it."""
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
        seen, basis.policy, "resolved", f"{who} resolved it; proof is being taken", kind=EntryKind.RESOLVED
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
    return tell_all(seen, basis.policy, "reopened", f"{who} opened it again", kind=EntryKind.REOPENED)


def chat_command(case: Case, command: ChatCommand, basis: Basis) -> Plan:
    """Do what somebody asked for; the on-call tool's own webhook then tells that it happened.

    That webhook names our integration, so who asked is remembered as the responder. Who asked elsewhere than in the
    incident's room is answered there.
    """
    plan, said = _obey(case, command, basis)
    if is_its_room(case, command.connection, command.room_id):
        what = f"command:{_mark(command)}"
        told = () if said is None else tell_room(case, basis.policy, what, said)
        return replace(plan, effects=(*plan.effects, *told))
    text = said or f"{case.incident.name}: done, and told in its room."
    if command.incident is not None and command.incident != case.incident.name:
        text = f"{command.incident} was merged into {case.incident.name}. {text}"
    return replace(plan, effects=(*plan.effects, answer(command, text, instance=case.instance)))


def _obey(case: Case, command: ChatCommand, basis: Basis) -> tuple[Plan, str | None]:
    """What is done; and what is to be said to whoever asked, where that is not told to all engineers anyway."""
    followed = _without_pager(case, command, basis)
    if followed is not None:
        return followed, None
    incident = case.incident
    what = f"command:{_mark(command)}"
    effects: list[Effect] = []
    entry: Entry | None = None
    said: str | None = None
    if command.verb is ChatVerb.ACKNOWLEDGE and case.incident.state in WITH_ENGINEERS:
        effects += change_pages(case, EffectKind.PAGE_ACKNOWLEDGE, what)
        effects += tell_engineers(case, basis.policy, what, f"{command.user} acknowledged from chat")
        entry = Entry(kind=EntryKind.COMMAND, text="Acknowledged from chat", actor=command.user)
        if incident.state is IncidentState.ESCALATED:
            incident = replace(incident, responder=command.user)
    elif command.verb is ChatVerb.RESOLVE and case.incident.state in WITH_ENGINEERS:
        effects += change_pages(case, EffectKind.PAGE_RESOLVE, what)
        effects += tell_engineers(case, basis.policy, what, f"{command.user} resolved from chat")
        entry = Entry(kind=EntryKind.COMMAND, text="Resolved from chat", actor=command.user)
        incident = replace(incident, responder=command.user)
    elif command.verb in (ChatVerb.APPROVE, ChatVerb.DENY, ChatVerb.CLOSE):
        return _rule(case, command, basis)
    elif command.verb is ChatVerb.RUN and (
        case.incident.state in WITH_ENGINEERS or is_held(incident, now=basis.now)
    ):
        return _run(case, command, basis.policy)
    elif command.verb is ChatVerb.NOTE and command.text:
        note = f"{command.user}: {command.text}"
        effects += note_tickets(case, what, internal(f"{case.incident.name}: {note}"))
        effects += tell_engineers(case, basis.policy, what, note)
        entry = Entry(kind=EntryKind.NOTE, text=command.text, actor=command.user)
    elif command.verb is ChatVerb.OWNER and command.text:
        return _hand_over(case, command, basis)
    elif command.verb is ChatVerb.HELP or (command.verb is ChatVerb.NOTE and not command.text):
        said = USAGE
    else:
        said = status_words(case)
    entries = () if entry is None else (entry,)
    return Plan(incident=incident, effects=tuple(effects), entries=entries), said


def _run(case: Case, command: ChatCommand, policy: Policy) -> tuple[Plan, str | None]:
    """Run an action that is only offered, once in a generation; whoever said so has approved it."""
    untouched = Plan(incident=case.incident)
    wanted = " ".join(command.text.split()).casefold()
    action = next((one for one in offered(case, policy) if one.name.casefold() == wanted), None)
    if action is None:
        offers = offer_words(case, policy)
        return untouched, f"On offer: {offers}." if offers else "No action is on offer for this service."
    effect = action_effect(case, action, approved_by=command.user)
    line = case.line(effect.key)
    if line is not None:
        return untouched, f"'{action.name}' was run already: {line.detail or line.result or line.state}."
    text = f"{command.user} has '{action.name}' run; `run {action.name}` once more tells what came of it"
    entry = Entry(
        kind=EntryKind.ACTION, text=f"Approved from chat: the action '{action.name}'", actor=command.user
    )
    told = tell_engineers(case, policy, f"command:{_mark(command)}", text)
    plan = Plan(incident=case.incident, effects=(effect, *told), entries=(entry,))
    # Before engineers have it there is no room that would tell.
    return plan, None if told else text


def _hand_over(case: Case, command: ChatCommand, basis: Basis) -> tuple[Plan, str | None]:
    unchanged = Plan(incident=case.incident)
    wanted = read_hand_over(command.text, by=command.user)
    if wanted is None:
        return unchanged, USAGE
    try:
        plan = hand_over(case, wanted, basis)
    except Refused as error:
        return unchanged, str(error)
    return plan, None if plan.entries else f"{case.incident.name} is {case.incident.owner}'s already."


def _rule(case: Case, command: ChatCommand, basis: Basis) -> tuple[Plan, str | None]:
    """Yes or no to what is asked for, or that it is over; what counts is told in the room by what it says there."""
    if command.verb is ChatVerb.CLOSE:
        word = ClosingWord(by=command.user, why=command.text, where="in chat")
        closed = close_by_name(case, word, basis)
        return closed.plan, None if closed.counts else closed.said
    words = command.text.strip()
    subject = subject_meant(case, words)
    why = words[len(subject) :] if words.casefold().startswith(subject) else words
    ruling = Ruling(
        subject=subject,
        is_yes=command.verb is ChatVerb.APPROVE,
        by=command.user,
        where="in chat",
        why=safe_excerpt(why.strip(), 500),
    )
    found = ruled(case, ruling, basis)
    return found.plan, None if found.counts else found.said


def _mark(command: ChatCommand) -> str:
    return digest(command.user, command.at.isoformat(), command.verb, command.text)


def _without_pager(case: Case, command: ChatCommand, basis: Basis) -> Plan | None:
    """No page could be sent, or it lapsed, so no webhook will come: then the room's word counts. It counts at once
    where the policy goes by the newer of page and room; the page is then made to say the same."""
    is_newer = basis.policy.sync.technical_state == "newer"
    has_page = any(page.state is not EffectState.DEAD for page in case.pages) and not _is_asked(case)
    if has_page and not is_newer:
        return None
    if command.verb is ChatVerb.ACKNOWLEDGE and case.incident.state is IncidentState.ESCALATED:
        plan = _acknowledged(case, command.user, basis)
        if not has_page:
            return plan
        told = change_pages(case, EffectKind.PAGE_ACKNOWLEDGE, f"command:{_mark(command)}")
        return replace(plan, effects=(*told, *plan.effects))
    if command.verb is ChatVerb.RESOLVE and case.incident.state in WITH_ENGINEERS:
        return _resolved(case, command.user, basis)
    return None


def _who(news: PageNews, state: PageState, change: PageChange, *, said_in_chat: str | None = None) -> str:
    """Who made this change: its own actor, else who said so in chat, else who has the page."""
    actors = [event.actor for event in news.events if event.change is change and not event.by_us]
    named = [name for name in (*reversed(actors), said_in_chat, *state.responders) if name]
    return named[0] if named else "An engineer"
