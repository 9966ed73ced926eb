"""Asking a person, taking the one decision that counts, and what becomes of a question that nobody answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from incidents.approval import Approval, ApprovalState, ApprovalSubject, Ruling, generation_in, words_for
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.verbs import Verb
from incidents.decisions.posts import chat_post, tell_room
from incidents.decisions.telling import note_owner
from incidents.effects import Effect, EffectKind
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import Button, ChatMessage, Incident, IncidentState, PublicText
from incidents.policy.policy import Policy
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import sentence, worded, worded_as
from incidents.texts.times import clock

_LONGEST_NAME, _LONGEST_REASON = 100, 500
_UNPUBLISHED = sentence("nothing is published.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A yes or no as somebody said it: who, and where."""

    is_yes: bool
    by: str
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruled:
    """What came of a ruling: the plan, what to say to who ruled, and whether it was the one that counts."""

    plan: Plan
    said: str
    counts: bool


def asked(case: Case, subject: ApprovalSubject, public: PublicText, basis: Basis) -> Plan:
    """Put the question: on the timeline and to the owner; the room reads it by `question`, once there is a room."""
    approval = Approval.asked(
        case.incident, subject, now=basis.now, expires_after=basis.policy.status_page.expires_after
    )
    return asked_of_owner(
        case,
        approval,
        asks=worded(
            "may {what} tell of this? It would say:\n\n{public}\n\n",
            what=words_for(subject).what,
            public=public,
        ),
        otherwise=worded_as(_UNPUBLISHED),
        entry=worded("Asked whether {what} may tell of it", what=words_for(subject).what),
        policy=basis.policy,
    )


def asked_of_owner(
    case: Case, approval: Approval, *, asks: str, otherwise: str, entry: str, policy: Policy
) -> Plan:
    """Put a question: on the timeline and to the owner. `asks` ends where it is said how to answer, `otherwise` is what
    becomes of it without an answer."""
    incident, until = case.incident, clock(approval.expires_at)
    how = how_to_answer(approval, incident.name, policy)
    note = internal(
        worded(
            "{incident}: {asks}{how} Without an answer by {until} {otherwise}",
            incident=incident.name,
            asks=asks,
            how=how,
            until=until,
            otherwise=otherwise,
        )
    )
    told = Entry(
        kind=EntryKind.APPROVAL_ASKED, text=worded("{entry}, until {until}", entry=entry, until=until)
    )
    effects = note_owner(case, mark_of(approval), note)
    return Plan(incident=incident, effects=tuple(effects), entries=(told,), approvals=(approval,))


def question(case: Case, plan: Plan, approval: Approval, public: PublicText, policy: Policy) -> Plan:
    """The plan with the question in the incident's room."""
    asks = worded(
        "May {what} tell of {incident}? It would say:\n\n{public}\n\n",
        what=words_for(approval.subject).what,
        incident=case.incident.name,
        public=public,
    )
    return in_room(
        case,
        plan,
        approval,
        asks=asks,
        otherwise=worded_as(_UNPUBLISHED),
        yes=worded("Approve: tell the public"),
        policy=policy,
    )


def in_room(
    case: Case, plan: Plan, approval: Approval, *, asks: str, otherwise: str, yes: str, policy: Policy
) -> Plan:
    """The plan with a question in the incident's room, asked as soon as there is one; it may be opened by this very
    plan. `asks` and `otherwise` as above, `yes` is what the button says."""
    if case.line(case.once(f"chat:{_asking(approval)}")) is not None:
        return plan
    name = case.incident.name
    text = worded(
        "{asks}Press a button, or say `approve {name} {named}` or `deny {name} {named}`, with "
        "your reason if you like. Without an answer by {expires_at} {otherwise}",
        asks=asks,
        name=name,
        named=approval.named,
        expires_at=clock(approval.expires_at),
        otherwise=otherwise,
    )
    message = ChatMessage(text=text, buttons=answer_buttons(approval, name, yes=yes))
    return replace(plan, effects=(*plan.effects, *ask_room(case, plan, approval, message, policy)))


def ask_room(
    case: Case, plan: Plan, approval: Approval, message: ChatMessage, policy: Policy
) -> list[Effect]:
    """A question in the incident's room, with its buttons; nothing where there is no room, nor one in the plan."""
    has_room = any(line.kind is EffectKind.CHAT_ROOM for line in case.ledger)
    has_room = has_room or any(effect.kind is EffectKind.CHAT_ROOM for effect in plan.effects)
    if not has_room or policy.team_of(case.incident.service).chat is None:
        return []
    return [chat_post(case, policy, _asking(approval), message)]


