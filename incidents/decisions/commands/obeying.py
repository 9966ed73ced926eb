"""What an incident does about a command that concerns it alone: told where it was said, and in its story."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands import words
from incidents.commands.asked import Asked
from incidents.commands.help import help_about
from incidents.decisions.acting.by_word import run_by_word
from incidents.decisions.chat_answers import status_words
from incidents.decisions.closing.word import ClosingWord, close_by_name
from incidents.decisions.commands.age import refuse_what_is_old
from incidents.decisions.commands.false_alarm import not_an_incident
from incidents.decisions.commands.telling_customers import promise, tell_customers
from incidents.decisions.holding.hold import is_held
from incidents.decisions.ownership.hand_over import HandOver, hand_over
from incidents.decisions.pages.not_us import NotOurs, hand_back
from incidents.decisions.participants.approval import Spoken, ruled_by_words
from incidents.decisions.posts import change_pages, tell_engineers
from incidents.decisions.sync import acknowledged, is_asked, resolved
from incidents.decisions.telling import note_tickets
from incidents.effects import Effect, EffectKind, EffectState
from incidents.errors import Refused
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import IncidentState
from incidents.texts.messages import internal
from incidents.texts.team import worded


@dataclass(frozen=True, kw_only=True, slots=True)
class Obeyed:
    """What is done; and what is to be said to whoever asked, None where all engineers are told anyway."""

    plan: Plan
    said: str | None = None


def obey(case: Case, asked: Asked, basis: Basis) -> Obeyed:
    """Do what was asked for, as far as it makes sense now; else say why not, or how it stands."""
    try:
        refuse_what_is_old(asked, now=basis.now)
        return _obeyed(asked.command, case, asked, basis)
    except Refused as error:
        return Obeyed(plan=Plan(incident=case.incident), said=f"{error}.")


def done_words(obeyed: Obeyed) -> str:
    """What came of it, for whoever reads neither room nor story: what the story has of it, where it has something."""
    name = obeyed.plan.incident.name
    if obeyed.said is not None:
        return obeyed.said
    told = [entry.text for entry in obeyed.plan.entries]
    return f"{name}: {told[0].rstrip('.')}." if told else worded("{name}: done.", name=name)


@singledispatch
def _obeyed(command: words.Command, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    """How it stands, for `status` and for what is not one incident's alone."""
    del command, asked, basis
    return Obeyed(plan=Plan(incident=case.incident), said=status_words(case))


@_obeyed.register
def _(command: words.Help, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    del asked, basis
    return Obeyed(plan=Plan(incident=case.incident), said=help_about(command.about))


@_obeyed.register
def _(command: words.Close, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    word = ClosingWord(by=asked.by, why=command.why, where=asked.where)
    closed = close_by_name(case, word, basis)
    return Obeyed(plan=closed.plan, said=None if closed.counts else closed.said)


@_obeyed.register
def _(command: words.PromiseBy, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    return Obeyed(plan=promise(case, asked, command, basis))


@_obeyed.register
def _(command: words.Update, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    return Obeyed(plan=tell_customers(case, asked, command.text, basis))


@_obeyed.register
def _(command: words.NotAnIncident, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    return Obeyed(plan=not_an_incident(case, asked, command.why, basis))


@_obeyed.register(words.Acknowledge)
@_obeyed.register(words.Resolve)
def _(command: words.Command, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    is_taken = isinstance(command, words.Acknowledge)
    """Taken, or mended. The on-call tool's own webhook then tells that it happened; it names our integration, so who
    asked is remembered as the responder."""
    followed = _without_pager(case, asked, basis, is_taken=is_taken)
    if followed is not None:
        return Obeyed(plan=followed)
    incident = case.incident
    if incident.state not in WITH_ENGINEERS:
        return Obeyed(plan=Plan(incident=incident), said=status_words(case))
    told, entry = (
        (
            worded("{by} acknowledged {where}", by=asked.by, where=asked.where),
            worded("Acknowledged {where}", where=asked.where),
        )
        if is_taken
        else (
            worded("{by} resolved {where}", by=asked.by, where=asked.where),
            worded("Resolved {where}", where=asked.where),
        )
    )
    kind = EffectKind.PAGE_ACKNOWLEDGE if is_taken else EffectKind.PAGE_RESOLVE
    if not is_taken or incident.state is IncidentState.ESCALATED:
        incident = replace(incident, responder=asked.by)
    return Obeyed(
        plan=Plan(
            incident=incident,
            effects=(
                *change_pages(case, kind, asked.what),
                *tell_engineers(case, basis.policy, asked.what, told),
            ),
            entries=(Entry(kind=EntryKind.COMMAND, text=entry, actor=asked.by),),
        )
    )


def _without_pager(case: Case, asked: Asked, basis: Basis, *, is_taken: bool) -> Plan | None:
    """No page could be sent, or it lapsed, so no webhook will come: then the person's word counts. It counts at once
    where the policy goes by the newer of page and room; the page is then made to say the same."""
    is_newer = basis.policy.sync.technical_state == "newer"
    has_page = any(page.state is not EffectState.DEAD for page in case.pages) and not is_asked(case)
    if has_page and not is_newer:
        return None
    if is_taken and case.incident.state is IncidentState.ESCALATED:
        plan = acknowledged(case, asked.by, basis)
        if not has_page:
            return plan
        told = change_pages(case, EffectKind.PAGE_ACKNOWLEDGE, asked.what)
        return replace(plan, effects=(*told, *plan.effects))
    if not is_taken and case.incident.state in WITH_ENGINEERS:
        return resolved(case, asked.by, basis)
    return None


@_obeyed.register
def _(command: words.Note, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    note = f"{asked.by}: {command.text}"
    effects: list[Effect] = note_tickets(case, asked.what, internal(f"{case.incident.name}: {note}"))
    effects += tell_engineers(case, basis.policy, asked.what, note)
    entry = Entry(kind=EntryKind.NOTE, text=command.text, actor=asked.by)
    return Obeyed(plan=Plan(incident=case.incident, effects=tuple(effects), entries=(entry,)))


@_obeyed.register
def _(command: words.NotUs, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    word = NotOurs(by=asked.by, why=command.why, service=command.service, where=asked.where)
    return Obeyed(plan=hand_back(case, word, basis))


@_obeyed.register
def _(command: words.Run, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    """Run an action that is only offered, once in a generation; whoever said so has approved it."""
    if case.incident.state not in WITH_ENGINEERS and not is_held(case.incident, now=basis.now):
        return Obeyed(plan=Plan(incident=case.incident), said=status_words(case))
    plan, said = run_by_word(case, command.action, asked, basis)
    return Obeyed(plan=plan, said=said)


@_obeyed.register
def _(command: words.HandTo, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    to = asked.by if command.to.casefold() == "me" else command.to
    plan = hand_over(case, HandOver(to=to, by=asked.by, note=command.note), basis)
    said = (
        None
        if plan.entries
        else worded(
            "{incident} is {owner}'s already.", incident=case.incident.name, owner=case.incident.owner
        )
    )
    return Obeyed(plan=plan, said=said)


@_obeyed.register
def _(command: words.Rule, case: Case, asked: Asked, basis: Basis) -> Obeyed:
    """Yes or no to what is asked for; what counts is told in the room by what it says there."""
    spoken = Spoken(is_yes=command.is_yes, by=asked.by, where=asked.where)
    found = ruled_by_words(case, f"{command.subject or ''} {command.why}", spoken, basis)
    return Obeyed(plan=found.plan, said=None if found.counts else found.said)
