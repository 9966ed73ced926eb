"""Pages that are handed on, rest, are merged, or wake nobody: agents read who has it now and why; nobody is blamed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import NOBODY, Actor, EntryKind, PageSighting
from incidents.decisions.sync import PageNews, page_news
from incidents.effects import EffectKind, EffectState
from incidents.events import PageChange
from incidents.models import IncidentState, PageStatus
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_lead_page_line,
    a_page_event,
    a_page_line,
    a_page_state,
    a_policy,
    after,
    an_incident,
    kinds,
    of_kind,
    page_key,
    texts,
    without_chat,
)

S = IncidentState
C = PageChange
P = PageStatus
POLICY = a_policy()
BASIS = Basis(POLICY, NOW)


def a_paged_case(state=S.ESCALATED, *pages, **changes):
    return a_case(an_incident(state, **changes), ledger=[*(pages or [a_page_line()]), ROOM_LINE])


def follow(case, state, *events, basis=BASIS):
    return page_news(case, PageNews(key=page_key(), events=events, state=state), basis)


@pytest.mark.parametrize("before", [S.ESCALATED, S.ACKNOWLEDGED])
@pytest.mark.parametrize(
    ("change", "actor", "said"),
    [
        (C.REASSIGNED, "Ana", "Ana gave the page to Bo (not acknowledged yet)"),
        (C.REASSIGNED, "", "The page was given to Bo (not acknowledged yet)"),
        (C.ESCALATED, "Ana", "Ana escalated the page to the next level: Bo (not acknowledged yet)"),
        (C.ESCALATED, "", "The page went on to the next level: Bo (not acknowledged yet)"),
        (C.DELEGATED, "Ana", "Ana gave the page to another escalation policy, Bo (not acknowledged yet)"),
        (C.UNACKNOWLEDGED, "", "The acknowledgement ran out by time; the page rings again for Bo"),
    ],
)
def test_the_page_is_somebody_elses_now(before, change, actor, said):
    """Every agent and the room read it; the incident waits for an acknowledgement, and no customer is bothered."""
    event = a_page_event(change, actor=actor, text="" if change is C.UNACKNOWLEDGED else "Bo")
    plan = follow(a_paged_case(before), a_page_state(P.TRIGGERED, "Bo"), event)
    assert plan.incident.state is S.ESCALATED
    assert plan.incident.responder is None
    assert kinds(plan) == [EffectKind.TICKET_NOTE, EffectKind.TICKET_NOTE, EffectKind.CHAT_POST]
    assert f"INC-7: {said}." in texts(plan)
    assert [entry.kind for entry in plan.entries] == [EntryKind.HANDED_ON]
    if not actor:
        assert "Ana" not in texts(plan)


def test_time_outs_are_nobodys_doing_in_the_poll_either():
    """No webhook came; whoever had it is not said to have handed it back."""
    plan = follow(a_paged_case(S.ACKNOWLEDGED), a_page_state(P.TRIGGERED, "Bo"))
    assert plan.incident.state is S.ESCALATED
    assert "The page is not acknowledged any more; it rings for Bo" in texts(plan)
    assert "Ana" not in texts(plan)


def test_given_on_and_taken_in_one_breath():
    """Both webhooks in one chunk: whoever took it is on it, and the way there is told."""
    events = (a_page_event(C.REASSIGNED, text="Bo"), a_page_event(C.ACKNOWLEDGED, actor="Bo"))
    plan = follow(a_paged_case(S.ACKNOWLEDGED), a_page_state(P.ACKNOWLEDGED, "Bo"), *events)
    assert (plan.incident.state, plan.incident.responder) == (S.ACKNOWLEDGED, "Bo")
    said = texts(plan)
    assert said.index("Ana gave the page to Bo") < said.index("Bo is on it now (Ana had it before)")
    again = follow(after(a_paged_case(), plan), a_page_state(P.ACKNOWLEDGED, "Bo"), events[1])
    assert again.effects == ()


@pytest.mark.parametrize(
    ("actor", "responders", "by_us"),
    [("Ana", ("Ana",), False), ("Bo", ("Ana",), False), ("Bo", ("Bo",), True), ("", ("Bo",), False)],
)
def test_nobody_took_it_over(actor, responders, by_us):
    """Her own acknowledgement, one that is over, and the echo of ours change nothing."""
    event = a_page_event(C.ACKNOWLEDGED, actor=actor, by_us=by_us)
    plan = follow(a_paged_case(S.ACKNOWLEDGED), a_page_state(P.ACKNOWLEDGED, *responders), event)
    assert (plan.incident.responder, plan.effects) == ("Ana", ())


def test_an_old_time_out_is_no_news():
    """Taken again before its webhook was read."""
    event = a_page_event(C.UNACKNOWLEDGED, actor="")
    assert follow(a_paged_case(S.ACKNOWLEDGED), a_page_state(P.ACKNOWLEDGED, "Ana"), event).effects == ()


@pytest.mark.parametrize("policy", [POLICY, without_chat()])
def test_a_rest_is_told_once_for_each_end(policy):
    """By the poll, as no webhook tells it: who let it rest, and until when."""
    case = a_paged_case(S.ACKNOWLEDGED)
    basis = Basis(policy, NOW)
    state = replace(
        a_page_state(P.ACKNOWLEDGED, "Ana"), snoozed_until=NOW + timedelta(hours=4), snoozed_by="Bo"
    )
    plan = follow(case, state, basis=basis)
    assert "Bo snoozed the page until 16:00 UTC; then it rings again" in texts(plan)
    assert plan.incident.state is S.ACKNOWLEDGED
    again = follow(after(case, plan, policy), state, basis=basis)
    assert set(kinds(again)) <= {EffectKind.TICKET_NOTE}, "whose keys the ledger knows"
    assert {one.key for one in again.effects} <= {one.key for one in plan.effects}
    assert again.entries == ()
    longer = replace(state, snoozed_until=NOW + timedelta(hours=30))
    assert "until 2026-11-23 18:00 UTC" in texts(follow(case, longer, basis=basis))
    over = replace(state, snoozed_until=NOW)
    assert follow(case, over, basis=basis).effects == ()


@pytest.mark.parametrize(
    ("actor", "said"),
    [("Ana", "INC-7: Ana: urgency is now low"), ("", "INC-7: On-call tool: urgency is now low")],
)
def test_other_changes_are_passed_on_like_notes(actor, said):
    """What nobody did is the tool's own doing, never an engineer's."""
    event = a_page_event(C.CHANGED, actor=actor, text="urgency is now low")
    plan = follow(a_paged_case(), a_page_state(P.TRIGGERED), event)
    assert said in texts(plan)
    assert "An engineer" not in texts(plan)
    (entry,) = plan.entries
    assert entry.actor == (actor or Actor.ON_CALL_TOOL)


@pytest.mark.parametrize("change", [C.CHANGED, C.NOTED, C.ESCALATED, C.DELEGATED])
@pytest.mark.parametrize(("by_machine", "actor"), [(True, "Night rule"), (False, "")])
def test_what_a_rule_or_time_did_is_nobodys_act(change, by_machine, actor):
    """Its page counts as one that nobody acted on; who it was is said."""
    if change is C.NOTED and not actor:
        return  # a note without a name is an engineer's
    event = a_page_event(change, actor=actor, by_machine=by_machine, text="Bo")
    plan = follow(a_paged_case(), a_page_state(P.TRIGGERED, "Bo"), event)
    (entry,) = plan.entries
    assert entry.actor == Actor.ON_CALL_TOOL
    assert actor in entry.text
    person = follow(a_paged_case(), a_page_state(P.TRIGGERED, "Bo"), a_page_event(change, text="Bo"))
    assert person.entries[0].actor != Actor.ON_CALL_TOOL


def test_what_an_integration_acknowledged_or_resolved_is_no_persons_word():
    taken = follow(
        a_paged_case(),
        a_page_state(P.ACKNOWLEDGED),
        a_page_event(C.ACKNOWLEDGED, actor="Datadog", by_machine=True),
    )
    assert taken.entries[-1].actor == Actor.ON_CALL_TOOL
    over = follow(
        a_paged_case(), a_page_state(P.RESOLVED), a_page_event(C.RESOLVED, actor="Datadog", by_machine=True)
    )
    assert over.entries[-1].text.startswith(NOBODY) or over.entries[-1].kind is EntryKind.LAPSED


def test_a_merged_page_goes_on_as_the_other_one_stands():
    """Somebody has the one it went into: so somebody has this."""
    event = a_page_event(C.MERGED, text="merged into Cards down; it goes on there")
    state = replace(a_page_state(P.ACKNOWLEDGED, "Omar"), page_id="P2")
    plan = follow(a_paged_case(), state, event)
    assert (plan.incident.state, plan.incident.responder) == (S.ACKNOWLEDGED, "Omar")
    assert "merged into Cards down; it goes on there" in texts(plan)
    assert plan.sightings == (PageSighting(key=page_key(), page_id="P2"),)


def missing(case, why="", *, key=None, basis=BASIS):
    return page_news(case, PageNews(key=key or page_key(), events=(), state=None, why=why), basis)


def test_a_page_that_woke_nobody_goes_to_the_next_level():
    """Room, owner and story say so; the page is given up, and the ladder's first level is paged."""
    plan = missing(a_paged_case(owner="Sam"), "its service Payments is in maintenance")
    assert plan.incident.page_level == 1
    assert kinds(plan) == [EffectKind.PAGE, EffectKind.CHAT_POST, EffectKind.TICKET_NOTE]
    assert plan.effects[0].key == page_key(1)
    assert plan.sightings == (
        PageSighting(key=page_key(), page_id=None, why="no incident: its service Payments is in maintenance"),
    )
    (entry,) = plan.entries
    assert entry.kind is EntryKind.NOBODY_WOKEN
    assert entry.text == (
        "Nobody was woken: pagerduty/main took the page and has no incident of it (its service Payments is in "
        "maintenance). Paged the next level: Payments lead"
    )