def answer_buttons(approval: Approval, incident: str, *, yes: str) -> tuple[Button, ...]:
    """Yes and no under a question, each to this question and no other, also after a reopening."""
    return (
        Button(label=yes, verb=Verb.APPROVE, incident=incident, words=approval.on_button),
        Button(label=worded("Deny"), verb=Verb.DENY, incident=incident, words=approval.on_button),
    )


def how_to_answer(approval: Approval, incident: str, policy: Policy) -> str:
    """For whoever reads the question without buttons."""
    which = f" '{approval.which}'" if approval.which else ""
    board = worded("on the board, ") if policy.board.may_act else ""
    return worded(
        "Answer in the incident's room (`approve {incident} {named}`, or `deny`), {board}by "
        "Prefect's form `approve`, or by `liaison approve {incident} {subject}{which} --by NAME` "
        "(with --no to deny).",
        incident=incident,
        named=approval.named,
        board=board,
        subject=approval.subject,
        which=which,
    )


def _asking(approval: Approval) -> str:
    return f"{mark_of(approval)}:question"


def mark_of(approval: Approval) -> str:
    """What marks all that is said of the question."""
    which = f":{approval.which}" if approval.which else ""
    return f"approval:{approval.subject}{which}"


def ruled(case: Case, ruling: Ruling, basis: Basis) -> Ruled:
    """The first ruling in time counts; every other one is told what was decided, by whom."""
    untouched = Plan(incident=case.incident)
    name, found = case.incident.name, _meant(case, ruling)
    if isinstance(found, str):
        return Ruled(plan=untouched, said=found, counts=False)
    approval = found
    what = words_for(approval.subject, approval.which).what
    if approval.state is not ApprovalState.ASKED:
        return Ruled(plan=untouched, said=f"{name}: {_decided(approval)}.", counts=False)
    if approval.expires_at <= basis.now:
        said = worded(
            "{name}: too late, the question about {what} expired at {expires_at}.",
            name=name,
            what=what,
            expires_at=clock(approval.expires_at),
        )
        return Ruled(plan=untouched, said=said, counts=False)
    by = cut(one_line(ruling.by), _LONGEST_NAME) or worded("somebody")
    why = cut(one_line(ruling.why), _LONGEST_REASON)
    after = replace(
        approval,
        state=ApprovalState.APPROVED if ruling.is_yes else ApprovalState.DENIED,
        decided_at=basis.now,
        decided_by=by,
        decided_in=ruling.where,
        why=why,
    )
    said = _decided(after)
    effects = [
        *tell_room(case, basis.policy, f"{mark_of(approval)}:decided", said),
        *note_owner(case, f"{mark_of(approval)}:decided", internal(f"{name}: {said}.")),
    ]
    entry = Entry(
        kind=EntryKind.APPROVED if ruling.is_yes else EntryKind.DENIED,
        text=(
            worded("Approved {where}: {what}", where=ruling.where, what=_may(after) + _because(after))
            if ruling.is_yes
            else worded("Denied {where}: {what}", where=ruling.where, what=_may(after) + _because(after))
        ),
        actor=by,
    )
    plan = Plan(incident=case.incident, effects=tuple(effects), entries=(entry,), approvals=(after,))
    return Ruled(plan=plan, said=f"{name}: {said}.", counts=True)


def why_over(incident: Incident) -> str:
    """Why nothing is left to allow of an incident that is over, or is another one's now."""
    if incident.merged_into is not None:
        return worded(
            "{incident} was merged into INC-{merged_into}",
            incident=incident.name,
            merged_into=incident.merged_into,
        )
    return worded("it was over before anybody said so")


def is_past(incident: Incident, approval: Approval) -> bool:
    """Whether the question is of a generation that is gone, or of an incident that is over."""
    return approval.generation != incident.generation or incident.state in WORKS_AGAIN | {
        IncidentState.MERGED
    }


def why_unanswered(approval: Approval, basis: Basis) -> str | None:
    """That nobody answered in time; None while there is time."""
    return (
        worded("nobody answered by {expires_at}", expires_at=clock(approval.expires_at))
        if approval.expires_at <= basis.now
        else None
    )


