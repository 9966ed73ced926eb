"""What happens on the tickets: agents' notes passed on once, "still broken" heard, our own echoes ignored."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.decisions.ticket_change import TicketNews
from incidents.decisions.ticket_news import ticket_news
from incidents.effects import EffectKind
from incidents.models import Author, Contact, Departure, IncidentState, Origin, Severity, Stage, TicketStatus
from tests.incidents.builders import (
    BLIND,
    GREEN,
    NOW,
    RED,
    ROOM_LINE,
    a_case,
    a_comment,
    a_page_line,
    a_policy,
    a_ticket,
    after,
    an_incident,
    keys,
    kinds,
    of_kind,
    page_key,
    texts,
)

S = IncidentState
POLICY = a_policy()
OVER = (S.RESOLVED, S.CLOSING, S.CLOSED)
COMPLAINT = a_comment("It is still not working!")


def news(*comments, number=1, before=TicketStatus.OPEN, now=TicketStatus.OPEN, version=2, **changes):
    known = a_ticket(number, status=before) if before is not None else None
    ticket = a_ticket(number, status=now, version=version)
    return TicketNews(before=known, after=ticket, comments=comments, **changes)


def decide(case, *items, policy=POLICY, now=NOW, looks=()):
    return ticket_news(case, list(items), Basis(policy, now), looks=looks)


def a_known_case(state=S.ESCALATED, **changes):
    return a_case(an_incident(state, **changes), ledger=[a_page_line(), ROOM_LINE])


@pytest.mark.parametrize("state", S)
def test_still_broken_reopens_what_was_over(state):
    """A new generation, due for escalation at once; in every other state a complaint is no news."""
    case = a_known_case(state, page_level=2, checks=1, responder="Ana", acknowledged_at=NOW)
    plan = decide(case, news(COMPLAINT))
    if state not in OVER:
        assert plan.incident is case.incident
        assert (plan.effects, plan.entries) == ((), ())
        return
    incident = plan.incident
    assert (incident.state, incident.generation, incident.clock_from) == (S.REOPENED, 2, NOW)
    assert (incident.next_stage, incident.next_stage_at) == (Stage.ESCALATION, NOW)
    assert (incident.resolved_at, incident.acknowledged_at, incident.responder) == (None, None, None)
    assert (incident.page_level, incident.checks) == (0, 0)
    assert kinds(plan) == [EffectKind.TICKET_NOTE, EffectKind.CHAT_POST, EffectKind.PAGE_NOTE]
    assert [effect.target for effect in plan.effects] == ["1", "INC-7", page_key()]
    assert 'the customer of #1 "Checkout fails (1)" says "It is still not working!"' in texts(plan)


@pytest.mark.parametrize(
    "comment",
    [
        a_comment("Thank you, it works again."),
        a_comment("still broken", author=Author.AGENT, is_public=True),
        a_comment("still broken", author=Author.LIAISON),
        a_comment("still broken", is_public=False),
        a_comment("still broken", origin=Origin.AUTOMATIC),
        a_comment("still broken", origin=Origin.BOUNCE),
        a_comment("still broken", origin=Origin.SURVEY),
        a_comment("still broken", origin=Origin.LIST),
        a_comment("still broken", at=NOW - timedelta(minutes=1, seconds=1)),
        a_comment("still broken", at=NOW - timedelta(days=2)),
    ],
)
@pytest.mark.parametrize("state", OVER)
def test_what_does_not_reopen(state, comment):
    """Thanks, an agent's or our own words, a private note, and what was written before it was resolved."""
    case = a_known_case(state)
    assert case.incident.resolved_at == NOW - timedelta(minutes=1)
    assert replace(decide(case, news(comment)).incident, owner_seen_at=None) == case.incident


@pytest.mark.parametrize(
    ("ago", "reopens"),
    [(timedelta(0), True), (timedelta(days=7), True), (timedelta(days=7, seconds=1), False)],
)
def test_only_a_recent_incident_is_reopened(ago, reopens):
    """After a week "still broken" is about something else; written in the very second it counts."""
    case = a_known_case(S.CLOSED, resolved_at=NOW - ago)
    comment = replace(COMPLAINT, at=NOW - ago)
    assert (decide(case, news(comment)).incident.state is S.REOPENED) is reopens


