"""A page that is not for who was woken goes to whom it may be for, is quiet where it was, and is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.commands.parsing import Ground, parse
from incidents.commands.words import Mistake, NotUs
from incidents.decisions.pages.not_us import NotOurs, hand_back, is_handed_back
from incidents.decisions.sync import PageNews, page_news
from incidents.effects import EffectKind, EffectState
from incidents.errors import Refused
from incidents.events import PageChange
from incidents.models import IncidentState, PageStatus
from incidents.policy.policy import Rung
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
    of_kind,
    page_key,
    tickets,
)

S = IncidentState
C = PageChange
P = PageStatus
LATER = NOW + timedelta(minutes=1)
START = page_key().removesuffix(":0")
PLATFORM = f"{START}:team:platform"
ACK = a_page_event(C.ACKNOWLEDGED)
WORD = NotOurs(by="Ana", why="the index is down", where="in chat")


def a_policy_of(*needs, ladder=(), lead=None):
    """The checkout needs these services; search is the platform team's."""
    policy = a_policy()
    payments = policy.teams["payments"].model_copy(update={"ladder": list(ladder)})
    platform = payments.model_copy(update={"title": "Platform", "pager_target": "platform", "ladder": []})
    checkout = policy.services["checkout"].model_copy(update={"depends_on": list(needs)})
    search = policy.services["search"].model_copy(update={"team": "platform"})
    return policy.model_copy(
        update={
            "teams": {"payments": payments, "platform": platform},
            "services": {**policy.services, "checkout": checkout, "search": search},
            "ownership": policy.ownership.model_copy(update={"lead": lead}),
        }
    )


NEEDS_SEARCH = a_policy_of("search")
ALONE = a_policy_of()
RUNG = Rung(title="Second level", pager_target="second")
LEAD = Rung(title="Head of service", pager_target="head")


def a_paged_case(state=S.ESCALATED, *lines):
    return a_case(an_incident(state), tickets(2), ledger=[a_page_line(), *lines, ROOM_LINE])


def follow(case, state, *events, policy=NEEDS_SEARCH, key=None):
    key = key or page_key()
    news = PageNews(key=key, events=events, state=a_page_state(state, key=key) if state is not None else None)
    return page_news(case, news, Basis(policy, NOW))


def handed_back(policy=NEEDS_SEARCH, word=WORD, case=None):
    """The case as the store shows it after the word."""
    case = case or a_paged_case()
    return after(case, hand_back(case, word, Basis(policy, NOW)), policy)


def page_targets(plan):
    return [one.payload.target for one in of_kind(plan, EffectKind.PAGE)]


@pytest.mark.parametrize("state", [S.ESCALATED, S.ACKNOWLEDGED])
def test_the_team_of_what_it_needs_is_woken(state):
    """The old page rings on for now, nobody has it, and everybody reads who said so and why."""
    plan = hand_back(a_paged_case(state), WORD, Basis(NEEDS_SEARCH, NOW))
    assert (plan.incident.state, plan.incident.responder) == (S.ESCALATED, None)
    assert plan.incident.acknowledged_at is None
    assert page_targets(plan) == ["platform"]
    silencing = (EffectKind.PAGE_ACKNOWLEDGE, EffectKind.PAGE_RESOLVE)
    assert of_kind(plan, *silencing, EffectKind.CUSTOMER_MESSAGE) == [], "not before the new page is seen"
    (entry,) = plan.entries
    assert (entry.kind, entry.actor) == (EntryKind.NOT_US, "Ana")
    assert entry.text == (
        "Ana says in chat that it is not for Payments team: the index is down. "
        "Platform is paged now: Checkout needs Search, which they look after"
    )
    notes = of_kind(plan, EffectKind.TICKET_NOTE)
    assert len(notes) == 2
    for told in (*notes, *of_kind(plan, EffectKind.CHAT_POST, EffectKind.PAGE_NOTE)):
        assert "the index is down" in told.payload.text


@pytest.mark.parametrize(
    ("policy", "woken", "said"),
    [
        (a_policy_of(ladder=[RUNG], lead=LEAD), ["second"], "Paged the next level: Second level"),
        (a_policy_of(lead=LEAD), ["head"], "Paged Head of service"),
        (ALONE, ["payments"], "Payments team is paged again, so that it is not lost"),
    ],
)
def test_nobody_else_to_go_to(policy, woken, said):
    """Somebody is rung, as the page that was taken is silent; the agents read what they can do."""
    plan = hand_back(a_paged_case(S.ACKNOWLEDGED), WORD, Basis(policy, NOW))
    assert page_targets(plan) == woken
    assert of_kind(plan, EffectKind.PAGE_ACKNOWLEDGE, EffectKind.PAGE_RESOLVE) == []
    assert plan.incident.state is S.ESCALATED
    for note in of_kind(plan, EffectKind.TICKET_NOTE):
        assert said in note.payload.text
        assert "not-us SERVICE names whose it is" in note.payload.text
    assert len(of_kind(plan, EffectKind.TICKET_NOTE)) == 2


