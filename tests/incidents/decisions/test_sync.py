"""One story in every tool: pages followed by their state, notes passed on once, commands obeyed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.commands.verbs import Verb
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.sync import PageNews, page_news
from incidents.effects import EffectKind, EffectState
from incidents.events import ChatCommand, PageChange
from incidents.models import IncidentState, PageStatus, Stage, TicketStatus
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_lead_page_line,
    a_page_event,
    a_page_line,
    a_page_state,
    a_policy,
    a_ticket,
    after,
    an_incident,
    keys,
    kinds,
    of_kind,
    page_key,
    texts,
    without_probes,
)

S = IncidentState
C = PageChange
P = PageStatus
POLICY = a_policy()


def a_paged_case(state=S.ESCALATED, *pages, linked=None, **changes):
    return a_case(an_incident(state, **changes), linked, ledger=[*(pages or [a_page_line()]), ROOM_LINE])


def news(status, *events, key=None, responders=()):
    """`status` None: the pager no longer has the page."""
    key = key or page_key()
    state = a_page_state(status, *responders, key=key) if status is not None else None
    return PageNews(key=key, events=events or (a_page_event(C.TRIGGERED, actor=""),), state=state)


def follow(case, status, *events, policy=POLICY, now=NOW, **about):
    return page_news(case, news(status, *events, **about), Basis(policy, now))


EXPECTED = {
    (S.ESCALATED, P.ACKNOWLEDGED): S.ACKNOWLEDGED,
    (S.ESCALATED, P.RESOLVED): S.RESOLVED,
    (S.ACKNOWLEDGED, P.TRIGGERED): S.ESCALATED,
    (S.ACKNOWLEDGED, P.RESOLVED): S.RESOLVED,
}


@pytest.mark.parametrize("status", [*P, None])
@pytest.mark.parametrize("state", S)
def test_the_pages_state_decides_whatever_the_event_said(state, status):
    """Every state by every state of the page: four moves, and otherwise nothing at all.

    Even while an action is under way: a page that is out then is an old one, from before a reopening.
    """
    case = a_paged_case(state)
    plan = follow(case, status)
    expected = EXPECTED.get((state, status))
    if expected is None:
        assert plan.incident is case.incident
        assert (plan.effects, plan.entries) == ((), ())
    else:
        assert plan.incident.state is expected


@pytest.mark.parametrize("state", S)
def test_engineers_may_open_their_page_again(state):
    """After it was over: a new generation with its own clock, and nobody is paged a second time."""
    case = a_paged_case(state, page_level=2, checks=1)
    plan = follow(case, P.TRIGGERED, a_page_event(C.REOPENED))
    if state not in (S.RESOLVED, S.CLOSING, S.CLOSED):
        assert plan.incident.generation == 1
        return
    incident = plan.incident
    assert (incident.state, incident.generation, incident.clock_from) == (S.ESCALATED, 2, NOW)
    assert (incident.resolved_at, incident.acknowledged_at, incident.responder) == (None, None, None)
    assert (incident.page_level, incident.checks) == (0, 0)
    assert (incident.next_stage, incident.next_stage_at) == (None, None)
    assert not of_kind(plan, EffectKind.PAGE)
    assert "Ana opened it again" in texts(plan)


def test_a_page_opened_again_and_taken_in_one_breath():
    """Both webhooks in one chunk: it is acknowledged, not left waiting for an acknowledgement that came."""
    events = (a_page_event(C.REOPENED), a_page_event(C.ACKNOWLEDGED, actor="Bo"))
    plan = follow(a_paged_case(S.CLOSED), P.ACKNOWLEDGED, *events)
    incident = plan.incident
    assert (incident.state, incident.responder, incident.generation) == (S.ACKNOWLEDGED, "Bo", 2)
    assert len(set(keys(plan))) == len(keys(plan))


def test_a_page_opened_again_stays_the_one_that_is_out():
    """Although the generation is a new one, and its next level is paged by that generation's key."""
    case = a_paged_case(S.CLOSED)
    case = after(case, follow(case, P.TRIGGERED, a_page_event(C.REOPENED)))
    next_level = a_page_line(1, generation=2)
    case = a_case(case.incident, ledger=[*case.ledger, next_level])
    assert case.page_keys == (page_key(), page_key(1, generation=2))
    plan = follow(case, P.RESOLVED)
    assert plan.incident.state is S.RESOLVED
    assert {effect.target for effect in of_kind(plan, EffectKind.PAGE_RESOLVE)} == set(case.page_keys)