def expired(case: Case, approval: Approval, basis: Basis, *, why: str) -> Plan:
    """Nobody answered, or there is nothing left to allow: said in the room and on the timeline."""
    after = replace(approval, state=ApprovalState.EXPIRED, decided_at=basis.now, why=why)
    nothing = words_for(approval.subject, approval.which).nothing
    text = f"{nothing[0].upper()}{nothing[1:]}: {why}"
    return Plan(
        incident=case.incident,
        effects=tuple(tell_room(case, basis.policy, f"{mark_of(approval)}:expired", text)),
        entries=(Entry(kind=EntryKind.APPROVAL_EXPIRED, text=text),),
        approvals=(after,),
    )


def _meant(case: Case, ruling: Ruling) -> Approval | str:
    """The question that a ruling is about; or, for people, why there is none."""
    name, which = case.incident.name, " ".join(ruling.which.split()).casefold()
    subject = ruling.subject
    if subject is None:
        still_open = _still_open(case.approvals)
        if len(still_open) > 1:
            return worded(
                "{name}: several things are asked. Say which: {choices}.",
                name=name,
                choices=_choices(still_open, name),
            )
        subject = still_open[0].subject if still_open else ApprovalSubject.STATUS_PAGE
        which = still_open[0].which.casefold() if still_open else ""
    asked = [one for one in case.approvals if one.subject is subject]
    here = [one for one in asked if one.generation == case.incident.generation]
    if subject is ApprovalSubject.ACTION:
        here = [one for one in here if one.which.casefold() == which] if which else _still_open(here) or here
    elif subject is ApprovalSubject.AFFECTED and not here:
        here = asked[-1:]  # asked once in an incident's life
    if len(here) > 1:
        return worded("{name}: which one? {choices}.", name=name, choices=_choices(here, name))
    if not here:
        return worded(
            "Nothing is asked about {what} for {name}.", what=words_for(subject, ruling.which).what, name=name
        )
    if ruling.generation not in (None, here[0].generation):
        return worded(
            "{name}: that was asked before it was reopened, and is over. What is asked now has "
            "buttons of its own.",
            name=name,
        )
    return here[0]


def _still_open(approvals: Sequence[Approval]) -> list[Approval]:
    return [one for one in approvals if one.state is ApprovalState.ASKED]


def _choices(approvals: Sequence[Approval], incident: str) -> str:
    return "; ".join(f"`approve {incident} {one.named}`" for one in approvals)


def ruled_by_words(case: Case, words: str, given: Spoken, basis: Basis) -> Ruled:
    """The same for a yes or no in a person's words: what they name, else the one thing that is asked. Where several are
    asked and none is named, whoever spoke is told which: nothing is approved by accident."""
    words = words.strip()
    subject, which, why = _named_in(case, words) or (None, "", words)
    generation, why = generation_in(why)
    ruling = Ruling(
        subject=subject,
        which=which,
        is_yes=given.is_yes,
        by=given.by,
        where=given.where,
        why=safe_excerpt(why, _LONGEST_REASON),
        generation=generation,
    )
    return ruled(case, ruling, basis)


def _named_in(case: Case, words: str) -> tuple[ApprovalSubject, str, str] | None:
    """The subject that words begin with, which one of it, and the rest of them."""
    plain = words.casefold()
    subject = next((one for one in ApprovalSubject if _begins(plain, one.value)), None)
    rest = words[len(subject) :].strip() if subject is not None else words
    if subject not in (None, ApprovalSubject.ACTION):
        return subject, "", rest.lstrip(":, ")
    names = {one.which for one in case.approvals if one.subject is ApprovalSubject.ACTION}
    for name in sorted(names, key=len, reverse=True):
        if _begins(rest.casefold(), name.casefold()):
            return ApprovalSubject.ACTION, name, rest[len(name) :].lstrip(":, ")
    return None if subject is None else (subject, "", rest)


def _begins(words: str, name: str) -> bool:
    return words == name or words.startswith((f"{name} ", f"{name}:", f"{name},"))


def _decided(approval: Approval) -> str:
    words = words_for(approval.subject, approval.which)
    if approval.state is ApprovalState.EXPIRED:
        return f"{words.nothing}: {approval.why}"
    at = worded(" at {time}", time=clock(approval.decided_at)) if approval.decided_at is not None else ""
    by, because = approval.decided_by, _because(approval)
    if approval.state is ApprovalState.APPROVED:
        return worded(
            "{by} approved{at} that {done}{because}", by=by, at=at, done=words.done, because=because
        )
    return worded("{by} denied{at} that {done}{because}", by=by, at=at, done=words.done, because=because)


def _may(approval: Approval) -> str:
    words = words_for(approval.subject, approval.which)
    return words.done if approval.state is ApprovalState.APPROVED else words.not_done


def _because(approval: Approval) -> str:
    return f" ({approval.why})" if approval.why else ""