def test_with_nobody_else_a_page_that_rings_rings_on():
    """And it is paged anew each time that somebody had taken it, or where no page rings."""
    plan = hand_back(a_paged_case(), WORD, Basis(ALONE, NOW))
    assert page_targets(plan) == []
    assert "Its pages ring on" in plan.entries[0].text
    dead = a_case(an_incident(S.ESCALATED), ledger=[a_page_line(state=EffectState.DEAD), ROOM_LINE])
    assert page_targets(hand_back(dead, WORD, Basis(ALONE, NOW))) == ["payments"]
    case = handed_back(ALONE, case=a_paged_case(S.ACKNOWLEDGED))
    anew = case.page_keys[-1]
    assert (case.page_keys, anew != page_key()) == ((page_key(), anew), True)
    case = after(
        case, follow(case, P.ACKNOWLEDGED, replace(ACK, actor="Bo", key=anew), policy=ALONE, key=anew)
    )
    assert (case.incident.state, case.incident.responder) == (S.ACKNOWLEDGED, "Bo")
    again = hand_back(case, replace(WORD, by="Bo"), Basis(ALONE, NOW))
    assert [one.key in case.page_keys for one in of_kind(again, EffectKind.PAGE)] == [False]


def test_who_has_it_keeps_it():
    """Nobody else's word in chat takes it from them; and whoever has it may say so."""
    for state in (S.ACKNOWLEDGED, S.ESCALATED):
        case = a_case(an_incident(state, responder="Bo"), ledger=[a_page_line(), ROOM_LINE])
        with pytest.raises(Refused, match="Bo has INC-7: only they hand it back"):
            hand_back(case, WORD, Basis(NEEDS_SEARCH, NOW))
        assert page_targets(hand_back(case, replace(WORD, by="bo"), Basis(NEEDS_SEARCH, NOW))) == ["platform"]


def test_pressed_twice():
    """The same word wakes no third team and makes nothing quiet; nor does a colleague's silence the second one."""
    policy = a_policy_of("search", "stock")
    third = policy.teams["platform"].model_copy(update={"title": "Stores", "pager_target": "stores"})
    stock = policy.services["search"].model_copy(update={"team": "stores"})
    policy = policy.model_copy(
        update={"teams": {**policy.teams, "stores": third}, "services": {**policy.services, "stock": stock}}
    )
    case = handed_back(policy)
    with pytest.raises(Refused, match="Ana said so already"):
        hand_back(case, replace(WORD, why="other words"), Basis(policy, LATER))
    colleague = replace(WORD, by="Cy")
    plan = hand_back(case, colleague, Basis(policy, LATER))
    assert page_targets(plan) == ["stores"]
    case = after(case, plan, policy)
    assert not is_handed_back(case, PLATFORM)
    seen = follow(case, P.TRIGGERED, policy=policy, key=f"{START}:team:stores")
    assert [one.target for one in of_kind(seen, EffectKind.PAGE_ACKNOWLEDGE)] == [page_key()]
    with pytest.raises(Refused, match="Cy said so already"):
        hand_back(case, colleague, Basis(policy, LATER))
    taken = after(case, follow(case, P.ACKNOWLEDGED, replace(ACK, key=PLATFORM), policy=policy, key=PLATFORM))
    assert taken.incident.responder == "Ana"
    again = hand_back(taken, WORD, Basis(policy, LATER))
    assert again.incident.state is S.ESCALATED, "who took it since may say so again"
    assert is_handed_back(after(taken, again), PLATFORM)


def test_quiet_once_the_other_teams_page_is_seen():
    """Once; a page that never comes about, is over, or is handed back as well silences nobody."""
    case = handed_back()
    lost = PageNews(key=PLATFORM, events=(), state=None)
    assert of_kind(page_news(case, lost, Basis(NEEDS_SEARCH, NOW)), EffectKind.PAGE_ACKNOWLEDGE) == []
    for status in (P.TRIGGERED, P.ACKNOWLEDGED):
        plan = follow(case, status, key=PLATFORM)
        assert [one.target for one in of_kind(plan, EffectKind.PAGE_ACKNOWLEDGE)] == [page_key()]
        assert of_kind(follow(after(case, plan), status, key=PLATFORM), EffectKind.PAGE_ACKNOWLEDGE) == []
    assert of_kind(follow(case, P.TRIGGERED), EffectKind.PAGE_ACKNOWLEDGE) == []
    both = handed_back(word=replace(WORD, by="Bo", page=PLATFORM), case=case)
    assert of_kind(follow(both, P.TRIGGERED, key=PLATFORM), EffectKind.PAGE_ACKNOWLEDGE) == []


