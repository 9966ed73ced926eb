"""Whoever comes next is woken on a person's word, besides those who were; once for a button, whoever presses it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.basis import Basis
from incidents.commands.verbs import Verb
from incidents.decisions.commands.escalating import EscalationWord, escalated_by_word, escalation_words
from incidents.effects import EffectKind
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import IncidentState, Severity
from incidents.notes.context import escalate_button
from incidents.notes.next_rung import next_rung, rung_mark
from incidents.policy.policy import Rung
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    after,
    an_incident,
    of_kind,
    page_key,
    texts,
    tickets,
)

S = IncidentState
PAYMENTS = a_policy().teams["payments"]
LEAD = Rung(title="Lea Lead", pager_target="lea")
MANAGER = Rung(title="Mia Manager", pager_target="mia")
WORD = EscalationWord(by="Cy in chat", mark="m1", is_next=True)


def a_basis(*rungs, lead=None, manager=None):
    policy = a_policy()
    team = PAYMENTS.model_copy(update={"ladder": list(rungs), "lead": lead, "manager": manager})
    return Basis(policy.model_copy(update={"teams": {**policy.teams, "payments": team}}), NOW)


def a_paged_case(state=S.ESCALATED, **changes):
    return a_case(an_incident(state, **changes), tickets(2), ledger=[a_page_line(), ROOM_LINE])


BASIS = a_basis(Rung(title="Second line", pager_target="second"), lead=LEAD, manager=MANAGER)


@pytest.mark.parametrize("state", sorted(WITH_ENGINEERS))
def test_one_after_the_other_and_then_nobody(state):
    """The ladder, the lead, the manager; who has it keeps it; room and pages hear of each."""
    case = a_paged_case(state)
    woken = []
    for number in range(4):
        plan = escalated_by_word(case, replace(WORD, mark=f"m{number}"), BASIS)
        said = escalation_words(case, plan, WORD, BASIS)
        woken.append([effect.payload.target for effect in of_kind(plan, EffectKind.PAGE)])
        assert (plan.incident.state, plan.incident.responder) == (state, case.incident.responder)
        if number < 3:
            assert "is being paged now, too" in said
            assert "escalated by Cy in chat" in plan.entries[-1].text
            assert "escalated by Cy in chat" in texts(plan)
            assert next(effect.target for effect in of_kind(plan, EffectKind.PAGE_NOTE)) == page_key()
        else:
            assert (plan.effects, plan.entries) == ((), ())
            assert "nobody further is named for Payments team, so nobody more was woken" in said
        case = after(case, plan, BASIS.policy)
    assert woken == [["second"], ["lea"], ["mia"], []]
    who = "Ana has it" if state is S.ACKNOWLEDGED else "nobody has taken it yet"
    assert who in said


def test_a_button_wakes_one_however_often_it_is_pressed():
    """The room's next post has the button for whoever comes after; an old one, or one of before, does nothing."""
    case = a_paged_case()
    (button,) = escalate_button(case, BASIS.policy)
    assert (button.label, button.verb, button.words) == ("Escalate", Verb.ESCALATE, "next #g1-0")
    pressed = replace(WORD, rung=rung_mark(case))
    plan = escalated_by_word(case, pressed, BASIS)
    (post,) = of_kind(plan, EffectKind.CHAT_POST)
    assert [one.words for one in post.payload.buttons] == ["next #g1-1"]
    case = after(case, plan, BASIS.policy)
    again = escalated_by_word(case, replace(pressed, mark="m2"), BASIS)
    assert (again.effects, again.entries) == ((), ())
    said = escalation_words(case, again, pressed, BASIS)
    assert "somebody was since that button was made; `escalate next` wakes Lea Lead" in said
    assert escalate_button(a_paged_case(), a_basis().policy) == ()


def test_a_button_of_before_the_clock_woke_the_next_one_says_no_untruth():
    """The SLA's ladder wakes people, too: then nobody pressed it before."""
    pressed = replace(WORD, rung=rung_mark(a_paged_case()))
    case = a_paged_case(page_level=1)
    plan = escalated_by_word(case, pressed, BASIS)
    assert plan.effects == ()
    said = escalation_words(case, plan, pressed, BASIS)
    assert "nobody more was woken, as somebody was since that button was made" in said
    assert "pressed" not in said


def test_the_last_one_is_told_without_a_button():
    case = a_paged_case()
    basis = a_basis(manager=MANAGER)
    assert next_rung(case, basis.policy) == MANAGER
    plan = escalated_by_word(case, WORD, basis)
    assert [one.key for one in of_kind(plan, EffectKind.PAGE)] == ["liaison:test:INC-7:g1:page:manager"]
    (post,) = of_kind(plan, EffectKind.CHAT_POST)
    assert post.payload.buttons == ()


@pytest.mark.parametrize("state", [S.REPORTED, S.CONFIRMED])
def test_before_the_team_itself_was_woken_it_is_the_team(state):
    plan = escalated_by_word(a_paged_case(state), WORD, BASIS)
    assert [effect.payload.target for effect in of_kind(plan, EffectKind.PAGE)] == ["payments"]


def test_who_only_says_escalate_is_told_of_the_next_one():
    """Nobody more is woken by it, as it says that it wakes the team."""
    case = a_paged_case()
    word = replace(WORD, is_next=False)
    plan = escalated_by_word(case, word, BASIS)
    assert plan.effects == ()
    said = escalation_words(case, plan, word, BASIS)
    assert "Payments team was paged already; nobody has taken it yet" in said
    assert said.endswith("To wake Second line, too, say `escalate next`.")
    assert "escalate next" not in escalation_words(case, plan, word, a_basis())


def test_worse_and_the_next_one():
    """Both in one word: the page that goes out has the severity that was named."""
    case = a_paged_case(severity=Severity.HIGH)
    plan = escalated_by_word(case, replace(WORD, severity=Severity.CRITICAL), BASIS)
    (page,) = of_kind(plan, EffectKind.PAGE)
    assert (page.payload.severity, plan.incident.severity) == (Severity.CRITICAL, Severity.CRITICAL)
    assert len({effect.key for effect in plan.effects}) == len(plan.effects)
