"""Rooms that are archived, deleted or renamed in mid-incident."""

import pytest

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.decisions.rooms import needs_a_room, room_news, room_replaced
from incidents.effects import EffectKind
from incidents.events import RoomChange, RoomEvent
from incidents.models import IncidentState, Room
from tests.incidents.builders import NOW, ROOM_LINE, a_case, a_page_line, a_policy, an_incident, kinds, texts

S = IncidentState
BASIS = Basis(a_policy(), NOW)
NEEDED = frozenset(
    {S.REPORTED, S.VALIDATING, S.CONFIRMED, S.MITIGATING, S.ESCALATED, S.ACKNOWLEDGED, S.REOPENED}
)


def a_room_case(state=S.ESCALATED):
    return a_case(an_incident(state), ledger=[a_page_line(), ROOM_LINE])


def an_event(change, **more):
    given = {"connection": "slack/main", "room_id": "C1", "at": NOW, "user": "U1", **more}
    return RoomEvent(change=change, **given)


@pytest.mark.parametrize("state", S)
def test_a_room_is_needed_while_engineers_talk(state):
    """Put away after the fix, as people do: nobody opens another one for the last words."""
    assert needs_a_room(an_incident(state)) is (state in NEEDED)
    plan = room_news(a_room_case(state), an_event(RoomChange.ARCHIVED), BASIS)
    assert bool(plan.effects) is (state in NEEDED)
    assert plan.incident.state is state


@pytest.mark.parametrize("change", [RoomChange.ARCHIVED, RoomChange.DELETED])
def test_a_room_that_is_gone_gets_a_post(change):
    """Which finds it gone, and opens another one."""
    plan = room_news(a_room_case(), an_event(change), BASIS)
    assert kinds(plan) == [EffectKind.CHAT_POST]
    (entry,) = plan.entries
    assert (entry.kind, entry.actor) == (EntryKind.ROOM, "U1")
    assert entry.text == f"The room of INC-7 was {change}; another one takes its place"


def test_a_renamed_room_is_told_to_the_owner():
    """Posts go by its id, so it goes on."""
    plan = room_news(a_room_case(), an_event(RoomChange.RENAMED, name="cards"), BASIS)
    assert kinds(plan) == [EffectKind.TICKET_NOTE]
    assert "The room of INC-7 is called cards now." in texts(plan)


@pytest.mark.parametrize("other", [{"room_id": "C2"}, {"connection": "slack/other"}])
def test_anothers_room_is_no_news(other):
    for change in RoomChange:
        plan = room_news(a_room_case(), an_event(change, **other), BASIS)
        assert (plan.effects, plan.entries) == ((), ())


def test_the_new_room_has_the_context_and_everybody_learns_where_it_is():
    room = Room(id="C2", name="inc-7-checkout-2", url="https://s.example/C2")
    plan = room_replaced(a_room_case(), room, BASIS)
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE, EffectKind.TICKET_NOTE]
    assert "Who is hit" in plan.effects[0].payload.text
    assert (
        "inc-7-checkout-2 (https://s.example/C2) now: the one before is gone" in plan.effects[1].payload.text
    )
    again = room_replaced(a_room_case(), Room(id="C3", name="x"), BASIS)
    assert not {one.key for one in plan.effects} & {one.key for one in again.effects}
