"""The public status page: what becomes of its question and of its times when nothing else happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.approval import Approval, ApprovalState, ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.case import EntryKind, LedgerLine, Plan
from incidents.decisions.closing.farewell import tell_everybody
from incidents.decisions.closing.word import ClosingWord, close_by_name
from incidents.decisions.participants.approval import ruled
from incidents.decisions.participants.status_page import with_status_page
from incidents.decisions.updates.lapsing import sweep_updates
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState, TicketStatus
from incidents.policy.cadence import OnLapse
from incidents.policy.policy import Policy
from incidents.policy.process import CustomerTemplates
from tests.incidents.builders import (
    NOW,
    a_case,
    a_page_line,
    a_policy,
    after,
    an_incident,
    of_kind,
    texts,
)

S = IncidentState
HOUR = timedelta(hours=1)
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


def opened(**changes):
    """On the page since noon, where the next word is promised by one."""
    line = LedgerLine(
        key="INC-7:status-page",
        kind=EffectKind.STATUS_PAGE_OPEN,
        state=EffectState.DONE,
        connection="staticpage/main",
        target="INC-7",
    )
    changes = {"next_update_at": NOW + HOUR} | changes
    return a_case(an_incident(S.ACKNOWLEDGED, **changes), None, [a_page_line(), line])


def all_solved(case):
    return replace(
        case,
        tickets=tuple(
            replace(one, ticket=replace(one.ticket, status=TicketStatus.SOLVED)) for one in case.tickets
        ),
    )


def said(plan):
    return [(one.key, one.payload.text) for one in of_kind(plan, EffectKind.STATUS_PAGE_UPDATE)]


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


def test_the_public_hears_by_the_time_it_was_told_although_nobody_waits():
    """All tickets are solved, so no customer is written to; the page keeps its own word, once, and says the next."""
    case, basis = all_solved(opened()), Basis(with_page(), NOW + HOUR)
    swept = sweep_updates(case, basis)
    assert not of_kind(swept, EffectKind.CUSTOMER_MESSAGE)
    plan = with_status_page(case, swept, basis)
    ((key, text),) = said(plan)
    assert text == "UPDATE Checkout 14:00 UTC"
    assert "13:00" in key
    again = after(case, plan, now=basis.now)
    assert said(with_status_page(again, sweep_updates(again, basis), basis)) == []
    later = Basis(with_page(), NOW + 2 * HOUR)
    ((then, _),) = said(with_status_page(again, sweep_updates(again, later), later))
    assert then != key


def test_the_public_hears_when_agents_have_put_the_next_word_off():
    """They answered everybody at half past, so the next message comes at half past one; the page had said one."""
    case, basis = opened(), Basis(with_page(), NOW + HOUR / 2)
    put_off = Plan(incident=replace(case.incident, next_update_at=basis.now + HOUR))
    ((_, text),) = said(with_status_page(case, put_off, basis))
    assert text == "UPDATE Checkout 13:30 UTC"


@pytest.mark.parametrize("moved", [timedelta(0), -HOUR / 4])
def test_a_time_that_stands_or_comes_sooner_is_no_news(moved):
    case = opened()
    sooner = Plan(incident=replace(case.incident, next_update_at=NOW + HOUR + moved))
    assert said(with_status_page(case, sooner, Basis(with_page(), NOW))) == []


def test_no_time_is_said_in_public_where_nothing_goes_out_that_nobody_wrote():
    """`on_lapse: tell_lead`: no word is sure to follow, so none is promised, and none made up."""
    policy = with_page(a_policy(cadence={"on_lapse": OnLapse.TELL_LEAD}))
    case, basis = opened(), Basis(policy, NOW + HOUR)
    assert said(with_status_page(case, sweep_updates(case, basis), basis)) == []
    fixed = Plan(incident=replace(case.incident, state=S.RESOLVED))
    ((_, text),) = said(with_status_page(case, fixed, basis))
    assert text.strip() == "WATCHED Checkout"


@pytest.mark.parametrize(("is_on_a_word", "words"), [(True, "engineers tell us"), (False, "we have checked")])
def test_the_public_reads_of_no_check_that_a_persons_word_replaced(is_on_a_word, words):
    """The looks are red, and a person says that it works: neither customers nor the public read that we checked it."""
    policy = with_page()
    policy = policy.model_copy(
        update={"templates": policy.templates.model_copy(update={"customer": CustomerTemplates()})}
    )
    case, basis = opened(), Basis(policy, NOW)
    case = replace(case, incident=replace(case.incident, state=S.RESOLVED, checks=-1, resolved_at=NOW))
    word = ClosingWord(by="Ana", why="called them", where="in chat")
    plan = (
        close_by_name(case, word, basis).plan
        if is_on_a_word
        else tell_everybody(case, "2 healthy looks", basis)
    )
    ((key, text),) = said(decided(case, policy, plan))
    assert key == "INC-7:status-page:fixed"
    assert words in text
    assert {words in one.payload.text for one in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)} == {True}
