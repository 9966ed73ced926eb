"""What happens next with an incident, and when; and which of many incidents a person should look at first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.approval import Approval, words_for
from incidents.board.standing import OpenIncident, is_unanswered
from incidents.lifecycle import UNSETTLED
from incidents.models import IncidentState, Stage
from incidents.texts.team import Sentence, sentence, worded, worded_as

S = IncidentState

LATE = timedelta(minutes=1)
"""What is due takes a moment to be done; later than that somebody should wonder."""

_CHECKED = sentence("customers' claim is checked again")
_BY_STAGE: dict[Stage, Sentence] = {
    Stage.VALIDATION: _CHECKED,
    Stage.ESCALATION: sentence("engineers are woken"),
    Stage.CLOSURE: sentence("whether it works again is looked at"),
}
_BY_STATE: dict[tuple[Stage, IncidentState], Sentence] = {
    (Stage.VALIDATION, S.REPORTED): sentence("whether customers are hit is checked"),
    (Stage.ESCALATION, S.MITIGATING): sentence("the remedy must have worked, or engineers are woken"),
    (Stage.ESCALATION, S.ESCALATED): sentence("the next in line are woken"),
    (Stage.CLOSURE, S.CLOSING): sentence("it is closed, once every customer was told"),
}
_HELD = sentence("its page has waited: engineers are woken, unless it works again")


@dataclass(frozen=True, kw_only=True, slots=True)
class NextStep:
    """Something that will happen, and when; overdue if that has passed."""

    at: datetime
    what: str

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have happened, and not just now."""
        return self.at < now - LATE


def question_words(question: Approval) -> str:
    """What a question is about, for people."""
    return words_for(question.subject, question.which).doing


def answer_command(incident: str, question: Approval) -> str:
    """What to type to answer it."""
    which = f" '{question.which}'" if question.which else ""
    return f"liaison approve {incident} {question.subject}{which}"


def next_steps(shown: OpenIncident) -> tuple[NextStep, ...]:
    """In the order of time; none where it waits for the world alone."""
    incident, found = shown.incident, list[NextStep]()
    stage = incident.next_stage
    if stage is not None and incident.next_stage_at is not None:
        words = _BY_STATE.get((stage, incident.state), _BY_STAGE[stage])
        if incident.next_stage_at == incident.held_until:
            words = _HELD
        found.append(NextStep(at=incident.next_stage_at, what=worded_as(words)))
    if shown.promised_by is not None:
        found.append(NextStep(at=shown.promised_by, what=worded("customers hear from us, as promised")))
    elif incident.next_update_at is not None:
        found.append(NextStep(at=incident.next_update_at, what=worded("customers hear from us")))
    if shown.sla_due_at is not None:
        found.append(
            NextStep(at=shown.sla_due_at, what=worded("the next SLA promise breaks unless it is kept"))
        )
    found += [
        NextStep(
            at=one.expires_at, what=worded("the question about {what} expires", what=question_words(one))
        )
        for one in shown.questions
    ]
    return tuple(sorted(found, key=lambda step: step.at))


def by_urgency(shown: OpenIncident) -> tuple[int, int, float, int]:
    """A key to sort by: the worst first, of those the ones that nobody has, then what is due first."""
    steps = next_steps(shown)
    due = steps[0].at.timestamp() if steps else float("inf")
    incident = shown.incident
    return int(incident.severity), 0 if is_unanswered(incident) else 1, due, incident.id


def with_words(shown: OpenIncident) -> str:
    """Who has it, in a few words."""
    incident = shown.incident
    if incident.responder is not None:
        return incident.responder
    if incident.state not in UNSETTLED:
        return worded("nobody")
    if is_unanswered(incident):
        return worded("nobody yet: engineers were paged")
    return worded("nobody yet")
