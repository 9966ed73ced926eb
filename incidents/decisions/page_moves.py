"""Whose a page is: given to somebody else, gone to the next level, given back by time, or resting for a while.

The on-call tool's own ladder and time-outs do most of this. Agents read who has it now and why; a time-out is nobody's
doing, so nobody is named for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Actor, Case, Entry, EntryKind, Plan
from incidents.decisions.posts import tell_room
from incidents.decisions.telling import digest, note_tickets, tell_all
from incidents.decisions.written.judging import AT_ONCE
from incidents.effects import EffectKind, EffectState
from incidents.events import PageChange, PageEvent
from incidents.lifecycle import WITH_ENGINEERS, WORKS_AGAIN, move
from incidents.models import IncidentState, PageState, PageStatus
from incidents.texts.messages import internal
from incidents.texts.team import worded
from incidents.texts.times import clock, day_and_clock

_GIVEN_ON = frozenset({PageChange.REASSIGNED, PageChange.ESCALATED, PageChange.DELEGATED})
_MOVES = _GIVEN_ON | {PageChange.UNACKNOWLEDGED}
_PASSED_ON = frozenset({PageChange.NOTED, PageChange.CHANGED, PageChange.MERGED})


def what_tells(event: PageEvent) -> tuple[str, ...]:
    """What tells a note from others: a webhook and a look have different times of one note."""
    return (event.note_id,) if event.note_id else (event.at.isoformat(), event.text)


def passed_on(case: Case, events: Sequence[PageEvent], basis: Basis) -> Plan:
    """What was said of a page and moves nothing, for the agents and the room."""
    plan = Plan(incident=case.incident)
    # By what identifies them: a note whose webhook was repeated is one note.
    notes = {
        f"pagenote:{digest(event.page_id, *what_tells(event))}": event
        for event in events
        if event.change in _PASSED_ON and not event.by_us
    }
    for what, event in notes.items():
        is_engineer = not event.by_machine and bool(event.actor or event.change is PageChange.NOTED)
        nobody = worded("An engineer") if is_engineer else worded("On-call tool")
        said = f"{event.actor or nobody}: {event.text}"
        effects = note_tickets(case, what, internal(f"{case.incident.name}: {said}"))
        effects += tell_room(case, basis.policy, what, said)
        told = (
            Entry(kind=EntryKind.NOTE, text=event.text, actor=event.actor or "engineer")
            if is_engineer
            else Entry(
                kind=EntryKind.NOTE, text=said if event.actor else event.text, actor=Actor.ON_CALL_TOOL
            )
        )
        plan = replace(plan, effects=(*plan.effects, *effects), entries=(*plan.entries, told))
    return plan


def is_taken_by_a_machine(events: Sequence[PageEvent]) -> bool:
    """Whether it was acknowledged, and by no person: an integration or a rule did."""
    taken = [one for one in events if one.change is PageChange.ACKNOWLEDGED and not one.by_us]
    return bool(taken) and all(one.by_machine for one in taken)


def page_moves(events: Sequence[PageEvent]) -> list[PageEvent]:
    """Those of the events that say whose the page is, each once."""
    moves = {_mark(event): event for event in events if event.change in _MOVES and not event.by_us}
    return list(moves.values())


def is_handed_back(case: Case, moves: Sequence[PageEvent], state: PageState, basis: Basis) -> bool:
    """Of several pages all but the one somebody took are triggered all along: only an event tells."""
    if case.incident.state is not IncidentState.ACKNOWLEDGED or state.status is not PageStatus.TRIGGERED:
        return False
    if not moves and _is_older_than_the_room(case, state, basis):
        return False
    live = [page for page in case.pages if page.state is not EffectState.DEAD]
    return len(live) == 1 or bool(moves)


def _is_older_than_the_room(case: Case, state: PageState, basis: Basis) -> bool:
    """Whether the room's word counted at once, and the page has not been made to say the same for long, if at all."""
    taken_at = case.incident.acknowledged_at
    if basis.policy.sync.technical_state != "newer" or taken_at is None:
        return False
    told = [
        line for line in case.ledger if line.kind is EffectKind.PAGE_ACKNOWLEDGE and line.target == state.key
    ]
    return any(line.state.is_open or basis.now - taken_at < AT_ONCE for line in told)


def handed_back(case: Case, moves: Sequence[PageEvent], state: PageState, basis: Basis) -> Plan:
    """Nobody has acknowledged it any more: the response clock runs again, and the agents learn whom it wakes now."""
    incident = move(case.incident, IncidentState.ESCALATED, now=basis.now)
    incident = replace(incident, acknowledged_at=None, responder=None)
    rings_for = ", ".join(state.responders)
    said = [_said(event, state) for event in moves] or [
        worded("The page is not acknowledged any more; {rings}", rings=_rings_words(rings_for))
    ]
    seen = replace(case, incident=incident)
    what = f"handed-back:{digest(str(basis.now))}"
    return tell_all(seen, basis.policy, what, "; ".join(said), kind=EntryKind.HANDED_ON, actor=_by(moves))