def test_an_old_complaint_does_not_hide_a_new_one():
    """Both come in one chunk: the one about the fix counts, and is quoted."""
    old = a_comment("still broken, hurry", id="c0", at=NOW - timedelta(hours=1))
    plan = decide(a_known_case(S.CLOSED), news(old), news(a_comment("still broken today"), number=2))
    assert plan.incident.state is S.REOPENED
    assert "still broken today" in texts(plan)
    assert "hurry" not in texts(plan)


def test_many_complaints_are_one_reopening():
    """A chunk of them makes one generation; the next chunk's find it open."""
    case = a_known_case(S.CLOSED)
    plan = decide(case, news(COMPLAINT), news(COMPLAINT, number=2))
    assert plan.incident.generation == 2
    assert [entry.kind for entry in plan.entries] == ["reopened"]
    assert decide(after(case, plan), news(COMPLAINT, number=2)).incident.generation == 2


@pytest.mark.parametrize(
    ("before", "by", "after_it"),
    [
        (Severity.HIGH, 0, Severity.HIGH),
        (Severity.HIGH, 1, Severity.CRITICAL),
        (Severity.CRITICAL, 1, Severity.CRITICAL),
        (Severity.LOW, 2, Severity.HIGH),
        (Severity.LOW, 3, Severity.CRITICAL),
        (Severity.MEDIUM, 3, Severity.CRITICAL),
    ],
)
def test_what_was_not_fixed_is_worse_by_policy(before, by, after_it):
    """So much as the policy says, never worse than the worst; told once, whoever else complains."""
    policy = a_policy(closure={"raise_severity_by": by})
    case = a_known_case(S.CLOSED, severity=before)
    plan = decide(case, news(COMPLAINT), news(COMPLAINT, number=2), policy=policy)
    assert plan.incident.severity is after_it
    assert [entry.kind for entry in plan.entries] == ["reopened", *(["severity"] * (after_it is not before))]
    again = decide(after(case, plan), news(COMPLAINT, number=3), policy=policy)
    assert again.incident.severity is after_it


def test_a_complaint_is_quoted_without_its_secrets():
    """The excerpt leaves the helpdesk."""
    comment = a_comment("still broken with card 4111 1111 1111 1111, mail me: jo@example.com")
    said = texts(decide(a_known_case(S.CLOSED), news(comment)))
    assert "still broken with card" in said
    assert "4111" not in said
    assert "jo@example.com" not in said


@pytest.mark.parametrize("state", S)
def test_agents_notes_reach_the_engineers(state):
    """In every state, redacted, to room and page, and back to no ticket."""
    note = a_comment("Customer pays by IBAN DE89 3704 0044 0532 0130 00", author=Author.AGENT,
                     author_name="Sam", is_public=False)  # fmt: skip
    plan = decide(a_known_case(state), news(note))
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE]
    assert plan.effects[0].payload.text == "Sam on ticket #1: Customer pays by IBAN [IBAN removed]"
    (entry,) = plan.entries
    assert (entry.kind, entry.actor) == (EntryKind.TICKET_NOTE, "Sam")
    assert plan.incident.state is state


@pytest.mark.parametrize(
    "comment",
    [
        a_comment("Hello, we are looking into it", author=Author.AGENT),
        a_comment("note by Liaison", author=Author.LIAISON, is_public=False),
        a_comment("please hurry"),
    ],
)
def test_what_is_not_passed_on(comment):
    """Public replies, our own notes coming back, and customers' words are not the engineers' news."""
    case = a_known_case()
    plan = decide(case, news(comment))
    assert replace(plan.incident, owner_seen_at=None) == case.incident
    assert (plan.effects, plan.entries) == ((), ())


def test_a_note_is_recognised_by_ticket_and_comment():
    """The same comment is the same keys; the same id on another ticket is another note."""
    note = a_comment("x", author=Author.AGENT, is_public=False)
    case = a_known_case()
    assert keys(decide(case, news(note))) == keys(decide(case, news(replace(note, text="edited"))))
    assert not set(keys(decide(case, news(note)))) & set(keys(decide(case, news(note, number=2))))
    assert not set(keys(decide(case, news(note)))) & set(keys(decide(case, news(replace(note, id="c2")))))


