"""What an incident came to, for those who worked on it: on the tickets, in the room, below the issue; once an end."""

from __future__ import annotations

from incidents.basis import Basis
from incidents.case import Case
from incidents.decisions.participants.issue import issue_key
from incidents.decisions.posts import tell_room
from incidents.effects import Effect, EffectKind, EffectState, IssueComment, ticket_note
from incidents.models import InternalText, TicketStatus
from incidents.notes.notes import hit_summary
from incidents.notes.updates import promises_words
from incidents.texts.messages import internal
from incidents.texts.times import clock, duration


def summary_effects(case: Case, end: str, basis: Basis) -> list[Effect]:
    """`end` says how it ended and who was told. The room reads the first line; a ticket that is closed for good takes
    no note."""
    name = case.incident.name
    note = summary(case, end, basis)
    effects = [
        ticket_note(case.incident.id, item.ticket.ref, case.once("summary"), note)
        for item in case.present
        if item.ticket.status is not TicketStatus.CLOSED
    ]
    effects += tell_room(case, basis.policy, "closed", f"{name} is {end}.\n{_rest(note)}")
    return [*effects, *_below_issue(case, note)]


def summary(case: Case, end: str, basis: Basis) -> InternalText:
    """A few lines, of which none has a customer's words."""
    incident = case.incident
    lines = [
        f"{incident.name} is {end}.",
        f"{basis.policy.service(incident.service).title}, severity {int(incident.severity)}: {_course(case, basis)}.",
        f"Hit: {hit_summary(case.tickets, basis.policy)}.",
    ]
    promised = promises_words(case.updates)
    lines += [f"Promises of the next update: {promised}."] if promised else []
    lines += [f"Accountable: {incident.owner}."] if incident.owner else []
    lines.append(f"The whole review: `liaison review {incident.name}`.")
    return internal("\n".join(lines))


def _course(case: Case, basis: Basis) -> str:
    """From the first report to the end of this generation, and who mended it."""
    incident = case.incident
    words = f"reported {clock(incident.opened_at)}"
    if incident.acknowledged_at is not None:
        words += f", taken by {incident.responder or 'an engineer'} {clock(incident.acknowledged_at)}"
    if incident.resolved_at is not None:
        words += f", said to be fixed {clock(incident.resolved_at)}"
    words += f", closed after {duration(basis.now - incident.opened_at)}"
    again = incident.generation - 1
    return words + (f"; opened again {again} time{'' if again == 1 else 's'}" if again else "")


def _rest(note: InternalText) -> str:
    return note.partition("\n")[2]


def _below_issue(case: Case, note: InternalText) -> list[Effect]:
    """Where an issue was opened for the lasting fix, or is on its way."""
    opening = case.line(issue_key(case))
    if opening is None or opening.state is EffectState.DEAD:
        return []
    key = case.once("issue:summary")
    return [
        Effect(
            key=key,
            once=key,
            kind=EffectKind.ISSUE_COMMENT,
            incident_id=case.incident.id,
            connection=opening.connection,
            target=opening.target,
            payload=IssueComment(opening=opening.key, text=note),
        )
    ]