def test_level_after_level_and_then_a_person():
    """The last level is told to be the last."""
    case = a_paged_case(S.ESCALATED, a_page_line(2), page_level=2)
    case = replace(case, ledger=(a_page_line(state=EffectState.DEAD), *case.ledger))
    plan = missing(case, key=page_key(2))
    assert not of_kind(plan, EffectKind.PAGE)
    assert "No further level is left: somebody must be called by hand" in texts(plan)
    assert "a rule may suppress it" in texts(plan)
    team = POLICY.teams["payments"]
    led = team.model_copy(update={"lead": team.ladder[0], "manager": team.ladder[1]})
    policy = POLICY.model_copy(update={"teams": {**POLICY.teams, "payments": led}})
    plan = missing(case, key=page_key(2), basis=Basis(policy, NOW))
    assert [one.key for one in of_kind(plan, EffectKind.PAGE)] == ["liaison:test:INC-7:g1:page:lead"]


def test_the_owners_lead_was_not_woken():
    """Given up and written down; no engineer is woken in the lead's stead."""
    lead = a_lead_page_line()
    case = a_paged_case(S.ESCALATED, a_page_line(), lead)
    plan = missing(case, key=lead.key)
    assert plan.incident is case.incident
    assert (plan.effects, [one.key for one in plan.sightings]) == ((), [lead.key])
    assert [entry.text.split(":")[0] for entry in plan.entries] == ["The lead was not woken"]