@pytest.mark.parametrize(("closed", "open_"), [("chat", "pager"), ("pager", "chat")])
def test_words_go_only_by_the_ways_that_may_have_them(closed, open_):
    """A note and a complaint, quoted to one side, are told without their words to the other."""
    policy = a_policy(egress={closed: ["number"]})
    kinds_of = {"chat": EffectKind.CHAT_POST, "pager": EffectKind.PAGE_NOTE}
    note = a_comment("the bank calls back", author=Author.AGENT, author_name="Grace", is_public=False)
    for state, said in ((S.ESCALATED, note), (S.CLOSED, COMPLAINT)):
        plan = decide(a_known_case(state), news(said), policy=policy)
        told = {way: of_kind(plan, kind)[0].payload.text for way, kind in kinds_of.items()}
        assert said.text in told[open_]
        assert said.text not in told[closed]
        assert "wrote a note" in told[closed] or "says so" in told[closed]
        assert "Grace" not in told[closed]


def test_a_repeated_webhook_is_one_note():
    """Twice in one chunk: told once, and once on the timeline."""
    note = a_comment("x", author=Author.AGENT, is_public=False)
    plan = decide(a_known_case(), news(note, note))
    assert len(plan.entries) == 1
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE]


@pytest.mark.parametrize(
    ("before", "now", "ours", "words"),
    [
        (TicketStatus.OPEN, TicketStatus.SOLVED, False, "1 ticket solved by the agents: #1"),
        (TicketStatus.NEW, TicketStatus.CLOSED, False, "1 ticket solved by the agents: #1"),
        (TicketStatus.SOLVED, TicketStatus.OPEN, False, "1 ticket opened again: #1"),
        (TicketStatus.OPEN, TicketStatus.SOLVED, True, None),
        (TicketStatus.OPEN, TicketStatus.WAITING_FOR_CUSTOMER, False, None),
        (TicketStatus.SOLVED, TicketStatus.CLOSED, False, None),
        (TicketStatus.OPEN, TicketStatus.OPEN, False, None),
        (None, TicketStatus.SOLVED, False, None),
    ],
)
def test_which_status_changes_are_news(before, now, ours, words):
    """Solved by an agent and opened again are; what we set ourselves, and steps on the way, are not."""
    plan = decide(a_known_case(), news(before=before, now=now, status_is_ours=ours))
    assert [entry.text for entry in plan.entries] == ([words] if words else [])
    assert kinds(plan) == ([EffectKind.CHAT_POST, EffectKind.PAGE_NOTE] if words else [])


def test_two_hundred_status_changes_are_two_sentences():
    """One for the solved, one for those opened again, with the first ten numbers."""
    solved = [news(number=number, now=TicketStatus.SOLVED) for number in range(1, 151)]
    opened = [news(number=number, before=TicketStatus.SOLVED) for number in range(151, 201)]
    plan = decide(a_known_case(), *solved, *opened)
    assert [entry.text for entry in plan.entries] == [
        "150 tickets solved by the agents: " + ", ".join(f"#{n}" for n in range(1, 11)) + " and 140 more",
        "50 tickets opened again: " + ", ".join(f"#{n}" for n in range(151, 161)) + " and 40 more",
    ]
    assert len(plan.effects) == 4
    assert len(set(keys(plan))) == 4


def test_the_same_change_is_told_once_and_the_next_one_again():
    """The ticket's version tells them apart."""
    case = a_known_case()
    solved = news(now=TicketStatus.SOLVED)
    assert keys(decide(case, solved)) == keys(decide(case, solved))
    assert not set(keys(decide(case, solved))) & set(
        keys(decide(case, news(now=TicketStatus.SOLVED, version=9)))
    )


def test_reopened_with_a_note_in_one_chunk():
    """The agent's note goes to the reopened incident, marked with its new generation."""
    note = a_comment("they called, too", id="c2", author=Author.AGENT, is_public=False)
    plan = decide(a_known_case(S.CLOSED), news(COMPLAINT, note, before=TicketStatus.SOLVED))
    assert [entry.kind for entry in plan.entries] == ["reopened", "ticket_note", "tickets"]
    posts = of_kind(plan, EffectKind.CHAT_POST)
    assert all(":g2:" in post.key for post in posts)
    assert len({post.key for post in posts}) == 3


