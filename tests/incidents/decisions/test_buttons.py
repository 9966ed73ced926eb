"""Buttons under questions: each answers its own, of its own generation, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.approval import ApprovalState, ApprovalSubject
from incidents.commands.verbs import Verb
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.participants.approval import answer_buttons
from incidents.events import ChatCommand
from tests.incidents.builders import NOW, texts
from tests.incidents.decisions.test_acting import NAME, SUBJECT, basis, paged, question

A = ApprovalState


@pytest.mark.parametrize(
    ("verb", "text", "expected"),
    [
        (Verb.APPROVE, f"action {NAME}", [(SUBJECT, A.APPROVED)]),
        (Verb.DENY, f"action {NAME}", [(SUBJECT, A.DENIED)]),
        (Verb.APPROVE, "status-page", [(ApprovalSubject.STATUS_PAGE, A.APPROVED)]),
        (Verb.APPROVE, "affected-customers", []),
        (Verb.APPROVE, "", []),
    ],
)
def test_a_button_answers_its_own_question(verb, text, expected):
    """What it stands under, whatever else is asked; one whose question is gone answers nothing."""
    case = paged(question(), replace(question(), subject=ApprovalSubject.STATUS_PAGE, which=""))
    pressed = ChatCommand(connection="slack/main", room_id="C1", user="bo", verb=verb, at=NOW, text=text)
    plan = chat_command(case, pressed, basis())
    assert [(one.subject, one.state) for one in plan.approvals] == expected


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DENY])
@pytest.mark.parametrize("subject", list(ApprovalSubject))
@pytest.mark.parametrize("is_of_now", [True, False])
def test_a_button_of_before_a_reopening_answers_nothing(verb, subject, is_of_now):
    """The room still shows it; what is asked now has buttons of its own. Words that somebody types are of now."""
    first = question(A.EXPIRED, subject=subject, which=NAME if subject is SUBJECT else "")
    second = replace(first, state=A.ASKED, generation=2)
    case = paged(first, second, generation=2)
    buttons = {one.verb: one for one in answer_buttons(second if is_of_now else first, "INC-7", yes="Start")}
    pressed = ChatCommand(
        connection="slack/main", room_id="C1", user="bo", verb=verb, at=NOW, text=buttons[verb].words
    )
    plan = chat_command(case, pressed, basis())
    expected = A.APPROVED if verb is Verb.APPROVE else A.DENIED
    assert [(one.generation, one.state, one.why) for one in plan.approvals] == [(2, expected, "")] * is_of_now
    assert ("asked before it was reopened" in texts(plan)) is not is_of_now
    typed = replace(pressed, text=second.named)
    assert [one.generation for one in chat_command(case, typed, basis()).approvals] == [2]