def test_news_of_another_generations_page_moves_nothing():
    """The first life's page is resolved late: the second life's incident stays escalated."""
    pages = [a_page_line(), a_page_line(1), a_page_line(generation=2)]
    case = a_paged_case(S.ESCALATED, *pages, generation=2)
    for level in (0, 1):
        assert follow(case, P.RESOLVED, key=page_key(level)).incident is case.incident
    assert follow(case, P.RESOLVED, key=page_key(generation=2)).incident.state is S.RESOLVED


@pytest.mark.parametrize("change", [C.ACKNOWLEDGED, C.RESOLVED, C.UNACKNOWLEDGED, C.REASSIGNED, C.REOPENED])
@pytest.mark.parametrize("status", [*P, None])
@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("team_is_paged", [True, False])
def test_what_the_owners_lead_does_with_a_page_moves_nothing(team_is_paged, state, status, change):
    """The lead is no engineer: no customer reads that engineers work on it, and nothing is resolved by it."""
    lead = a_lead_page_line()
    pages = [lead, a_page_line(), a_lead_page_line("promise-lapsed")] if team_is_paged else [lead]
    case = a_paged_case(state, *pages)
    assert case.page_keys == ((page_key(),) if team_is_paged else ())
    plan = follow(case, status, a_page_event(change, actor="Lea", key=lead.key), key=lead.key)
    assert plan.incident is case.incident
    assert (plan.effects, plan.entries) == ((), ())


def test_the_owners_lead_does_not_stand_in_for_the_team():
    """The team's page could not be sent: the room's word counts, whoever else was paged."""
    dead = a_page_line(state=EffectState.DEAD)
    case = a_paged_case(S.ESCALATED, dead, a_lead_page_line())
    command = ChatCommand(
        connection="slack/main", room_id="C1", user="bo", verb=Verb.ACKNOWLEDGE, text="", at=NOW
    )
    assert chat_command(case, command, Basis(POLICY, NOW)).incident.state is S.ACKNOWLEDGED


def test_what_engineers_read_and_end_leaves_the_owners_lead_alone():
    """A page handed back is the only one of theirs; and the lead's rings until the incident is over."""
    lead = a_lead_page_line()
    case = a_paged_case(S.ACKNOWLEDGED, a_page_line(), lead)
    assert follow(case, P.TRIGGERED).incident.state is S.ESCALATED
    resolved = follow(case, P.RESOLVED, a_page_event(C.RESOLVED))
    assert [one.target for one in of_kind(resolved, EffectKind.PAGE_RESOLVE)] == [page_key()]


def test_somebody_has_it():
    """Agents are told who, each waiting customer that it is worked on, the room too; once a generation."""
    linked = [a_ticket(1), a_ticket(2, status=TicketStatus.SOLVED)]
    case = a_paged_case(S.ESCALATED, linked=linked)
    plan = follow(case, P.ACKNOWLEDGED, a_page_event(C.ACKNOWLEDGED))
    incident = plan.incident
    assert (incident.responder, incident.acknowledged_at) == ("Ana", NOW)
    assert incident.next_update_at == NOW + timedelta(minutes=60)
    assert kinds(plan) == [
        EffectKind.TICKET_NOTE,
        EffectKind.TICKET_NOTE,
        EffectKind.CHAT_POST,
        EffectKind.CUSTOMER_MESSAGE,
    ]
    (message,) = of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    assert (message.target, message.payload.recipient) == ("1", "customer-1")
    assert message.payload.text == "PROGRESS Checkout INC-7 13:00 UTC"
    handed_back = follow(after(case, plan), P.TRIGGERED)
    later = NOW + timedelta(minutes=1)
    again = follow(after(case, handed_back), P.ACKNOWLEDGED, now=later)
    assert of_kind(again, EffectKind.CUSTOMER_MESSAGE)[0].key == message.key
    notes = {key for key in keys(plan) if "acknowledged" in key}
    assert notes
    assert not notes & set(keys(again))


@pytest.mark.parametrize(
    ("events", "responders", "said_in_chat", "who"),
    [
        ([a_page_event(C.ACKNOWLEDGED)], ("Cy",), None, "Ana"),
        ([a_page_event(C.ACKNOWLEDGED), a_page_event(C.NOTED, actor="Bo")], (), None, "Ana"),
        ([a_page_event(C.ACKNOWLEDGED), a_page_event(C.ACKNOWLEDGED, actor="Bo")], (), None, "Bo"),
        ([a_page_event(C.ACKNOWLEDGED, actor="Liaison", by_us=True)], ("API user",), "bo", "bo"),
        ([a_page_event(C.ACKNOWLEDGED, actor="Liaison", by_us=True)], ("Cy", "Di"), None, "Cy"),
        ([a_page_event(C.NOTED, actor="Bo")], (), None, "An engineer"),
        ([a_page_event(C.ACKNOWLEDGED, actor="")], (), None, "An engineer"),
    ],
)
def test_who_took_it(events, responders, said_in_chat, who):
    """Who made this very change; for our own call on somebody's command, that person; else who has the page."""
    case = a_paged_case(S.ESCALATED, responder=said_in_chat)
    assert follow(case, P.ACKNOWLEDGED, *events, responders=responders).incident.responder == who


