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
from incidents.texts.team import worded, worded_count
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
    effects += tell_room(case, basis.policy, "closed", "\n".join((_first_line(name, end), _rest(note))))
    return [*effects, *_below_issue(case, note)]


def summary(case: Case, end: str, basis: Basis) -> InternalText:
    """A few lines, of which none has a customer's words."""
    incident = case.incident
    lines = [
        _first_line(incident.name, end),
        worded(
            "{service}, severity {severity}: {course}.",
            service=basis.policy.service(incident.service).title,
            severity=int(incident.severity),
            course=_course(case, basis),
        ),
        worded("Hit: {hit}.", hit=hit_summary(case.tickets, basis.policy)),
    ]
    promised = promises_words(case.updates)
    lines += [worded("Promises of the next update: {promised}.", promised=promised)] if promised else []
    lines += [worded("Accountable: {owner}.", owner=incident.owner)] if incident.owner else []
    lines.append(worded("The whole review: `liaison review {incident}`.", incident=incident.name))
    return internal("\n".join(lines))


def _course(case: Case, basis: Basis) -> str:
    """From the first report to the end of this generation, and who mended it."""
    incident = case.incident
    words = worded("reported {time}", time=clock(incident.opened_at))
    if incident.acknowledged_at is not None:
        words += worded(
            ", taken by {responder} {time}",
            responder=incident.responder or worded("an engineer"),
            time=clock(incident.acknowledged_at),
        )
    if incident.resolved_at is not None:
        words += worded(", said to be fixed {time}", time=clock(incident.resolved_at))
    words += worded(", closed after {span}", span=duration(basis.now - incident.opened_at))
    again = incident.generation - 1
    if not again:
        return words
    return words + worded_count("; opened again {count} time", "; opened again {count} times", again)


def _first_line(name: str, end: str) -> str:
    return worded("{incident} is {end}.", incident=name, end=end)


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