def test_somebody_has_it_already():
    """The lead's page makes nothing while an engineer works on it: told, and nobody else is woken."""
    case = a_paged_case(S.ACKNOWLEDGED, a_page_line(), a_page_line(1), page_level=1)
    plan = missing(case, key=page_key(1))
    assert not of_kind(plan, EffectKind.PAGE)
    assert "Nobody was woken" in texts(plan)


@pytest.mark.parametrize(
    "line",
    [
        replace(a_page_line(), result="P1"),
        a_page_line(state=EffectState.DEAD),
        a_page_line(state=EffectState.PENDING),
        a_page_line(state=EffectState.UNKNOWN),
    ],
)
def test_no_page_that_was_seen_given_up_or_not_sent_is_missing(line):
    plan = missing(a_paged_case(S.ESCALATED, line))
    assert (plan.effects, plan.entries, plan.sightings) == ((), (), ())


@pytest.mark.parametrize("state", [S.RESOLVED, S.CLOSED, S.REOPENED])
def test_over_meanwhile(state):
    """It is given up without a word: nobody needs to be woken."""
    plan = missing(a_paged_case(state))
    assert (plan.effects, plan.entries) == ((), ())
    assert [one.page_id for one in plan.sightings] == [None]


def test_a_page_is_seen_once():
    """The first sight is remembered, also of one that was given up; the second changes nothing."""
    for state in (EffectState.DONE, EffectState.DEAD):
        plan = follow(a_paged_case(S.ESCALATED, a_page_line(state=state)), a_page_state(P.TRIGGERED, "Bo"))
        assert plan.sightings == (PageSighting(key=page_key(), page_id="P1"),)
    seen = a_paged_case(S.ESCALATED, replace(a_page_line(), result="P1"))
    assert follow(seen, a_page_state(P.TRIGGERED, "Bo")).sightings == ()


