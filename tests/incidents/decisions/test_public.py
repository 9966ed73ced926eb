"""The public status page: what becomes of its question and of its times when nothing else happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.approval import Approval, ApprovalState, ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.case import EntryKind, Plan
from incidents.decisions.participants.approval import ruled
from incidents.decisions.participants.status_page import with_status_page
from incidents.models import IncidentState
from incidents.policy.policy import Policy
from tests.incidents.builders import NOW, a_case, a_page_line, a_policy, an_incident, texts

S = IncidentState
SUBJECT = ApprovalSubject.STATUS_PAGE


def with_page(policy: Policy | None = None) -> Policy:
    policy = policy or a_policy()
    payments = policy.teams["payments"].model_copy(update={"status_page": "staticpage/main"})
    return policy.model_copy(update={"teams": {**policy.teams, "payments": payments}})


def asked(state=ApprovalState.ASKED, *, incident=S.ESCALATED):
    """The public may be told, if somebody says so within the hour."""
    approval = Approval(
        incident=7,
        generation=1,
        subject=SUBJECT,
        state=state,
        asked_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )
    return a_case(an_incident(incident), None, [a_page_line()], approvals=(approval,))


def decided(case, policy, plan=None):
    return with_status_page(case, plan or Plan(incident=case.incident), Basis(policy, NOW))


@pytest.mark.parametrize("state", [S.ESCALATED, S.ACKNOWLEDGED, S.RESOLVED, S.CLOSED])
def test_the_status_page_left_the_policy(state):
    """There is nothing left to allow, so the question is over at once, and says why."""
    plan = decided(asked(incident=state), a_policy())
    (approval,) = plan.approvals
    why = "the policy names no status page for it any more"
    assert (approval.state, approval.why) == (ApprovalState.EXPIRED, why)
    (entry,) = plan.entries
    assert (entry.kind, entry.text) == (
        EntryKind.APPROVAL_EXPIRED,
        f"Nothing is published on the public status page: {why}",
    )


@pytest.mark.parametrize("state", [one for one in ApprovalState if one is not ApprovalState.ASKED])
def test_what_is_decided_stays_so_without_a_status_page(state):
    case = asked(state)
    assert decided(case, a_policy()) == Plan(incident=case.incident)


def test_the_question_waits_while_there_is_a_status_page():
    plan = decided(asked(), with_page())
    assert plan.approvals == ()


def test_a_ruling_in_the_same_moment_counts():
    case = asked()
    given = ruled(
        case, Ruling(subject=SUBJECT, is_yes=False, by="Olga", where="by form"), Basis(a_policy(), NOW)
    )
    plan = decided(case, a_policy(), given.plan)
    assert [one.state for one in plan.approvals] == [ApprovalState.DENIED]
    assert "Nothing is published" not in texts(plan)


def test_a_question_of_before_is_over_too():
    """Also one that an older generation put."""
    case = asked()
    case = replace(case, incident=replace(case.incident, generation=2))
    assert [one.state for one in decided(case, a_policy()).approvals] == [ApprovalState.EXPIRED]
