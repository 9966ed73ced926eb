"""Who may do what by a private note."""

from __future__ import annotations

import pytest

from incidents.commands.verbs import Verb
from incidents.decisions.commands.rights import NoteAuthor, refusal_of
from incidents.policy.policy import ChatRights, CommandRules

PEOPLE = CommandRules(who="people", people=["bo"], approvers=["77"])
AGENTS = CommandRules(approvers=["77"])
ADA, BO, EVE = (
    NoteAuthor(name=name, id=number) for name, number in (("Ada", "77"), ("Bo", "8"), ("Eve", "9"))
)
ANYONE, ROOM = ChatRights(may_act="anyone"), ChatRights()


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DENY, Verb.RUN])
@pytest.mark.parametrize(
    ("rules", "chat", "author", "why_not"),
    [
        (PEOPLE, ANYONE, EVE, "is for the people named"),
        (PEOPLE, ROOM, EVE, "is for the people named"),
        (PEOPLE, ANYONE, BO, None),
        (PEOPLE, ROOM, BO, "commands.approvers"),
        (PEOPLE, ROOM, ADA, None),
        (AGENTS, ANYONE, EVE, None),
        (AGENTS, ROOM, EVE, "commands.approvers"),
    ],
)
def test_who_may_approve(verb, rules, chat, author, why_not):
    """That anybody may act in chat opens nothing to those whom the policy does not let act by a note."""
    found = refusal_of(verb, author, rules, chat)
    assert (found is None) if why_not is None else (found is not None and why_not in found)


def test_to_act_and_to_ask():
    assert refusal_of(Verb.RESOLVE, ADA, PEOPLE, ANYONE) is not None
    assert refusal_of(Verb.RESOLVE, BO, PEOPLE, ROOM) is None
    assert refusal_of(Verb.STATUS, EVE, PEOPLE, ROOM) is None