def test_who_knows_whose_it_is_says_so():
    """It goes there, whatever the policy says of dependencies; once."""
    word = replace(WORD, service="search")
    assert page_targets(hand_back(a_paged_case(), word, Basis(ALONE, NOW))) == ["platform"]
    case = handed_back(ALONE, word)
    with pytest.raises(Refused, match="Platform, which looks after search, was asked already"):
        hand_back(case, word, Basis(ALONE, NOW))
    with pytest.raises(Refused, match="Payments team, which looks after checkout, was asked already"):
        hand_back(a_paged_case(), replace(WORD, service="checkout"), Basis(ALONE, NOW))


def test_the_second_team_says_the_same():
    """Nobody is woken in a circle."""
    case = handed_back()
    plan = hand_back(case, replace(WORD, by="Bo", page=PLATFORM), Basis(NEEDS_SEARCH, NOW))
    assert page_targets(plan) == []
    assert "Bo says in chat that it is not for Platform" in plan.entries[0].text


def test_a_reason_is_redacted_and_may_be_missing():
    """Customers' data in it leaves nobody's desk; a button has no reason."""
    plan = hand_back(a_paged_case(), replace(WORD, why=""), Basis(NEEDS_SEARCH, NOW))
    assert "no reason given" in plan.entries[0].text
    plan = hand_back(a_paged_case(), replace(WORD, why="mail zoe@shop.example"), Basis(NEEDS_SEARCH, NOW))
    assert "zoe@shop.example" not in plan.entries[0].text


@pytest.mark.parametrize("state", [S.CONFIRMED, S.RESOLVED, S.CLOSED])
def test_where_no_page_is_out(state):
    with pytest.raises(Refused, match="no page of it is out"):
        hand_back(a_case(an_incident(state)), WORD, Basis(ALONE, NOW))


QUIET = replace(ACK, by_us=True, actor="")


@pytest.mark.parametrize(
    ("status", "events", "state"),
    [
        (P.ACKNOWLEDGED, [QUIET], S.ESCALATED),  # our own quieting
        (P.ACKNOWLEDGED, [], S.ESCALATED),
        (P.TRIGGERED, [replace(ACK, change=C.UNACKNOWLEDGED, actor="")], S.ESCALATED),
        (P.RESOLVED, [replace(ACK, change=C.RESOLVED)], S.ESCALATED),  # put away, not mended
        (P.ACKNOWLEDGED, [ACK], S.ACKNOWLEDGED),  # they take it after all
    ],
)
def test_a_page_that_was_handed_back_moves_nothing_but_by_name(status, events, state):
    """Whatever becomes of it there says nothing about the fault, and no customer reads that engineers are on it."""
    plan = follow(handed_back(), status, *events)
    assert plan.incident.state is state
    assert bool(of_kind(plan, EffectKind.CUSTOMER_MESSAGE)) is (state is S.ACKNOWLEDGED)


@pytest.mark.parametrize(
    ("status", "change", "state"),
    [(P.RESOLVED, C.RESOLVED, S.RESOLVED), (P.TRIGGERED, C.UNACKNOWLEDGED, S.ESCALATED)],
)
@pytest.mark.parametrize("who", ["Bo", "Cy", ""])
def test_a_page_that_was_taken_after_all_is_followed_again(status, change, state, who):
    """Its end and its time-out count, whoever brings them; until it is handed back again."""
    case = handed_back()
    case = after(case, follow(case, P.ACKNOWLEDGED, replace(ACK, actor="Bo")))
    assert not is_handed_back(case, page_key())
    assert follow(case, status, replace(ACK, change=change, actor=who)).incident.state is state
    case = handed_back(word=replace(WORD, by="Bo"), case=case)
    assert is_handed_back(case, page_key())
    assert follow(case, status, replace(ACK, change=change, actor=who)).incident.state is S.ESCALATED


