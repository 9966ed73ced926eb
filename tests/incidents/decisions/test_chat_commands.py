"""Commands and buttons in the room: the page is answered through its pager, notes reach everybody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import LedgerLine
from incidents.commands.help import usage
from incidents.commands.verbs import Verb
from incidents.decisions.chat_answers import about_none
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.sync import PageNews, page_news
from incidents.effects import EffectKind, EffectState
from incidents.events import ChatCommand, PageChange
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import IncidentState, PageStatus
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_page_event,
    a_page_line,
    a_page_state,
    a_policy,
    after,
    an_incident,
    keys,
    kinds,
    of_kind,
    page_key,
    texts,
    without_chat,
)

S = IncidentState
POLICY = a_policy()


def a_paged_case(state=S.ESCALATED, *pages):
    return a_case(an_incident(state), ledger=[*(pages or [a_page_line()]), ROOM_LINE])


def command(verb, text="", **changes):
    given = {"connection": "slack/main", "room_id": "C1", "user": "bo", "at": NOW, **changes}
    return ChatCommand(verb=verb, text=text, **given)


@pytest.mark.parametrize(
    ("verb", "kind", "words"),
    [
        (Verb.ACKNOWLEDGE, EffectKind.PAGE_ACKNOWLEDGE, "bo acknowledged in chat"),
        (Verb.RESOLVE, EffectKind.PAGE_RESOLVE, "bo resolved in chat"),
    ],
)
@pytest.mark.parametrize("state", S)
def test_answering_the_page_from_chat(state, verb, kind, words):
    """The page is answered and its webhook will move the incident; without a page out, the status is told."""
    case = a_paged_case(state, a_page_line(), a_page_line(1))
    plan = chat_command(case, command(verb), Basis(POLICY, NOW))
    assert plan.incident.state is state
    if state in WITH_ENGINEERS:
        assert [effect.target for effect in of_kind(plan, kind)] == [page_key(), page_key(1)]
        assert words in texts(plan)
        assert plan.entries[0].actor == "bo"
        # An acknowledged one stays whose it is; who resolved it is who resolved it.
        stays = (state, verb) == (S.ACKNOWLEDGED, Verb.ACKNOWLEDGE)
        assert plan.incident.responder == ("Ana" if stays else "bo")
    else:
        assert kinds(plan) == [EffectKind.CHAT_POST]
        words = state.replace("_", " ")
        assert f"INC-7 Checkout: Checkout fails (1): {words}" in plan.effects[0].payload.text
        assert plan.incident is case.incident


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        (
            command(Verb.STATUS),
            "INC-7 Checkout: Checkout fails (1): escalated since 11:55 UTC, nobody has taken it yet; 2 tickets",
        ),
        (command(Verb.HELP), usage()),
        (command(Verb.NOTE), "`note` lacks the text. Write for example: note restarted the pods"),
        (command(Verb.ACKNOWLEDGE), "INC-7: done, and told in its room."),
        (command(Verb.NOTE, "seen"), "INC-7: done, and told in its room."),
    ],
)
def test_who_asks_elsewhere_is_answered_there(given, answered):
    """Once, and only there; what concerns all stands in the incident's room too."""
    elsewhere = replace(given, room_id="C-general", user_id="U1")
    plan = chat_command(a_paged_case(), elsewhere, Basis(POLICY, NOW))
    (answer,) = of_kind(plan, EffectKind.CHAT_ANSWER)
    assert (answer.target, answer.incident_id, answer.payload.user_id) == ("C-general", None, "U1")
    assert answered in answer.payload.text
    is_question = given.verb in (Verb.STATUS, Verb.HELP) or not given.text
    posts = of_kind(plan, EffectKind.CHAT_POST)
    assert bool(posts) is not (is_question and given.verb is not Verb.ACKNOWLEDGE)
    here = chat_command(a_paged_case(), given, Basis(POLICY, NOW))
    assert not of_kind(here, EffectKind.CHAT_ANSWER)
    assert of_kind(here, EffectKind.CHAT_POST)


@pytest.mark.parametrize(
    ("given", "starts"),
    [
        (
            command(Verb.ACKNOWLEDGE, incident="INC-99"),
            "There is no INC-99. Open incidents:\nINC-7 Checkout",
        ),
        (
            command(Verb.STATUS),
            "Open incidents:\nINC-7 Checkout: Checkout fails (1): acknowledged, Ana is on it",
        ),
        (command(Verb.HELP, "make coffee"), usage()),
        (command(Verb.RESOLVE), "Which incident? This is no incident's room. Name the incident"),
    ],
)
def test_about_no_incident(given, starts):
    assert about_none(given, [an_incident(S.ACKNOWLEDGED)]).startswith(starts)


def test_nothing_is_open_or_very_much():
    assert about_none(command(Verb.STATUS), []) == "No incident is open."
    many = [an_incident(S.ESCALATED, id=number) for number in range(1, 13)]
    assert about_none(command(Verb.STATUS), many).endswith("\nand 2 more")


