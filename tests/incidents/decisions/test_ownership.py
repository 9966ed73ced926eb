"""The one accountable agent: found, handed over with a note, changed with the shift, missed when nobody is or stirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import Actor, EntryKind
from incidents.commands.verbs import Verb
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.intake import Join, opening_entries, sort_tickets, tickets_joined
from incidents.decisions.ownership.hand_over import HandOver, hand_over, named
from incidents.decisions.ownership.orphans import needs_a_look, sweep_owner, with_owner_swept
from incidents.decisions.sla import sweep
from incidents.decisions.ticket_change import TicketNews
from incidents.decisions.ticket_news import ticket_news
from incidents.effects import EffectKind
from incidents.errors import Refused
from incidents.events import ChatCommand
from incidents.lifecycle import UNSETTLED
from incidents.models import Author, IncidentState, JoinOrigin, Origin
from incidents.policy.calendars import WorkCalendar
from incidents.policy.ownership import Ownership
from incidents.policy.policy import OnCallPerson, OnCallRota, Policy, Rung
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_comment,
    a_page_line,
    a_policy,
    a_ticket,
    after,
    an_incident,
    kinds,
    of_kind,
    texts,
)
from tests.incidents.decisions.test_updates import taken

S = IncidentState
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LINKED = [a_ticket(1, assignee="Ada Agent"), a_ticket(2, assignee="Ben Agent"), a_ticket(3)]


def owned(state=S.ACKNOWLEDGED, linked=LINKED, **changes):
    incident = an_incident(state, **{"owner": "Ada Agent"} | changes)
    return a_case(incident, linked, [a_page_line(), ROOM_LINE])


def with_ownership(**section):
    """NOW is a Sunday noon in UTC: `day` is open then, `night` is not."""
    policy = a_policy()
    calendars = {
        "day": WorkCalendar.model_validate({"timezone": "UTC", "hours": {"mon-sun": ["08:00-20:00"]}}),
        "night": WorkCalendar.model_validate(
            {"timezone": "UTC", "hours": {"mon-sun": ["20:00-24:00", "00:00-08:00"]}}
        ),
    }
    sla = policy.sla.model_copy(update={"calendars": calendars})
    return policy.model_copy(update={"sla": sla, "ownership": Ownership.model_validate(section)})


def give(case, to, *, by="Jo Lead", note="the bank is called", policy=None):
    return hand_over(case, HandOver(to=to, by=by, note=note), Basis(policy or a_policy(), NOW))


def test_both_read_it_and_the_story_tells_of_it():
    plan = give(owned(), "Ben Agent")
    assert plan.incident.owner == "Ben Agent"
    words = "Accountable from now on: Ben Agent, after Ada Agent (handed over by Jo Lead). Note: the bank is called"
    (entry,) = plan.entries
    assert (entry.kind, entry.actor, entry.text) == (EntryKind.OWNER, "Jo Lead", words)
    notes = of_kind(plan, EffectKind.TICKET_NOTE)
    assert [note.target for note in notes] == ["1", "2"]
    assert {note.payload.text for note in notes} == {f"INC-7: {words}"}
    (post,) = of_kind(plan, EffectKind.CHAT_POST)
    assert post.payload.text == words


def test_the_promised_update_is_the_new_owners():
    case = taken()
    plan = give(case, "Ben Agent")
    assert [update.owner for update in plan.updates] == ["Ben Agent"]
    assert case.updates[0].owner == "Ada"


def test_who_has_it_already_gets_nothing():
    plan = give(owned(), "ada agent")
    assert (plan.incident.owner, plan.effects, plan.entries) == ("Ada Agent", (), ())


@pytest.mark.parametrize("state", S)
def test_what_is_over_is_handed_to_nobody(state):
    if state in UNSETTLED:
        assert give(owned(state), "Ben Agent").incident.owner == "Ben Agent"
    else:
        with pytest.raises(Refused, match="nobody need have it any more"):
            give(owned(state), "Ben Agent")


@pytest.mark.parametrize("name", ["", "   ", "@"])
def test_nobody_is_no_owner(name):
    with pytest.raises(Refused, match="say who is to have it"):
        give(owned(), name)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ben", "Ben Agent"),
        ("@BEN AGENT", "Ben Agent"),
        ("Cleo", "Cleo"),
        ("agent", "agent"),
        ("A\u202e\nB", "A B"),
        ("x" * 500, "x" * 99 + "…"),
    ],
)
def test_who_is_meant(said, meant):
    """Whom the tickets know, by the whole name or a first name of one alone; else as it was said, in one line."""
    assert named(owned(), said) == meant


def test_a_first_name_of_two_is_nobodys():
    twins = [a_ticket(1, assignee="Ada Agent"), a_ticket(2, assignee="Ada Other")]
    assert named(owned(linked=twins), "ada") == "ada"


def asked(text, case=None):
    command = ChatCommand(
        connection="slack/main",
        room_id="C1",
        user="Jo Lead",
        user_id="U1",
        verb=Verb.OWNER,
        text=text,
        at=NOW,
    )
    return chat_command(case or owned(), command, Basis(a_policy(), NOW))


def test_handed_over_from_chat():
    plan = asked("@ben the bank is called")
    assert plan.incident.owner == "Ben Agent"
    assert kinds(plan) == [EffectKind.TICKET_NOTE, EffectKind.TICKET_NOTE, EffectKind.CHAT_POST]
    assert "(handed over by Jo Lead). Note: the bank is called" in texts(plan)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "accountable: Ada Agent"),
        ("<@U0123> please", "`owner` lacks the name"),
        ("ada", "INC-7 is Ada Agent's already."),
    ],
)
def test_what_changes_nothing_is_answered(text, answer):
    plan = asked(text)
    assert plan.incident.owner == "Ada Agent"
    assert kinds(plan) == [EffectKind.CHAT_POST]
    assert answer in texts(plan)


def test_over_is_said_in_chat_too():
    assert "INC-7 is closed: nobody need have it any more" in texts(asked("ben", owned(S.CLOSED)))


def test_the_story_begins_with_whose_it_is():
    tickets = [a_ticket(1), a_ticket(2, assignee="Ada Agent")]
    (opening,) = sort_tickets(tickets, [], {}, Basis(a_policy(), NOW)).openings
    assert opening.owner == "Ada Agent"
    assert (
        opening_entries(opening, "Ada Agent")[-1].text
        == "Accountable: Ada Agent, who has the first of its tickets"
    )
    assert opening_entries(opening, "Night desk")[-1].text == "Accountable: Night desk, by the policy"


def news(before, now, *comments):
    return TicketNews(before=before, after=now, comments=comments)


def test_what_nobody_has_is_whose_takes_a_ticket():
    """By taking one that it has, or by having one that joins; who has it already keeps it."""
    bare = a_ticket(1)
    took = news(bare, replace(bare, assignee="Ada Agent"))
    assert took.matters
    for owner, expected in ((None, "Ada Agent"), ("Ben Agent", "Ben Agent")):
        plan = ticket_news(owned(linked=[bare], owner=owner), [took], Basis(a_policy(), NOW))
        assert plan.incident.owner == expected
        assert [entry.text for entry in plan.entries] == (
            [] if owner else ["Accountable: Ada Agent, who has taken #1"]
        )
        join = Join(ticket=a_ticket(9, assignee="Ada Agent"), origin=JoinOrigin.RULE, reason="x")
        joined = tickets_joined(owned(linked=[bare], owner=owner), [join], Basis(a_policy(), NOW))
        assert joined.incident.owner == expected


@pytest.mark.parametrize(
    ("changes", "is_heard"),
    [
        ({"author": Author.AGENT}, True),
        ({"author": Author.AGENT, "is_public": False}, True),
        ({"author": Author.AGENT, "origin": Origin.AUTOMATIC}, False),
        ({"author": Author.CUSTOMER}, False),
        ({"author": Author.LIAISON}, False),
    ],
)
def test_an_agent_who_writes_is_there(changes, is_heard):
    ticket = LINKED[0]
    plan = ticket_news(owned(), [news(ticket, ticket, a_comment("hm", **changes))], Basis(a_policy(), NOW))
    assert plan.incident.owner_seen_at == (NOW if is_heard else None)


def swept(case, minutes, policy):
    basis = Basis(policy, NOW + minutes * MINUTE)
    plan = sweep_owner(case, basis)
    assert needs_a_look(case.incident, basis) is bool(plan.entries)
    return plan


def test_nobody_is_told_to_the_lead_once():
    """Paged where there is one; on the ticket and in the room in any case."""
    lead = {"title": "Head of service", "pager_target": "head"}
    policy = with_ownership(nobody_after="15m", lead=lead)
    case = owned(owner=None, opened_at=NOW)
    assert not swept(case, 14, policy).effects
    plan = swept(case, 15, policy)
    assert sorted(kinds(plan)) == [EffectKind.CHAT_POST, EffectKind.PAGE, EffectKind.TICKET_NOTE]
    (page,) = of_kind(plan, EffectKind.PAGE)
    assert (page.connection, page.payload.target) == ("pagerduty/main", "head")
    assert plan.entries[0].kind is EntryKind.ORPHANED
    assert (
        "Nobody is accountable for INC-7, open for 15 min. Who takes it on says `owner INC-7 NAME`"
        in texts(plan)
    )
    assert page.payload.summary.startswith(
        "Nobody is accountable for INC-7, open for 15 min - INC-7 Checkout"
    )
    assert page.payload.details[0] == (
        "Why you are paged",
        "Nobody is accountable for INC-7, open for 15 min",
    )
    assert plan.entries[0].text == "Nobody is accountable for INC-7, open for 15 min; the lead is told"
    assert not swept(after(case, plan), 600, policy).effects


def test_silence_is_told_once_until_somebody_stirs():
    policy = with_ownership(silent_after="4h")
    case = owned(opened_at=NOW - 9 * HOUR, owner_seen_at=NOW)
    assert not swept(case, 239, policy).effects
    plan = swept(case, 240, policy)
    assert kinds(plan) == [EffectKind.TICKET_NOTE, EffectKind.CHAT_POST]
    assert "No word on INC-7 for 4 h 00 min: Ada Agent is accountable" in texts(plan)
    case = after(case, plan)
    assert not swept(case, 900, policy).effects
    stirred = replace(case, incident=replace(case.incident, owner_seen_at=NOW + 10 * HOUR))
    assert not swept(stirred, 14 * 60 - 1, policy).effects
    assert swept(stirred, 14 * 60, policy).effects


def test_silence_can_be_counted_by_hours_of_work_or_not_at_all():
    """From noon to eight in the evening are eight hours of the day, and no more come until morning."""
    case = owned(opened_at=NOW)
    policy = with_ownership(silent_after="9h", calendar="day")
    assert not swept(case, 20 * 60, policy).effects
    assert swept(case, 21 * 60, policy).effects
    assert not swept(case, 100_000, with_ownership(silent_after=None)).effects


SHIFTS = [{"calendar": "day", "owner": "Ada Agent"}, {"calendar": "night", "owner": "Ben Agent"}]


def test_the_shift_changes():
    """Handed on once, with a note that says why; who is on no shift keeps what they have."""
    policy = with_ownership(shifts=SHIFTS)
    assert not swept(owned(), 60, policy).effects
    plan = swept(owned(), 8 * 60, policy)
    assert plan.incident.owner == "Ben Agent"
    assert plan.entries[0].actor == Actor.LIAISON
    assert (
        plan.entries[0].text
        == "Accountable from now on: Ben Agent, after Ada Agent. Note: the shift has changed"
    )
    assert not swept(after(owned(), plan), 8 * 60 + 5, policy).effects
    assert swept(owned(owner="Cleo"), 8 * 60, with_ownership(shifts=SHIFTS, silent_after=None)).effects == ()


def with_rota(**section):
    """Ada's for a day from NOW on, then Ben's for another, then Ada's again."""
    policy = with_ownership(**section)
    people = {
        key: OnCallPerson.model_validate({"name": name, "reach": [{"way": f"{key}-phone"}]})
        for key, name in (("ada", "Ada Agent"), ("ben", "Ben Agent"))
    }
    layer = {"people": ["ada", "ben"], "hand_over": "2026-11-22 12:00", "every": "1d"}
    rotas = {"desk": OnCallRota.model_validate({"timezone": "UTC", "layers": [layer]})}
    return policy.model_copy(update={"people": people, "rotas": rotas})