@pytest.mark.parametrize(
    ("after_message", "looks", "reopens"),
    [
        (timedelta(seconds=90), [GREEN], False),
        (timedelta(minutes=2), [GREEN, GREEN], False),
        (timedelta(minutes=2, seconds=1), [GREEN], True),
        (timedelta(seconds=90), [RED], True),
        (timedelta(seconds=90), [GREEN, BLIND], True),
        (timedelta(seconds=90), [], True),
        (timedelta(seconds=-30), [GREEN], True),
        (None, [GREEN], True),
    ],
)
def test_who_answers_at_once_while_it_is_seen_to_work_wakes_nobody(after_message, looks, reopens):
    """Quicker than anybody tries: the ticket's agent reads it. A red or blind probe, or a later answer, pages."""
    told_at = NOW - after_message if after_message is not None else None
    case = a_known_case(S.CLOSED, resolved_at=NOW - timedelta(minutes=10))
    plan = decide(case, news(COMPLAINT, customer_told_at=told_at), looks=looks)
    assert (plan.incident.state is S.REOPENED) is reopens
    if not reopens:
        (note,) = of_kind(plan, EffectKind.TICKET_NOTE)
        assert "answered within two minutes" in note.payload.text
        assert [entry.kind for entry in plan.entries] == ["doubt"]


def test_a_considered_complaint_beside_a_quick_one_reopens():
    """One is enough."""
    quick = news(COMPLAINT, customer_told_at=NOW)
    plan = decide(a_known_case(S.CLOSED), quick, news(COMPLAINT, number=2), looks=[GREEN])
    assert plan.incident.state is S.REOPENED


def left(number=1, *, before=None, **changes):
    return TicketNews(before=a_ticket(number, gone=before), after=a_ticket(number, version=2, **changes))


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Departure.DELETED, "deleted at the helpdesk"),
        (Departure.SPAM, "marked as spam"),
        (Departure.SUSPENDED, "its customer was suspended"),
        (Departure.MERGED, "merged into another ticket"),
    ],
)
def test_a_ticket_that_left_is_told(why, words):
    """To whoever is at work, with what it means; said again, it is no news."""
    plan = decide(a_known_case(), left(gone=why))
    (entry,) = plan.entries
    assert (entry.kind, entry.text) == (
        "tickets",
        f"1 ticket is gone ({words}): #1; nothing is owed on it any more",
    )
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE]
    assert decide(a_known_case(), left(before=why, gone=why)).entries == ()


def test_a_merge_names_the_survivor_and_empties_nothing():
    """The incident goes on in the other ticket."""
    case = a_case(S.ESCALATED, [a_ticket(1)], ledger=[a_page_line(), ROOM_LINE])
    plan = decide(case, left(gone=Departure.MERGED, merged_into="9"))
    assert [entry.text for entry in plan.entries] == [
        "1 ticket is gone (merged into another ticket): #1 into #9; nothing is owed on it any more"
    ]


def test_an_incident_without_a_ticket_asks_its_owner():
    """All that were left are gone: somebody must say whether it is still one. One that is over asks nobody."""
    both = (left(1, gone=Departure.SPAM), left(2, gone=Departure.DELETED))
    plan = decide(a_known_case(owner="Sam"), *both)
    assert "INC-7 has no ticket left. Its owner (Sam) is asked" in texts(plan)
    assert [entry.kind for entry in plan.entries][-1] == "no_ticket_left"
    assert "no ticket left" not in texts(decide(a_known_case(), both[0]))
    assert "no ticket left" not in texts(decide(a_known_case(S.CLOSED), *both))


def test_a_ticket_that_is_back_is_told():
    """Restored from the bin."""
    assert "back again: #1" in texts(decide(a_known_case(), left(before=Departure.DELETED)))


def test_another_customer_is_news_for_the_agent():
    """What was written so far went to somebody else."""
    item = left(requester=Contact(id="customer-99", name="Eve"))
    plan = decide(a_known_case(), item)
    (note,) = of_kind(plan, EffectKind.TICKET_NOTE)
    assert "this ticket's customer was changed" in note.payload.text
    assert keys(plan) == keys(decide(a_known_case(), item))


@pytest.mark.parametrize(
    ("changes", "commands", "is_passed_on"),
    [
        ({"is_signed_in": True}, {}, False),
        ({"is_signed_in": False}, {}, False),
        ({"origin": Origin.AUTOMATIC}, {}, True),
        ({"is_signed_in": True}, {"in_notes": False}, True),
    ],
)
def test_only_what_is_answered_is_withheld_from_engineers(changes, commands, is_passed_on):
    """What a rule of the helpdesk writes may begin like a command: nobody obeys or answers it."""
    note = a_comment("/liaison the pods restart", author=Author.AGENT, is_public=False, **changes)
    plan = decide(a_known_case(), news(note), policy=a_policy(commands=commands))
    assert ("the pods restart" in texts(plan)) is is_passed_on
