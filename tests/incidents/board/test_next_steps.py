"""What happens next, and what a person should look at first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.board.next_steps import by_urgency, next_steps, with_words
from incidents.board.standing import OpenIncident
from incidents.models import IncidentState, Severity, Stage
from tests.incidents.builders import NOW, an_incident

S = IncidentState
MINUTE = timedelta(minutes=1)


def shown(state: IncidentState = S.ESCALATED, stage: Stage | None = None, **changes: object) -> OpenIncident:
    own = {name: changes.pop(name) for name in ("promised_by", "sla_due_at", "questions") if name in changes}
    at = NOW + 5 * MINUTE if stage is not None else None
    incident = an_incident(state, next_stage=stage, next_stage_at=at, next_update_at=None, **changes)
    return replace(OpenIncident(incident=incident), **own)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "stage", "says"),
    [
        (S.REPORTED, Stage.VALIDATION, "whether customers are hit is checked"),
        (S.VALIDATING, Stage.VALIDATION, "customers' claim is checked again"),
        (S.CONFIRMED, Stage.ESCALATION, "engineers are woken"),
        (S.MITIGATING, Stage.ESCALATION, "the remedy must have worked, or engineers are woken"),
        (S.ESCALATED, Stage.ESCALATION, "the next in line are woken"),
        (S.REOPENED, Stage.ESCALATION, "engineers are woken"),
        (S.RESOLVED, Stage.CLOSURE, "whether it works again is looked at"),
        (S.CLOSING, Stage.CLOSURE, "it is closed, once every customer was told"),
    ],
)
def test_a_stage_that_is_due(state: IncidentState, stage: Stage, says: str):
    (step,) = next_steps(shown(state, stage))
    assert (step.at, step.what) == (NOW + 5 * MINUTE, says)


def test_in_the_order_of_time():
    """A promise to customers counts before our own plan for the next message."""
    question = Approval(
        incident=1,
        generation=1,
        subject=ApprovalSubject.STATUS_PAGE,
        state=ApprovalState.ASKED,
        asked_at=NOW,
        expires_at=NOW + MINUTE,
    )
    full = shown(
        stage=Stage.ESCALATION,
        promised_by=NOW + 3 * MINUTE,
        sla_due_at=NOW + 2 * MINUTE,
        questions=(question,),
    )
    full = replace(full, incident=replace(full.incident, next_update_at=NOW))
    assert [(step.at - NOW) / MINUTE for step in next_steps(full)] == [1, 2, 3, 5]
    planned = replace(full, promised_by=None)
    assert next_steps(planned)[0].what == "customers hear from us"
    assert next_steps(shown()) == ()


@pytest.mark.parametrize(("late", "overdue"), [(0, False), (60, False), (61, True)])
def test_overdue_is_more_than_a_minute_late(late: int, overdue: bool):
    (step,) = next_steps(shown(stage=Stage.ESCALATION))
    assert step.is_overdue(step.at + timedelta(seconds=late)) is overdue


def test_the_most_urgent_first():
    """The worst; of those what nobody has; of those what is due first."""
    mild = shown(S.ESCALATED, severity=Severity.LOW)
    taken = shown(S.ACKNOWLEDGED, severity=Severity.CRITICAL, responder="Jane Doe")
    soon = shown(S.ESCALATED, severity=Severity.CRITICAL, promised_by=NOW)
    later = shown(S.ESCALATED, severity=Severity.CRITICAL, promised_by=NOW + MINUTE)
    assert sorted([mild, taken, later, soon], key=by_urgency) == [soon, later, taken, mild]


@pytest.mark.parametrize(
    ("state", "responder", "says"),
    [
        (S.REPORTED, None, "nobody yet"),
        (S.ESCALATED, None, "nobody yet: engineers were paged"),
        (S.ESCALATED, "Jane Doe", "Jane Doe"),
        (S.CLOSED, None, "nobody"),
    ],
)
def test_who_has_it(state: IncidentState, responder: str | None, says: str):
    assert with_words(shown(state, responder=responder)) == says