def test_handed_back():
    """Nobody has it: the agents learn it, the response clock runs again, and customers are not bothered."""
    plan = follow(a_paged_case(S.ACKNOWLEDGED), P.TRIGGERED, a_page_event(C.UNACKNOWLEDGED))
    incident = plan.incident
    assert (incident.acknowledged_at, incident.responder) == (None, None)
    assert "Ana handed the page back; nobody has it now" in texts(plan)
    assert plan.entries[0].kind is EntryKind.HANDED_ON
    assert not of_kind(plan, EffectKind.CUSTOMER_MESSAGE, EffectKind.PAGE)


def test_a_next_level_that_is_paged_hands_nothing_back():
    """Its page is triggered, as it must be, while somebody has the first one; only handing back hands back."""
    case = a_paged_case(S.ACKNOWLEDGED, a_page_line(), a_page_line(1))
    assert follow(case, P.TRIGGERED, key=page_key(1)).incident is case.incident
    event = a_page_event(C.UNACKNOWLEDGED)
    assert follow(case, P.TRIGGERED, event).incident.state is S.ESCALATED


def test_resolved_by_the_engineers():
    """Every page that is out is resolved, closure is next, and no customer hears it before the proof."""
    case = a_paged_case(
        S.ACKNOWLEDGED, a_page_line(), a_page_line(1), a_page_line(2, state=EffectState.DEAD),
        checks=3, next_update_at=NOW,
    )  # fmt: skip
    plan = follow(case, P.RESOLVED, a_page_event(C.RESOLVED, actor="Bo"))
    incident = plan.incident
    assert (incident.resolved_at, incident.checks, incident.next_update_at) == (NOW, 0, None)
    assert (incident.next_stage, incident.next_stage_at) == (Stage.CLOSURE, NOW)
    assert "Bo resolved it; proof is being taken" in texts(plan)
    assert [effect.target for effect in of_kind(plan, EffectKind.PAGE_RESOLVE)] == [page_key(), page_key(1)]
    assert not of_kind(plan, EffectKind.CUSTOMER_MESSAGE)


def test_a_second_resolution_of_the_same_pages_is_sent_again():
    """Resolved, opened again by the engineers, resolved again: the other levels must not ring on."""
    case = a_paged_case(S.ACKNOWLEDGED, a_page_line(), a_page_line(1))
    first = follow(case, P.RESOLVED)
    case = after(case, first)
    case = after(case, follow(case, P.TRIGGERED, a_page_event(C.REOPENED)))
    second = follow(case, P.RESOLVED)
    assert of_kind(second, EffectKind.PAGE_RESOLVE)
    assert not set(keys(first)) & set(keys(second))


@pytest.mark.parametrize("status", [P.ACKNOWLEDGED, P.TRIGGERED, P.RESOLVED])
@pytest.mark.parametrize("state", S)
def test_the_same_news_twice_is_told_once(state, status):
    """Webhooks are repeated: what was followed is followed no further."""
    case = a_paged_case(state)
    once = after(case, follow(case, status))
    again = follow(once, status)
    assert again.incident is once.incident
    assert again.effects == ()


def test_a_note_reaches_the_agents_and_the_room_but_no_page():
    """It came from a page; the others of the incident's people read it now."""
    event = a_page_event(C.NOTED, text="database failover started")
    plan = follow(a_paged_case(S.ACKNOWLEDGED), P.ACKNOWLEDGED, event)
    assert kinds(plan) == [EffectKind.TICKET_NOTE, EffectKind.TICKET_NOTE, EffectKind.CHAT_POST]
    assert plan.effects[0].payload.text == "INC-7: Ana: database failover started"
    (entry,) = plan.entries
    assert (entry.kind, entry.actor) == ("note", "Ana")


