"""Major incidents: who is asked when, and what a yes does, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.approval import Approval, ApprovalState, ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.case import Plan
from incidents.decisions.acting.major import with_major
from incidents.decisions.participants.approval import ruled
from incidents.decisions.participants.taking_part import with_participants
from incidents.effects import EffectKind
from incidents.models import IncidentState, Severity
from incidents.policy.policy import Policy, Rung
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    after,
    an_incident,
    of_kind,
    texts,
    tickets,
    without_actions,
)

S, A = IncidentState, ApprovalState
HOUR = timedelta(hours=1)
SUBJECT = ApprovalSubject.MAJOR


def policy(**rules: object) -> Policy:
    """The team has a lead and no manager."""
    base = without_actions(a_policy(major=rules or {"severity": Severity.HIGH}))
    lead = Rung(title="Payments lead", pager_target="lead")
    payments = base.teams["payments"].model_copy(update={"lead": lead})
    return base.model_copy(update={"teams": {**base.teams, "payments": payments}})


def paged(*approvals: Approval, state: IncidentState = S.ESCALATED, count: int = 2, **changes):
    incident = an_incident(state, **changes)
    return a_case(incident, tickets(count), [a_page_line(), ROOM_LINE], approvals=approvals)


def question(state: ApprovalState = A.ASKED, **changes: object) -> Approval:
    asked = Approval(
        incident=7, generation=1, subject=SUBJECT, state=state, asked_at=NOW, expires_at=NOW + HOUR
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def decided(case, **rules: object) -> Plan:
    return with_major(case, Plan(incident=case.incident), Basis(policy(**rules), NOW))


@pytest.mark.parametrize(
    ("case", "rules", "is_asked"),
    [
        (paged(), {"severity": None}, False),
        (paged(), {"severity": Severity.HIGH}, True),
        (paged(), {"severity": Severity.CRITICAL}, False),
        (paged(severity=Severity.MEDIUM), {"severity": Severity.HIGH}, False),
        (paged(count=3), {"tickets": 3}, True),
        (paged(count=2), {"tickets": 3}, False),
        (replace(paged(count=3), has_all_tickets=False), {"tickets": 3}, False),
        (paged(state=S.ACKNOWLEDGED), {"severity": Severity.HIGH}, True),
        (paged(state=S.CONFIRMED), {"severity": Severity.HIGH}, False),
        (paged(state=S.RESOLVED), {"severity": Severity.HIGH}, False),
        (paged(question(A.DENIED)), {"severity": Severity.HIGH}, False),
        (paged(question(A.EXPIRED)), {"severity": Severity.HIGH}, False),
    ],
)
def test_who_is_asked(case, rules, is_asked):
    """By default nobody; once in a generation, in the room with buttons and on the owner's ticket."""
    plan = decided(case, **rules)
    assert [one.subject for one in plan.approvals] == [SUBJECT] * is_asked
    assert len(of_kind(plan, EffectKind.TICKET_NOTE)) == is_asked
    posts = [one for one in of_kind(plan, EffectKind.CHAT_POST) if one.payload.buttons]
    assert [post.payload.buttons[0].words for post in posts] == ["major-incident #g1"] * is_asked
    assert plan.incident is case.incident
    if is_asked:
        assert "With a yes it is of severity 1, and Payments lead paged." in texts(plan)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (paged(question()), None),
        (paged(question(expires_at=NOW)), "nobody answered by 12:00 UTC"),
        (paged(question(), state=S.RESOLVED), "it was over before anybody said so"),
        (paged(question(), state=S.MERGED, merged_into=2), "INC-7 was merged into INC-2"),
    ],
)
def test_a_question_is_over(case, why):
    over = decided(case).approvals
    assert [(one.state, one.why) for one in over] == ([] if why is None else [(A.EXPIRED, why)])


def rule(case, *, is_yes: bool = True):
    basis = Basis(policy(), NOW)
    found = ruled(case, Ruling(subject=SUBJECT, is_yes=is_yes, by="Ada", where="in chat"), basis)
    return with_participants(case, found.plan, basis)


def test_a_yes_makes_it_the_worst_and_pages_the_lead_once():
    case = paged(question())
    plan = rule(case)
    assert plan.incident.severity is Severity.CRITICAL
    (page,) = of_kind(plan, EffectKind.PAGE)
    assert (page.key, page.payload.severity) == ("liaison:test:INC-7:g1:page:lead", Severity.CRITICAL)
    assert [entry.text for entry in plan.entries] == [
        "Approved in chat: it is a major incident",
        "Severity raised from 2 to 1: it is a major incident",
    ]
    seen = replace(after(case, plan), approvals=plan.approvals)
    calmer = replace(seen, incident=replace(seen.incident, severity=Severity.HIGH))
    later = with_participants(calmer, Plan(incident=calmer.incident), Basis(policy(), NOW + HOUR))
    assert later == Plan(incident=calmer.incident), "whoever sets it back afterwards is not overruled"


def test_who_was_paged_is_not_paged_again():
    """The SLA's ladder had told the lead before."""
    lead = replace(a_page_line(), key="liaison:test:INC-7:g1:page:lead")
    case = paged(question())
    plan = rule(replace(case, ledger=(*case.ledger, lead)))
    assert plan.incident.severity is Severity.CRITICAL
    assert of_kind(plan, EffectKind.PAGE) == []


def test_a_no_changes_nothing():
    plan = rule(paged(question()), is_yes=False)
    assert plan.incident.severity is Severity.HIGH
    assert of_kind(plan, EffectKind.PAGE) == []
    assert "Ada denied at 12:00 UTC that it is a major incident" in texts(plan)