def test_a_page_that_was_given_up_does_not_count_beside_the_one_that_rings():
    """Its level was woken in vain: the poll still sees the only live page handed back."""
    case = a_paged_case(S.ACKNOWLEDGED, a_page_line(state=EffectState.DEAD), a_page_line(1))
    news = PageNews(key=page_key(1), events=(), state=a_page_state(P.TRIGGERED, "Bo", key=page_key(1)))
    assert page_news(case, news, BASIS).incident.state is S.ESCALATED


def resolving(state=EffectState.DONE):
    """Our own resolution of the page."""
    line = a_page_line()
    return replace(line, key=f"{line.key}:page_resolve", kind=EffectKind.PAGE_RESOLVE, state=state)


NOTED = a_page_event(C.NOTED, text="it is back", note_id="N1")


@pytest.mark.parametrize("state", [S.RESOLVED, S.CLOSING, S.CLOSED])
@pytest.mark.parametrize(
    ("status", "lines", "events", "minutes", "is_open_again"),
    [
        pytest.param(P.TRIGGERED, [], (), 5, True, id="the webhook was lost"),
        pytest.param(P.TRIGGERED, [resolving()], (NOTED,), 5, True, id="although we had resolved it"),
        pytest.param(P.TRIGGERED, [], (), 0, False, id="read just before it was over"),
        pytest.param(P.TRIGGERED, [resolving(EffectState.PENDING)], (), 5, False, id="still to be resolved"),
        pytest.param(P.TRIGGERED, [resolving(EffectState.UNKNOWN)], (), 5, False, id="perhaps resolved"),
        pytest.param(P.RESOLVED, [], (), 5, False, id="it is over"),
        pytest.param(P.TRIGGERED, [], (a_page_event(C.REASSIGNED),), 5, False, id="another event speaks"),
    ],
)  # fmt: skip
def test_a_page_that_rings_although_it_was_over_was_opened_again(  # noqa: PLR0917
    state, status, lines, events, minutes, is_open_again
):
    """Seen by a look, where no webhook told so; nobody is paged a second time for it."""
    case = a_paged_case(state, a_page_line(), *lines, state_since=NOW - timedelta(minutes=minutes))
    plan = follow(case, a_page_state(status), *events)
    assert (plan.incident.state is S.ESCALATED) is is_open_again
    assert not of_kind(plan, EffectKind.PAGE)


def test_a_note_is_known_by_its_id_whenever_it_was_made():
    """A webhook and a look tell different times of one note."""
    case = a_paged_case(S.ACKNOWLEDGED)
    first, again = (
        follow(case, a_page_state(P.ACKNOWLEDGED), replace(NOTED, at=NOW + timedelta(seconds=second)))
        for second in (0, 2)
    )
    assert [effect.key for effect in first.effects] == [effect.key for effect in again.effects]
