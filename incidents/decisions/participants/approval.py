"""Asking a person, taking the one decision that counts, and what becomes of a question that nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from incidents.approval import Approval, ApprovalState, ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.verbs import Verb
from incidents.decisions.posts import chat_post, tell_room
from incidents.decisions.telling import note_owner
from incidents.effects import Effect
from incidents.models import Button, ChatMessage, PublicText
from incidents.policy.policy import Policy
from incidents.texts.messages import internal
from incidents.texts.plain_text import cut, one_line
from incidents.texts.times import clock

_LONGEST_NAME, _LONGEST_REASON = 100, 500
_SUBJECTS = {
    ApprovalSubject.STATUS_PAGE: "the public status page",
    ApprovalSubject.AFFECTED: "customers who have not written",
}
_IS_DONE = {
    ApprovalSubject.STATUS_PAGE: "the public status page tells of it",
    ApprovalSubject.AFFECTED: "customers who have not written are told",
}
_IS_NOT_DONE = {
    ApprovalSubject.STATUS_PAGE: "the public status page says nothing of it",
    ApprovalSubject.AFFECTED: "customers who have not written are not told",
}
_NOTHING = {
    ApprovalSubject.STATUS_PAGE: "nothing is published on the public status page",
    ApprovalSubject.AFFECTED: "no customer who has not written is told",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruled:
    """What came of a ruling: the plan, what to say to who ruled, and whether it was the one that counts."""

    plan: Plan
    said: str
    counts: bool


def asked(case: Case, subject: ApprovalSubject, public: PublicText, basis: Basis) -> Plan:
    """Put the question: on the timeline and to the owner; the room reads it by `question`, once there is a room."""
    incident = case.incident
    approval = Approval(
        incident=incident.id,
        generation=incident.generation,
        subject=subject,
        state=ApprovalState.ASKED,
        asked_at=basis.now,
        expires_at=basis.now + basis.policy.status_page.expires_after,
    )
    until = clock(approval.expires_at)
    note = internal(
        f"{incident.name}: may {_SUBJECTS[subject]} tell of this? It would say:\n\n{public}\n\n"
        f"Answer in the incident's room, by Prefect's form `approve`, or by `liaison approve {incident.name} {subject} "
        f"--by NAME` (with --no to deny), until {until}; else nothing is published."
    )
    entry = Entry(
        kind=EntryKind.APPROVAL_ASKED,
        text=f"Asked whether {_SUBJECTS[subject]} may tell of it, until {until}",
    )
    effects = note_owner(case, f"approval:{subject}", note)
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,), approvals=(approval,))


def question(case: Case, approval: Approval, public: PublicText, policy: Policy) -> Effect:
    """The question in the incident's room, with its two buttons."""
    name = case.incident.name
    text = (
        f"May {_SUBJECTS[approval.subject]} tell of {name}? It would say:\n\n{public}\n\n"
        f"Press a button, or say `approve {name}` or `deny {name}`, with your reason if you like. "
        f"Without an answer by {clock(approval.expires_at)} nothing is published."
    )
    buttons = (
        Button(label="Approve: tell the public", verb=Verb.APPROVE, incident=name),
        Button(label="Deny", verb=Verb.DENY, incident=name),
    )
    return chat_post(case, policy, _asking(approval), ChatMessage(text=text, buttons=buttons))


def is_asked_in_room(case: Case, approval: Approval) -> bool:
    """Whether the room has been asked."""
    return case.line(case.once(f"chat:{_asking(approval)}")) is not None


def _asking(approval: Approval) -> str:
    return f"approval:{approval.subject}:question"


def ruled(case: Case, ruling: Ruling, basis: Basis) -> Ruled:
    """The first ruling in time counts; every other one is told what was decided, by whom."""
    untouched = Plan(incident=case.incident)
    approval = _newest(case, ruling.subject)
    name, what = case.incident.name, _SUBJECTS[ruling.subject]
    if approval is None:
        return Ruled(plan=untouched, said=f"Nothing is asked about {what} for {name}.", counts=False)
    if approval.state is not ApprovalState.ASKED:
        return Ruled(plan=untouched, said=f"{name}: {_decided(approval)}.", counts=False)
    if approval.expires_at <= basis.now:
        said = f"{name}: too late, the question about {what} expired at {clock(approval.expires_at)}."
        return Ruled(plan=untouched, said=said, counts=False)
    by = cut(one_line(ruling.by), _LONGEST_NAME) or "somebody"
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
        *tell_room(case, basis.policy, f"approval:{ruling.subject}:decided", said),
        *note_owner(case, f"approval:{ruling.subject}:decided", internal(f"{name}: {said}.")),
    ]
    entry = Entry(
        kind=EntryKind.APPROVED if ruling.is_yes else EntryKind.DENIED,
        text=f"{'Approved' if ruling.is_yes else 'Denied'} {ruling.where}: {_may(after)}{_because(after)}",
        actor=by,
    )
    plan = Plan(incident=case.incident, effects=tuple(effects), entries=(entry,), approvals=(after,))
    return Ruled(plan=plan, said=f"{name}: {said}.", counts=True)


def expired(case: Case, approval: Approval, basis: Basis, *, why: str) -> Plan:
    """Nobody answered, or there is nothing left to allow: said in the room and on the timeline."""
    after = replace(approval, state=ApprovalState.EXPIRED, decided_at=basis.now, why=why)
    nothing = _NOTHING[approval.subject]
    text = f"{nothing[0].upper()}{nothing[1:]}: {why}"
    return Plan(
        incident=case.incident,
        effects=tuple(tell_room(case, basis.policy, f"approval:{approval.subject}:expired", text)),
        entries=(Entry(kind=EntryKind.APPROVAL_EXPIRED, text=text),),
        approvals=(after,),
    )


def _newest(case: Case, subject: ApprovalSubject) -> Approval | None:
    """Of this generation; about customers who have not written there is one in an incident's life."""
    asked = [one for one in case.approvals if one.subject is subject]
    return case.approval(subject) or (asked[-1] if asked and subject is ApprovalSubject.AFFECTED else None)


def _decided(approval: Approval) -> str:
    if approval.state is ApprovalState.EXPIRED:
        return f"{_NOTHING[approval.subject]}: {approval.why}"
    verb = "approved" if approval.state is ApprovalState.APPROVED else "denied"
    at = f" at {clock(approval.decided_at)}" if approval.decided_at is not None else ""
    return f"{approval.decided_by} {verb}{at} that {_IS_DONE[approval.subject]}{_because(approval)}"


def _may(approval: Approval) -> str:
    words = _IS_DONE if approval.state is ApprovalState.APPROVED else _IS_NOT_DONE
    return words[approval.subject]


def _because(approval: Approval) -> str:
    return f" ({approval.why})" if approval.why else ""