def test_taken_and_mended_or_handed_back_in_one_breath():
    """Whoever took it last by name has it, and the reason is written down; a machine takes nothing."""
    taken, refused = replace(ACK, actor="Bo"), a_page_event(C.NOT_US, text="the index is down")
    case = handed_back()
    assert follow(case, P.RESOLVED, taken, replace(ACK, change=C.RESOLVED)).incident.state is S.RESOLVED
    plan = follow(a_paged_case(), P.ACKNOWLEDGED, refused, taken)
    assert (plan.incident.state, plan.incident.responder) == (S.ACKNOWLEDGED, "Bo")
    assert page_targets(plan) == []
    assert "the index is down" in plan.entries[0].text
    assert page_targets(follow(a_paged_case(), P.TRIGGERED, taken, refused)) == ["platform"]
    machine = replace(ACK, actor="Rules", by_machine=True)
    assert follow(case, P.ACKNOWLEDGED, machine).incident.state is S.ESCALATED


def test_said_in_chat_that_they_have_it_they_may_end_it_at_the_page():
    """The page is quiet by us, not by name: what the one who has it does there counts."""
    case = handed_back()
    case = replace(case, incident=replace(case.incident, state=S.ACKNOWLEDGED, responder="Bo"))
    ended = replace(ACK, change=C.RESOLVED)
    assert follow(case, P.RESOLVED, ended).incident.state is S.ACKNOWLEDGED
    assert follow(case, P.RESOLVED, replace(ended, actor="Bo")).incident.state is S.RESOLVED


def test_without_that_word_the_same_page_moves_the_incident():
    """The control."""
    assert follow(a_paged_case(), P.RESOLVED, replace(ACK, change=C.RESOLVED)).incident.state is S.RESOLVED
    assert follow(a_paged_case(), P.ACKNOWLEDGED, QUIET).incident.state is S.ACKNOWLEDGED


def test_the_other_team_takes_it():
    """And what then happens to the first page changes nothing about that."""
    key = f"{page_key().removesuffix(':0')}:team:platform"
    case = handed_back()
    plan = follow(case, P.ACKNOWLEDGED, replace(ACK, actor="Bo", key=key), key=key)
    assert (plan.incident.state, plan.incident.responder) == (S.ACKNOWLEDGED, "Bo")
    taken = after(case, plan, NEEDS_SEARCH)
    back = follow(taken, P.TRIGGERED, replace(ACK, change=C.UNACKNOWLEDGED, actor=""))
    assert back.incident.state is S.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("state", "responder", "woken"),
    [(S.ESCALATED, None, ["platform"]), (S.ACKNOWLEDGED, "Ana", ["platform"]), (S.ACKNOWLEDGED, "Bo", [])],
)
def test_said_at_the_page_itself(state, responder, woken):
    """By its link or by mail; where somebody else has it by now, it is theirs, and only written down."""
    case = a_case(an_incident(state, responder=responder), ledger=[a_page_line(), ROOM_LINE])
    plan = follow(case, P.TRIGGERED, a_page_event(C.NOT_US, text="the index is down"))
    assert page_targets(plan) == woken
    assert plan.entries[0].kind is EntryKind.NOT_US
    assert "the index is down" in plan.entries[0].text
    assert plan.incident.state is (S.ACKNOWLEDGED if responder == "Bo" else S.ESCALATED)


def test_said_twice_or_too_late_it_is_only_written_down():
    """A repeat wakes nobody a second time."""
    event = a_page_event(C.NOT_US, text="the index is down")
    case = handed_back()
    assert is_handed_back(case, page_key())
    again = follow(case, P.TRIGGERED, event)
    assert again.effects == ()
    over = a_case(an_incident(S.CLOSING), ledger=[a_page_line(), ROOM_LINE])
    assert follow(over, P.RESOLVED, event).effects == ()


def test_a_dead_page_is_not_told():
    case = a_case(an_incident(S.ESCALATED), ledger=[a_page_line(state=EffectState.DEAD), ROOM_LINE])
    plan = hand_back(case, WORD, Basis(NEEDS_SEARCH, NOW))
    assert of_kind(plan, EffectKind.PAGE_NOTE, EffectKind.PAGE_ACKNOWLEDGE) == []
    assert page_targets(plan) == ["platform"]


GROUND = Ground(services=["checkout", "search"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("not-us", NotUs()),
        ("not us", NotUs()),
        ("Not us: the index is down", NotUs(why="the index is down")),
        ("not-us because the index is down", NotUs(why="the index is down")),
        ("not-us INC-7 because the index is down", NotUs(why="the index is down")),
        ("not-us search", NotUs(service="search")),
        ("not-us search because the index is down", NotUs(service="search", why="the index is down")),
    ],
)
def test_how_it_is_written(said, meant):
    assert parse(said, GROUND)[1] == meant


def test_a_service_that_there_is_not():
    _, found = parse("not-us serch", GROUND)
    assert isinstance(found, Mistake)
    assert found.nearest == "not-us search"
