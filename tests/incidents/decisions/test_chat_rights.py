"""Who may act from chat, and what becomes of what others ask for."""

import pytest

from incidents.case import EntryKind
from incidents.commands.verbs import Verb
from incidents.decisions.chat_rights import CheckedCommand, needs_a_right, refusal, refuse_command, unchecked
from incidents.effects import EffectKind
from incidents.errors import NotAllowed
from incidents.events import ChatCommand
from incidents.policy.policy import ChatRights
from tests.incidents.builders import a_case, an_incident
from tests.incidents.decisions.test_chat_commands import command

ANYONE = ChatRights(may_act="anyone")
ROOM = ChatRights()
GROUP = ChatRights(may_act="group", group="S1")
USERS = ChatRights(may_act="users", users=["U0BO"])


def asked(verb: Verb = Verb.ACKNOWLEDGE, user_id: str = "U0BO") -> ChatCommand:
    return command(verb, user_id=user_id)


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("chat", [ANYONE, ROOM, GROUP, USERS], ids=lambda chat: chat.may_act)
def test_what_needs_a_right(verb: Verb, chat: ChatRights):
    """To silence a page, to say that it is over, to hand it over; to ask and to note something does not."""
    acts = verb not in (Verb.STATUS, Verb.NOTE, Verb.HELP)
    assert needs_a_right(asked(verb), chat) is (acts and chat is not ANYONE)


@pytest.mark.parametrize(
    ("chat", "words"),
    [
        (ROOM, "only members of the incident's room may acknowledge it; join it first"),
        (GROUP, "only members of its user group may acknowledge it"),
        (USERS, "only the people named in Liaison's policy may acknowledge it"),
    ],
)
def test_who_is_refused(chat: ChatRights, words: str):
    """Whoever is not among them, by the id: a name can be chosen. Nobody without one."""
    allowed = frozenset({"U0BO"})
    assert refusal(asked(), chat, allowed) is None
    assert refusal(asked(user_id="U0STRANGER"), chat, allowed) == words
    assert refusal(asked(user_id=""), chat, allowed) == words
    assert refusal(asked(), chat, frozenset()) == words


def test_who_is_refused_in_the_other_incident():
    """Such as the one that a ticket is taken out of."""
    move = asked(Verb.LINK)
    assert refusal(move, ROOM, frozenset(), other="INC-7") == (
        "that changes INC-7, too, and only members of INC-7's room may do that; join it first"
    )
    assert refusal(move, USERS, frozenset({"U0BO"}), other="INC-7") is None


def test_a_refusal_is_told_to_the_one_and_written_down():
    """Nothing else happens: no page is touched, no state moves, nobody else hears of it."""
    case = a_case(an_incident())
    plan = refuse_command(
        case, CheckedCommand(command=asked(), refusal="only anna may acknowledge it"), instance="i"
    )
    assert plan.incident == case.incident
    (no,) = plan.effects
    assert (no.kind, no.connection, no.target) == (EffectKind.CHAT_ANSWER, "slack/main", "C1")
    assert (no.payload.user_id, no.payload.is_private) == ("U0BO", True)
    assert (
        no.payload.text == f"Sorry, I did not acknowledge {case.incident.name}: only anna may acknowledge it."
    )
    (entry,) = plan.entries
    assert (entry.kind, entry.actor) == (EntryKind.COMMAND_REFUSED, "bo")
    assert entry.text == "Did not acknowledge in chat: only anna may acknowledge it"


def test_what_could_not_be_looked_up_is_said_so():
    """Such as a scope that the app was not given."""
    why = unchecked(asked(Verb.RESOLVE), NotAllowed("slack usergroups.users.list: missing_scope"))
    assert why == "who may resolve it could not be looked up (slack usergroups.users.list: missing_scope)"


@pytest.mark.parametrize(
    ("section", "cure"),
    [({"may_act": "group"}, "group: S0614TZR7"), ({"may_act": "users"}, r"users: \[U024BE7LH\]")],
)
def test_a_right_of_nobody_is_refused_with_the_cure(section: dict[str, str], cure: str):
    with pytest.raises(ValueError, match=cure):
        ChatRights.model_validate(section)