def test_a_rotas_turn_is_a_shift():
    """Its holder has what nobody has; its next holder takes it over, from its people only."""
    policy = with_rota(shifts=[{"rota": "desk"}], silent_after=None)
    assert swept(owned(owner=None), 0, policy).incident.owner == "Ada Agent"
    assert not swept(owned(), 24 * 60 - 1, policy).effects
    assert swept(owned(), 24 * 60, policy).incident.owner == "Ben Agent"
    assert not swept(owned(owner="Cleo"), 24 * 60, policy).effects


@pytest.mark.parametrize(
    "shift", [{}, {"calendar": "day"}, {"owner": "Ada"}, {"rota": "desk", "calendar": "day", "owner": "Ada"}]
)
def test_a_shift_says_who_and_when(shift):
    with pytest.raises(ValueError, match="write calendar and owner, or rota alone"):
        Ownership.model_validate({"shifts": [shift]})


def test_where_no_shift_is_open_it_stays():
    policy = with_ownership(shifts=SHIFTS[:1], silent_after=None)
    assert not swept(owned(), 10 * 60, policy).effects


def test_what_nobody_has_is_the_shifts_or_the_defaults():
    policy = with_ownership(shifts=SHIFTS[:1], default="Night desk")
    assert swept(owned(owner=None), 0, policy).incident.owner == "Ada Agent"
    assert swept(owned(owner=None), 10 * 60, policy).incident.owner == "Night desk"