def is_reopened(case: Case, events: Sequence[PageEvent], state: PageState, basis: Basis) -> bool:
    """Whether engineers have opened a page again that was over: an event says so, or it rings although it was resolved
    long enough ago, by them or by us. One that we are still to resolve rings on."""
    incident = case.incident
    if state.status is PageStatus.RESOLVED or incident.state not in WORKS_AGAIN:
        return False
    if any(event.change is PageChange.REOPENED for event in events):
        return True
    if basis.now - incident.state_since < AT_ONCE or any(
        event.change is not PageChange.NOTED for event in events
    ):
        return False
    ended = [
        line for line in case.ledger if line.kind is EffectKind.PAGE_RESOLVE and line.target == state.key
    ]
    return all(line.state is EffectState.DONE for line in ended)


def moved_on(case: Case, moves: Sequence[PageEvent], state: PageState, basis: Basis) -> Plan:
    """Where the incident's state stays as it is: who has the page now, for the agents."""
    plan = Plan(incident=case.incident)
    if case.incident.state not in WITH_ENGINEERS:
        return plan
    for event in moves:
        if event.change is PageChange.UNACKNOWLEDGED and state.status is not PageStatus.TRIGGERED:
            continue  # somebody has taken it again since
        what = f"moved:{digest(*_mark(event))}"
        told = tell_all(
            case, basis.policy, what, _said(event, state), kind=EntryKind.HANDED_ON, actor=_by([event])
        )
        plan = replace(plan, effects=(*plan.effects, *told.effects), entries=(*plan.entries, *told.entries))
    return plan


def taken_over(case: Case, events: Sequence[PageEvent], state: PageState) -> str | None:
    """Who acknowledged the page after somebody else had it, if somebody did and still has it."""
    taken = [
        event.actor
        for event in events
        if event.change is PageChange.ACKNOWLEDGED and event.actor and not event.by_us
    ]
    if not taken or state.status is not PageStatus.ACKNOWLEDGED:
        return None
    newest = taken[-1]
    is_news = newest != case.incident.responder and newest in state.responders
    return newest if is_news else None


def snoozed(case: Case, state: PageState, basis: Basis) -> Plan:
    """A page that rests is acknowledged, and nobody need be at it: told once for each end of the rest."""
    until = state.snoozed_until
    if until is None or until <= basis.now or case.incident.state is not IncidentState.ACKNOWLEDGED:
        return Plan(incident=case.incident)
    what = f"snoozed:{digest(state.key, until.isoformat())}"
    is_today = until.date() == basis.now.date()
    text = worded(
        "{who} snoozed the page until {time}; then it rings again",
        who=state.snoozed_by or worded("Somebody"),
        time=clock(until) if is_today else day_and_clock(until),
    )
    posts = tell_room(case, basis.policy, what, text)
    if posts and case.line(posts[0].key) is not None:
        return Plan(incident=case.incident)
    if not posts:
        # Notes are known by their keys; without a room nothing in the case says that they are there.
        notes = note_tickets(case, what, internal(f"{case.incident.name}: {text}."))
        return Plan(incident=case.incident, effects=tuple(notes))
    return tell_all(case, basis.policy, what, text, kind=EntryKind.SNOOZED)


def _by(moves: Sequence[PageEvent]) -> str:
    """Whether a person moved it, whom the text names, or time or a rule did."""
    by_person = any(event.actor and not event.by_machine for event in moves)
    return Actor.LIAISON if by_person else Actor.ON_CALL_TOOL


def _said(event: PageEvent, state: PageState) -> str:
    """`Ana gave the page to Bo, who has not acknowledged it yet`."""
    to = event.text or ", ".join(state.responders)
    if event.change is PageChange.UNACKNOWLEDGED:
        return _handed_back_words(event.actor, to)
    to = to or worded("somebody else")
    to += worded(" (not acknowledged yet)") if state.status is PageStatus.TRIGGERED else ""
    if event.change is PageChange.ESCALATED:
        if event.actor:
            return worded("{actor} escalated the page to the next level: {to}", actor=event.actor, to=to)
        return worded("The page went on to the next level: {to}", to=to)
    if event.change is PageChange.DELEGATED:
        to = worded("another escalation policy, {to}", to=to)
    if event.actor:
        return worded("{actor} gave the page to {to}", actor=event.actor, to=to)
    return worded("The page was given to {to}", to=to)


def _handed_back_words(by: str | None, to: str) -> str:
    if by:
        return worded("{actor} handed the page back; {rings}", actor=by, rings=_rings_words(to))
    if to:
        return worded("The acknowledgement ran out by time; the page rings again for {to}", to=to)
    return worded("The acknowledgement ran out by time; the page rings again")


def _rings_words(to: str) -> str:
    return worded("it rings for {to}", to=to) if to else worded("nobody has it now")


def _mark(event: PageEvent) -> tuple[str, str, str, str]:
    return event.page_id, event.at.isoformat(), event.change, event.text