def test_acknowledged_from_chat_carries_the_persons_name():
    """The page's own webhook names our integration; the agents read who typed it."""
    case = a_paged_case(S.ESCALATED)
    case = after(case, chat_command(case, command(Verb.ACKNOWLEDGE), Basis(POLICY, NOW)))
    event = a_page_event(PageChange.ACKNOWLEDGED, actor="Liaison", by_us=True)
    state = a_page_state(PageStatus.ACKNOWLEDGED)
    plan = page_news(case, PageNews(key=page_key(), events=(event,), state=state), Basis(POLICY, NOW))
    assert plan.incident.responder == "bo"
    assert "bo is on it" in texts(plan)


@pytest.mark.parametrize("pages", [(), (a_page_line(state=EffectState.DEAD),)])
@pytest.mark.parametrize("state", S)
def test_where_no_page_could_be_sent_the_rooms_word_counts(state, pages):
    """No webhook will ever come: acknowledged and resolved are taken from chat; in other states nothing is."""
    case = a_case(state, ledger=[*pages, ROOM_LINE])
    acknowledged = chat_command(case, command(Verb.ACKNOWLEDGE), Basis(POLICY, NOW)).incident
    resolved = chat_command(case, command(Verb.RESOLVE), Basis(POLICY, NOW)).incident
    assert acknowledged.state is (S.ACKNOWLEDGED if state is S.ESCALATED else state)
    assert resolved.state is (S.RESOLVED if state in WITH_ENGINEERS else state)
    status = chat_command(case, command(Verb.STATUS), Basis(POLICY, NOW))
    assert status.incident is case.incident


@pytest.mark.parametrize("state", [state for state in EffectState if state is not EffectState.DEAD])
def test_a_page_that_may_be_out_is_asked_first(state):
    """Not sent yet, lost from sight or held: the page still has the say."""
    case = a_paged_case(S.ESCALATED, a_page_line(state=state))
    plan = chat_command(case, command(Verb.RESOLVE), Basis(POLICY, NOW))
    assert plan.incident.state is S.ESCALATED
    assert of_kind(plan, EffectKind.PAGE_RESOLVE)


@pytest.mark.parametrize("state", S)
def test_a_note_from_chat_reaches_agents_pages_and_room(state):
    """In every state, as it was typed."""
    plan = chat_command(a_paged_case(state), command(Verb.NOTE, "rolled back"), Basis(POLICY, NOW))
    assert kinds(plan) == [
        EffectKind.TICKET_NOTE,
        EffectKind.TICKET_NOTE,
        EffectKind.CHAT_POST,
        EffectKind.PAGE_NOTE,
    ]
    assert plan.effects[0].payload.text == "INC-7: bo: rolled back"
    assert plan.incident.state is state


@pytest.mark.parametrize(
    ("verb", "text", "answer"),
    [
        (Verb.HELP, "", usage()),
        (Verb.NOTE, "", "`note` lacks the text. Write for example: note restarted the pods"),
        (
            Verb.STATUS,
            "",
            (
                "INC-7 Checkout: Checkout fails (1): acknowledged since 11:55 UTC, Ana is on it; 2 tickets; "
                "not checked yet."
            ),
        ),
    ],
)
def test_what_only_the_room_hears(verb, text, answer):
    """Help and status are answered where they were asked, and nothing is changed or remembered."""
    plan = chat_command(a_paged_case(S.ACKNOWLEDGED), command(verb, text), Basis(POLICY, NOW))
    (post,) = plan.effects
    assert (post.kind, post.payload.text) == (EffectKind.CHAT_POST, answer)
    assert plan.entries == ()


def test_a_command_is_obeyed_once():
    """The same press of a button is the same keys; the next one, or somebody else's, is another."""
    case = a_paged_case(S.ESCALATED)

    def planned(**changes):
        return keys(chat_command(case, command(Verb.ACKNOWLEDGE, **changes), Basis(POLICY, NOW)))

    assert planned() == planned()
    assert not set(planned()) & set(planned(user="cy"))
    assert not set(planned()) & set(planned(at=NOW + timedelta(seconds=1)))


def test_without_a_room_nothing_is_posted():
    """No room was opened, or the team gave up its chat since: tickets and pages are told all the same."""
    without_room = a_case(S.ESCALATED, ledger=[a_page_line()])
    gave_up_chat = a_paged_case(S.ESCALATED)
    for case, policy in ((without_room, POLICY), (gave_up_chat, without_chat())):
        plan = chat_command(case, command(Verb.NOTE, "x"), Basis(policy, NOW))
        told = [kind for kind in kinds(plan) if kind is not EffectKind.CHAT_ANSWER]
        assert told == [EffectKind.TICKET_NOTE, EffectKind.TICKET_NOTE, EffectKind.PAGE_NOTE]