@pytest.mark.parametrize("state", sorted(set(S) - UNSETTLED))
def test_what_is_over_needs_no_owner(state):
    assert not swept(owned(state, owner=None), 10_000, with_ownership(default="Night desk")).effects


def test_one_sweep_does_all():
    """A promise lapses and a shift changes at once: the safe text goes out, and its promise is the new owner's."""
    policy = with_ownership(
        shifts=[{"calendar": "day", "owner": "Ben"}, {"calendar": "night", "owner": "Ada"}]
    )
    basis = Basis(policy, NOW + HOUR)
    case = taken()
    plan = with_owner_swept(case, sweep(replace(case, clocks=()), [], basis), basis)
    assert of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    assert plan.incident.owner == "Ben"
    assert plan.incident.updates_sent == 1
    assert [update.owner for update in plan.updates] == ["Ben", "Ben"]


def test_what_the_policy_names_must_be_there():
    """Calendars are the SLA's; the lead's pager is a connection like any other."""
    given = a_policy().model_dump()
    shifts = [{"calendar": "dya", "owner": "Ada"}, {"rota": "dsek"}]
    given["ownership"] = {"shifts": shifts, "calendar": "nihgt"}
    with pytest.raises(ValueError, match="there is no calendar 'dya'") as error:
        Policy.model_validate(given)
    assert "there is no calendar 'nihgt'" in str(error.value)
    assert "there is no rota 'dsek'" in str(error.value)
    given["ownership"] = {"shifts": [{"rota": "desk"}]}
    given["rotas"] = {"desk": {"timezone": "UTC", "feed": "desk-calendar"}}
    with pytest.raises(ValueError, match="has a feed, which owners' shifts cannot go by"):
        Policy.model_validate(given)
    lead = Rung(title="Lea", pager="pagerduty/leads", pager_target="lea")
    policy = a_policy().model_copy(update={"ownership": Ownership(lead=lead)})
    assert policy.connection_uses()["pagerduty/leads"] == ["ownership.lead"]
