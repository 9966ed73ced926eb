"""`run <action>` in the room: an action that is on offer, run because somebody said so."""

from __future__ import annotations

from incidents.actions import NOT_STARTED
from incidents.approval import ApprovalState, ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.asked import Asked
from incidents.decisions.participants.approval import ruled
from incidents.decisions.posts import action_effect, tell_engineers
from incidents.notes.context import offer_words, offered
from incidents.policy.acting.section import ActionMode
from incidents.texts.team import worded


def run_by_word(case: Case, name: str, asked_by: Asked, basis: Basis) -> tuple[Plan, str | None]:
    """Run it, once in a generation; whoever said so has approved it. One that was not started may be asked for again,
    one that somebody denied may not."""
    untouched, policy = Plan(incident=case.incident), basis.policy
    wanted = " ".join(name.split()).casefold()
    action = next((one for one in offered(case, policy) if one.name.casefold() == wanted), None)
    if action is None:
        offers = offer_words(case, policy)
        return untouched, worded("On offer: {offers}.", offers=offers) if offers else worded(
            "No action is on offer for this service."
        )
    lines = case.action_lines(action.name)
    if lines and lines[-1].result != NOT_STARTED:
        last = lines[-1]
        return untouched, worded(
            "'{action}' was run already: {detail}.",
            action=action.name,
            detail=last.detail or last.result or last.state,
        )
    asked = case.approval(ApprovalSubject.ACTION, action.name)
    if action.mode is ActionMode.APPROVE and asked is not None:
        is_open = asked.state is ApprovalState.ASKED and asked.expires_at > basis.now
        if is_open or asked.state is ApprovalState.DENIED:
            yes = Ruling(
                subject=ApprovalSubject.ACTION,
                which=action.name,
                is_yes=True,
                by=asked_by.by,
                where=asked_by.where,
            )
            found = ruled(case, yes, basis)
            return found.plan, None if found.counts else found.said
    effect = action_effect(case, action, approved_by=asked_by.by)
    text = worded(
        "{by} has '{action}' run; what comes of it is told here", by=asked_by.by, action=action.name
    )
    entry = Entry(
        kind=EntryKind.ACTION,
        text=worded("Approved {where}: the action '{action}'", where=asked_by.where, action=action.name),
        actor=asked_by.by,
    )
    told = tell_engineers(case, policy, asked_by.what, text)
    plan = Plan(incident=case.incident, effects=(effect, *told), entries=(entry,))
    # Before engineers have it there is no room that would tell.
    said = worded(
        "{by} has '{action}' run; `run {action}` once more tells what came of it",
        by=asked_by.by,
        action=action.name,
    )
    return plan, None if told else said