def test_a_note_is_recognised_by_what_identifies_it():
    """The same note is the same key; another page, time or text is another note."""
    case = a_paged_case(S.ACKNOWLEDGED)

    def planned(**changes):
        event = a_page_event(C.NOTED, **{"text": "x", **changes})
        return keys(follow(case, P.ACKNOWLEDGED, event))

    assert planned() == planned(actor="Ana B.")
    others = [planned(text="y"), planned(at=NOW + timedelta(seconds=1)), planned(page_id="P2")]
    assert all(not set(other) & set(planned()) for other in others)


def test_a_repeated_webhook_is_one_note():
    """Twice in one chunk: told once, and once on the timeline."""
    event = a_page_event(C.NOTED, text="x")
    plan = follow(a_paged_case(S.ACKNOWLEDGED), P.ACKNOWLEDGED, event, event)
    assert len(plan.entries) == 1
    assert len(plan.effects) == 3


def test_echoes_of_our_own_notes_are_dropped():
    """A note we wrote comes back as a webhook and goes nowhere; a person's in the same chunk does."""
    ours = a_page_event(C.NOTED, text="from Liaison", by_us=True)
    case = a_paged_case(S.ACKNOWLEDGED)
    assert follow(case, P.ACKNOWLEDGED, ours).effects == ()
    both = follow(case, P.ACKNOWLEDGED, ours, a_page_event(C.NOTED, text="from Ana"))
    assert "from Ana" in texts(both)
    assert "from Liaison" not in texts(both)


@pytest.mark.parametrize("state", S)
def test_notes_are_passed_on_in_every_state(state):
    """Also after the end, from a page that is gone, and together with a change of state."""
    plan = follow(a_paged_case(state), None, a_page_event(C.NOTED, text="root cause: a lock", actor=""))
    assert plan.incident.state is state
    assert "An engineer: root cause: a lock" in texts(plan)
    with_change = follow(
        a_paged_case(S.ESCALATED),
        P.ACKNOWLEDGED,
        a_page_event(C.ACKNOWLEDGED),
        a_page_event(C.NOTED, text="looking"),
    )
    assert with_change.incident.state is S.ACKNOWLEDGED
    assert "Ana: looking" in texts(with_change)


LAPSED = a_page_event(C.RESOLVED, actor="", text="")


@pytest.mark.parametrize("events", [(LAPSED,), ()])
@pytest.mark.parametrize("state", [S.ESCALATED, S.ACKNOWLEDGED])
def test_a_page_resolved_by_nobody_is_no_fix(state, events):
    """A time-out told by a webhook or seen by the poll: without a probe the room and the owner are asked, once."""
    policy = without_probes()
    case = a_paged_case(state, owner="Sam")
    item = PageNews(key=page_key(), events=events, state=a_page_state(P.RESOLVED))
    plan = page_news(case, item, Basis(policy, NOW))
    assert plan.incident == case.incident
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE, EffectKind.TICKET_NOTE]
    assert "The page was resolved by nobody" in texts(plan)
    again = page_news(after(case, plan, policy), item, Basis(policy, NOW))
    assert (again.effects, again.entries) == ((), ())


def test_a_probe_judges_a_page_that_lapsed():
    """Nobody's word, but somebody looks: closure takes proof as ever."""
    plan = page_news(
        a_paged_case(),
        PageNews(key=page_key(), events=(LAPSED,), state=a_page_state(P.RESOLVED)),
        Basis(POLICY, NOW),
    )
    assert (plan.incident.state, plan.incident.next_stage) == (S.RESOLVED, Stage.CLOSURE)
    assert "Nobody (a time-out, or an integration by itself) resolved it" in texts(plan)


def test_the_person_whom_the_poll_names_has_resolved_it():
    """The webhook was lost; the pager knows who it was."""
    state = replace(a_page_state(P.RESOLVED), changed_by="Bo")
    plan = page_news(
        a_paged_case(), PageNews(key=page_key(), events=(), state=state), Basis(without_probes(), NOW)
    )
    assert plan.incident.state is S.RESOLVED
    assert "Bo resolved it" in texts(plan)


def test_after_a_page_that_lapsed_the_rooms_word_counts():
    """No webhook will come of a page that is over already."""
    policy = without_probes()
    case = a_paged_case()
    item = PageNews(key=page_key(), events=(LAPSED,), state=a_page_state(P.RESOLVED))
    asked = after(case, page_news(case, item, Basis(policy, NOW)), policy)
    said = ChatCommand(connection="slack/main", room_id="C1", user="Ana", verb=Verb.RESOLVE, at=NOW)
    assert chat_command(case, said, Basis(policy, NOW)).incident.state is S.ESCALATED
    assert chat_command(asked, said, Basis(policy, NOW)).incident.state is S.RESOLVED
