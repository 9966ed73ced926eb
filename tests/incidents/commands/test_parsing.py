"""What people type: each verb by table, mistakes with the nearest command, and hostile text that does nothing."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from incidents.approval import ApprovalSubject
from incidents.commands.help import HELP, help_of, usage
from incidents.commands.parsing import Ground, parse
from incidents.commands.typed import typed_words
from incidents.commands.verbs import WORDS, Verb
from incidents.commands.words import (
    Acknowledge,
    Close,
    Escalate,
    HandTo,
    Help,
    LinkTo,
    MergeInto,
    Mistake,
    NotAnIncident,
    Note,
    PromiseBy,
    Resolve,
    Rule,
    Run,
    Status,
    TakeOut,
    Update,
)
from incidents.models import Severity

SERVICES = ("checkout", "search", "payments")
NOTE = Ground(is_on_ticket=True, services=SERVICES)
CHAT = Ground(services=SERVICES)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("words", "incident", "command"),
    [
        ("", None, Help()),
        ("help", None, Help()),
        ("HELP escalate", None, Help(about=Verb.ESCALATE)),
        ("status", None, Status()),
        ("status inc-7", "INC-7", Status()),
        ("escalate", None, Escalate()),
        (
            "escalate checkout sev2 because nobody can pay",
            None,
            Escalate(service="checkout", severity=Severity.HIGH, why="nobody can pay"),
        ),
        ("escalate sev-1 Checkout", None, Escalate(service="checkout", severity=Severity.CRITICAL)),
        ("escalate INC-7 s1", "INC-7", Escalate(severity=Severity.CRITICAL)),
        ("escalate nobody can pay", None, Escalate(why="nobody can pay")),
        ("escalate all is down because of DNS", None, Escalate(why="all is down because of DNS")),
        ("escalate because", None, Escalate()),
        ("escalate Next", None, Escalate(is_next=True)),
        ("escalate INC-7 next #g1-0", "INC-7", Escalate(is_next=True, mark="#g1-0")),
        ("escalate next because Ana sleeps", None, Escalate(is_next=True, why="Ana sleeps")),
        (
            "escalate next sev1 nobody answers",
            None,
            Escalate(is_next=True, severity=Severity.CRITICAL, why="nobody answers"),
        ),
        ("escalate the next one", None, Escalate(why="the next one")),
        ("link INC-42", "INC-42", LinkTo()),
        ("link this to inc42 because same error", "INC-42", None),
        ("link 4711 INC-42", "INC-42", LinkTo(ticket="4711")),
        ("link #4711 to INC-42 because same error", "INC-42", LinkTo(ticket="#4711", why="same error")),
        ("link a/b#1 INC-42", "INC-42", LinkTo(ticket="a/b#1")),
        ("split", None, TakeOut()),
        ("split because it is another fault", None, TakeOut(why="it is another fault")),
        ("split search", None, TakeOut(service="search")),
        ("split INC-9", "INC-9", TakeOut(into=9)),
        ("split 4711 into INC-9", None, TakeOut(ticket="4711", into=9)),
        ("split a/b#1 search", None, TakeOut(ticket="a/b#1", service="search")),
        ("merge INC-7 INC-2", "INC-7", MergeInto(named=(7, 2))),
        ("merge INC-7 into inc2", "INC-7", MergeInto(named=(7, 2))),
        ("merge INC-2", "INC-2", MergeInto(named=(2,))),
        ("owner", None, Status()),
        ("owner @ben the bank is called", None, HandTo(to="ben", note="the bank is called")),
        ('owner "Ben Agent" wait', None, HandTo(to="Ben Agent", note="wait")),
        ("owner “Ben Agent” wait", None, HandTo(to="Ben Agent", note="wait")),
        ("owner INC-7 ben", "INC-7", HandTo(to="ben")),
        ("promise 14:30", None, PromiseBy(at=time(14, 30))),
        ("promise INC-7 14.30 because it takes that long", "INC-7", PromiseBy(at=time(14, 30))),
        ("promise by 14:30 Europe/Berlin", None, PromiseBy(at=time(14, 30), zone="Europe/Berlin")),
        ("promise 2:30 pm", None, PromiseBy(at=time(14, 30))),
        ("promise 12:05am UTC", None, PromiseBy(at=time(0, 5), zone="UTC")),
        ("promise 45m", None, PromiseBy(after=45 * HOUR / 60)),
        ("promise in 2 hours", None, PromiseBy(after=2 * HOUR)),
        ("promise 1h30m", None, PromiseBy(after=1.5 * HOUR)),
        (
            "update Cards work again.\nInvoices do not.",
            None,
            Update(text="Cards work again.\nInvoices do not."),
        ),
        ("note 2 pods restarted", None, Note(text="2 pods restarted")),
        ("ack INC-7", "INC-7", Acknowledge()),
        ("resolved", None, Resolve()),
        ("run", None, Run(action="")),
        ("run restart checkout", None, Run(action="restart checkout")),
        ("approve", None, Rule(is_yes=True)),
        (
            "approve Status-Page many are hit",
            None,
            Rule(is_yes=True, subject=ApprovalSubject.STATUS_PAGE, why="many are hit"),
        ),
        ("deny too early", None, Rule(is_yes=False, why="too early")),
        ("close INC-7 she said so", "INC-7", Close(why="she said so")),
        ("not-an-incident", None, NotAnIncident()),
        ("not an incident because of his firewall", None, NotAnIncident(why="of his firewall")),
        ("False alarm", None, NotAnIncident()),
        ("not_an_incident INC-7", "INC-7", NotAnIncident()),
    ],
)
def test_what_is_meant_on_a_ticket(words, incident, command):
    typed, found = parse(words, NOTE)
    assert typed.incident == incident
    if command is None:
        assert isinstance(found, LinkTo | Mistake)
    else:
        assert found == command


@pytest.mark.parametrize(
    ("words", "says", "nearest"),
    [
        ("stauts", "There is no command `stauts`. Did you mean: status", "status"),
        ("escalete checkout sev2", "Did you mean: escalate checkout sev2", "escalate checkout sev2"),
        ("clsoe INC-7 done", "Did you mean: close INC-7 done", "close INC-7 done"),
        ("escalate chekcout sev1", "Did you mean: escalate checkout sev1", "escalate checkout sev1"),
        ("escalate shop because it is down", "There is no service `shop`. There is: checkout, pay", None),
        ("escalate checkout sev5", "`sev5` is no severity: sev1 is the worst", "escalate checkout sev2"),
        ("link", "`link` lacks the incident. Write for example: link INC-42", "link INC-42"),
        ("link 42", "Which incident? Write: link INC-42", "link INC-42"),
        ("link 1 2 INC-3", "`link` lacks", "link INC-42"),
        ("split serch", "There is no service `serch`. Did you mean: split search", "split search"),
        ("split INC-9 search", "Which ticket?", "split"),
        ("merge", "Which two?", "merge INC-7 INC-2"),
        ("merge INC-1 INC-2 INC-3", "Which two?", "merge INC-7 INC-2"),
        ("merge INC-7 the other one", "Which two?", "merge INC-7 INC-2"),
        ("owner @", "`owner` lacks the name", "owner @ada"),
        ("owner <@U0123> please", "`owner` lacks the name", "owner @ada"),
        ("promise", "`promise` lacks a time that can be read", "promise 14:30"),
        ("promise soon", "`promise` lacks a time", "promise 14:30"),
        ("promise 25:00", "`promise` lacks a time", "promise 14:30"),
        ("promise 14:75", "`promise` lacks a time", "promise 14:30"),
        ("promise 1430", "`promise` lacks a time", "promise 14:30"),
        ("update", "`update` lacks the text", "update We are still working on it."),
        ("note", "`note` lacks the text", "note restarted the pods"),
        ("update #12 will be fixed", "is `#12` a ticket or an incident?", "update INC-12 will be fixed"),
        ("note #12: same here", "is `#12:` a ticket or an incident?", "note INC-12 same here"),
        ("ack 7", "is `7` a ticket or an incident?", "ack INC-7"),
        ("close #7 he said so", "is `#7` a ticket or an incident?", "close INC-7 he said so"),
        ("merge #2", "is `#2` a ticket or an incident?", "merge INC-2"),
        ("resolve the other one INC-5", "which incident do you mean? If INC-5", "resolve INC-5"),
        ("resolve INC-4 INC-5", "which incident do you mean? If INC-5", "resolve INC-5"),
        ("resolve the other one", "I do not know what `the other one` means", "resolve"),
        ("ack INC-7 and page Bo", "I do not know what `and page Bo` means", "ack INC-7"),
        ("close the other one INC-5", "If INC-5, write it first", "close INC-5 the other one"),
        ("escalate checkout INC-5", "If INC-5, write it first", "escalate INC-5 checkout"),
        ("not-an-incident INC-4 INC-5", "If INC-5, write it first", "not-an-incident INC-5"),
        ("promise 5m INC-2", "If INC-2, write it first", "promise INC-2 5m"),
        ("promise 14:30 tomorrow", "I do not know what `tomorrow` means", "promise 14:30"),
        ("promise 45m or so", "I do not know what `or so` means", "promise 45m"),
        ("promise 14:30 UTC tomorrow", "I do not know what `tomorrow` means", "promise 14:30 UTC"),
    ],
)
def test_a_mistake_gets_the_nearest_command(words, says, nearest):
    _, found = parse(words, NOTE)
    assert isinstance(found, Mistake)
    assert says in found.said
    assert found.nearest == nearest
    if nearest is not None:
        assert not isinstance(parse(nearest, NOTE)[1], Mistake)


@pytest.mark.parametrize("words", ["", "split", "split into", "split search because of it"])
def test_in_chat_a_ticket_must_be_named(words):
    _, found = parse(words or "split ", CHAT)
    assert isinstance(found, Mistake) or found == TakeOut(ticket="search", why="of it")


@pytest.mark.parametrize(
    ("words", "incident", "command"),
    [
        ("Status: #7", "INC-7", Status()),
        ("escalate 7", "INC-7", Escalate()),
        ("acknowledge 7", "INC-7", Acknowledge()),
        ("merge 7 into #2", None, MergeInto(named=(7, 2))),
        ("merge with 2", None, MergeInto(named=(2,))),
        ("note INC-7: restarted", "INC-7", Note(text="restarted")),
    ],
)
def test_where_no_ticket_can_be_meant_a_number_is_an_incidents(words, incident, command):
    typed, found = parse(words, CHAT)
    assert (typed.incident, found) == (incident, command)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("resolve because INC-5 was the cause", Resolve()),
        ("close because it is INC-5's", Close(why="because it is INC-5's")),
        ("note INC-5 may be the same", Note(text="may be the same")),
        ("note same as INC-5", Note(text="same as INC-5")),
        ("update 12 customers can pay again", Update(text="12 customers can pay again")),
        ("promise 14:30.", PromiseBy(at=time(14, 30))),
        ("promise 45m because INC-2 is first", PromiseBy(after=45 * HOUR / 60)),
    ],
)
def test_what_is_only_spoken_of_is_no_mistake(words, command):
    _, found = parse(words, NOTE)
    assert found == command


@pytest.mark.parametrize("subject", ApprovalSubject)
def test_the_help_names_all_that_is_asked_for(subject):
    assert subject.value in help_of(Verb.APPROVE).usage


@pytest.mark.parametrize("words", ["fix everything", "make coffee", "🙂", "/liaison status"])
def test_what_is_like_nothing_gets_all_of_the_help(words):
    assert parse(words, NOTE)[1] == Help()
    assert all(f"- {one.usage}: {one.does}" in usage() for one in HELP)


def test_every_verb_has_help_with_an_example_that_works():
    assert [one.verb for one in HELP] == list(Verb)
    for one in HELP:
        typed, found = parse(one.example, NOTE)
        assert typed.verb is one.verb
        assert not isinstance(found, Mistake)
        assert one.usage.split()[0] == one.verb.value
        assert help_of(one.verb) is one
    assert len(usage()) < 1_500


_PARTS = st.sampled_from(
    [
        *WORDS,
        "INC-7",
        "#7",
        "7",
        "sev1",
        "sev9",
        "because",
        "checkout",
        "14:30",
        "in 2 h",
        "@ada",
        '"',
        "<@U1>",
        "\n",
    ]
)
_TEXT = st.text(max_size=60) | st.lists(_PARTS | st.text(max_size=8), max_size=8).map(" ".join)


@given(_TEXT, st.sampled_from([NOTE, CHAT, Ground()]))
@example("promise 14:30 ../../etc/passwd", NOTE)
@example("promise 99999h", NOTE)
@example("promise 1:1 \x00", NOTE)
@example("escalate sev\u0662", NOTE)
@example("ack \u0667", NOTE)
@example("(" * 5_000, NOTE)
def test_any_text_is_a_command_or_a_mistake(words, ground):
    """Never an error; and the verb is one that stands in the text, else it is a cry for help."""
    typed, found = parse(words, ground)
    assert found is not None
    first = (words.split() or [""])[0].lower().replace("_", "-").rstrip(":,")
    is_said = WORDS.get(first) is typed.verb or first in ("not", "false", "not-an-incident", "false-alarm")
    assert typed.verb is Verb.HELP or is_said
    if isinstance(found, Mistake):
        assert found.said
        assert len(found.said) < 2_000


def test_what_is_too_long_is_cut():
    typed = typed_words("note " + "x" * 1_000_000)
    assert len(typed.text) < 10_000


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("escalate next #g1-0", Escalate(is_next=True, mark="#g1-0")),
        ("escalate next", Escalate(service="next")),
    ],
)
def test_a_service_may_be_called_next(words, command):
    """A button still means whoever comes next."""
    assert parse(words, Ground(services=("next", "checkout")))[1] == command