def test_an_action_on_offer_is_run_when_somebody_says_so():
    """Once in a generation; who said so goes with it, and is told what came of it when they ask again."""
    case = a_paged_case(S.ACKNOWLEDGED)
    plan = chat_command(case, command(Verb.RUN, "  Purge "), Basis(POLICY, NOW))
    (effect,) = of_kind(plan, EffectKind.ACTION)
    assert (effect.connection, effect.target) == ("http/purge", "purge")
    assert dict(effect.payload.arguments) == {"incident": "INC-7", "service": "checkout", "approved_by": "bo"}
    assert "bo has 'purge' run" in texts(plan)
    assert (plan.entries[0].text, plan.entries[0].actor) == ("Approved in chat: the action 'purge'", "bo")
    assert plan.incident is case.incident

    done = LedgerLine(
        key=effect.key,
        kind=EffectKind.ACTION,
        state=EffectState.DONE,
        connection=effect.connection,
        target=effect.target,
        result="succeeded",
        detail="silenced until 10:30 UTC",
    )
    again = chat_command(
        replace(case, ledger=(*case.ledger, done)), command(Verb.RUN, "purge"), Basis(POLICY, NOW)
    )
    assert of_kind(again, EffectKind.ACTION) == []
    assert "'purge' was run already: silenced until 10:30 UTC." in texts(again)


@pytest.mark.parametrize("text", ["", "restart", "everything"])
def test_what_is_not_on_offer_is_not_run(text):
    """Automatic ones neither: they have had their turn."""
    plan = chat_command(a_paged_case(), command(Verb.RUN, text), Basis(POLICY, NOW))
    assert of_kind(plan, EffectKind.ACTION) == []
    assert "On offer: run purge." in texts(plan)


@pytest.mark.parametrize("state", [state for state in S if state not in WITH_ENGINEERS])
def test_actions_on_offer_are_for_incidents_with_engineers(state):
    plan = chat_command(a_paged_case(state), command(Verb.RUN, "purge"), Basis(POLICY, NOW))
    assert of_kind(plan, EffectKind.ACTION) == []


NEWER = a_policy(sync={"technical_state": "newer"})


def test_the_rooms_word_counts_at_once_where_the_newer_counts():
    """The page is made to follow; its own acknowledgement and resolution then say nothing new."""
    plan = chat_command(a_paged_case(), command(Verb.ACKNOWLEDGE), Basis(NEWER, NOW))
    assert (plan.incident.state, plan.incident.responder) == (S.ACKNOWLEDGED, "bo")
    assert [effect.target for effect in of_kind(plan, EffectKind.PAGE_ACKNOWLEDGE)] == [page_key()]
    taken = after(a_paged_case(), plan)
    echo = PageNews(
        key=page_key(),
        events=(a_page_event(PageChange.ACKNOWLEDGED, actor="Liaison", by_us=True),),
        state=a_page_state(PageStatus.ACKNOWLEDGED),
    )
    assert page_news(taken, echo, Basis(NEWER, NOW)).effects == ()
    plan = chat_command(taken, command(Verb.RESOLVE), Basis(NEWER, NOW))
    assert plan.incident.state is S.RESOLVED
    assert of_kind(plan, EffectKind.PAGE_RESOLVE)


@pytest.mark.parametrize(
    ("policy", "minutes", "moves", "is_back"),
    [
        (NEWER, 0, (), False),
        (NEWER, 2, (), True),
        (NEWER, 0, (a_page_event(PageChange.UNACKNOWLEDGED),), True),
        (POLICY, 0, (), True),
    ],
)
def test_a_page_that_has_not_followed_yet_hands_nothing_back(policy, minutes, moves, is_back):
    """A look at the pager may come before its acknowledgement; later, or told by an event, it is a hand-back."""
    plan = chat_command(a_paged_case(), command(Verb.ACKNOWLEDGE), Basis(NEWER, NOW))
    taken = after(a_paged_case(), plan)
    sent = [
        replace(line, state=EffectState.DONE) if line.kind is EffectKind.PAGE_ACKNOWLEDGE else line
        for line in taken.ledger
    ]
    now = NOW + timedelta(minutes=minutes)
    look = PageNews(key=page_key(), events=moves, state=a_page_state(PageStatus.TRIGGERED))
    seen = page_news(replace(taken, ledger=tuple(sent)), look, Basis(policy, now))
    assert (seen.incident.state is S.ESCALATED) is is_back


def test_a_page_that_was_not_told_yet_hands_nothing_back():
    """However long the pager is away."""
    plan = chat_command(a_paged_case(), command(Verb.ACKNOWLEDGE), Basis(NEWER, NOW))
    look = PageNews(key=page_key(), events=(), state=a_page_state(PageStatus.TRIGGERED))
    late = Basis(NEWER, NOW + timedelta(hours=1))
    assert page_news(after(a_paged_case(), plan), look, late).incident.state is S.ACKNOWLEDGED
