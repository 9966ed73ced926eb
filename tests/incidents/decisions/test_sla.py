"""Promises in time: each moment told once, the next level paged when one is missed, customers kept informed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import Plan
from incidents.decisions import sla
from incidents.effects import EffectKind
from incidents.lifecycle import OWES_UPDATES, reopen
from incidents.models import IncidentState, Severity, Stage, TicketRef, TicketStatus
from incidents.policy.policy import (
    Rung,
    SlaPolicy,
    SlaStep,
)
from incidents.promises.keeping import TicketTransition, ticket_clocks
from incidents.sla.clock import BREACH
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
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
    with_clocks,
    without_chat,
)

S = IncidentState
POLICY = a_policy()  # severity 2: response 20 min, resolution 4 h, warned at three quarters
START = NOW
WITHOUT_CLOCK = (S.RESOLVED, S.CLOSING, S.CLOSED, S.NOT_AN_INCIDENT, S.MERGED)
RUNNING = sorted(set(S) - set(WITHOUT_CLOCK))


def a_paged_case(state=S.ESCALATED, linked=None, *, policy=POLICY, **changes):
    incident = an_incident(state, clock_from=START, state_since=START, **changes)
    return with_clocks(a_case(incident, linked, ledger=[a_page_line(), ROOM_LINE]), policy)


def at(minutes):
    return START + timedelta(minutes=minutes)


def sweep(case, minutes, *, policy=POLICY, tickets=()):
    due = sla.due_clocks((*case.clocks, *tickets), Basis(policy, at(minutes)))
    return sla.sweep(case, due, Basis(policy, at(minutes)))


def told(plan):
    return [entry.text for entry in plan.entries]


def with_ladder(**ladder):
    """The policy with a ladder: at a moment, what is done."""
    steps = [
        SlaStep(at="breach" if moment == "breach" else int(moment[4:]) / 100, do=list(acts))
        for moment, acts in ladder.items()
    ]
    policy = a_policy(sla={"ladder": steps})
    people = {"lead": Rung(title="Lea", pager_target="lea"), "manager": Rung(title="Max", pager_target="max")}
    payments = policy.teams["payments"].model_copy(update=people)
    return policy.model_copy(update={"teams": {**policy.teams, "payments": payments}})


@pytest.mark.parametrize("state", S)
def test_which_clocks_run(state):
    """First response until somebody has taken it, resolution until it is over; both from this generation's start."""
    case = a_paged_case(state)
    running = [clock.metric for clock in case.clocks if not clock.is_over and clock.target is not None]
    if state in WITHOUT_CLOCK:
        assert running == []
    elif state is S.ACKNOWLEDGED:
        assert running == ["resolution"]
    else:
        assert running == ["first_response", "resolution"]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, []),
        (14, []),
        (15, ["first_response:warn75"]),
        (19, ["first_response:warn75"]),
        (20, ["first_response:warn75", "first_response:breach"]),
        (180, ["first_response:warn75", "first_response:breach", "resolution:warn75"]),
        (
            240,
            ["first_response:warn75", "first_response:breach", "resolution:warn75", "resolution:breach"],
        ),
    ],
)
def test_what_is_to_be_told_when(minutes, expected):
    """Warned before, broken at the very moment; a late sweep finds all that was missed, in order."""
    due = sla.due_clocks(a_paged_case().clocks, Basis(POLICY, at(minutes)))
    assert [f"{item.clock.metric}:{item.moment}" for one in due for item in one.missed] == expected


def test_severity_sets_the_pace():
    """A critical incident has 15 minutes by default."""
    case = a_paged_case(severity=Severity.CRITICAL)
    assert told(sweep(case, 15))[0].startswith("First response missed 0 s ago (due 12:15 UTC, 15 min")


def test_each_moment_is_told_once():
    """Minute by minute through the whole time: one warning and one breach a target, with what goes with it."""
    case, said, planned = a_paged_case(), [], []
    for minute in range(300):
        plan = sweep(case, minute + 0.5)
        case = after(case, plan, now=at(minute + 0.5))
        said += [(minute, text) for text in told(plan)]
        planned += keys(plan)
    assert said == [
        (15, "First response due in 4 min (by 12:20 UTC, 20 min by policy severity-2)"),
        (20, "First response missed 30 s ago (due 12:20 UTC, 20 min by policy severity-2)"),
        (20, "Paged the next level: Payments lead"),
        (180, "Resolution due in 59 min (by 16:00 UTC, 4 h by policy severity-2)"),
        (240, "Resolution missed 30 s ago (due 16:00 UTC, 4 h by policy severity-2)"),
        (240, "Paged the next level: Head of engineering"),
    ]
    assert len(planned) == len(set(planned))


@pytest.mark.parametrize("minutes", [0, 15, 20, 180, 240, 2000])
@pytest.mark.parametrize("state", S)
def test_sweeping_twice_does_nothing_twice(state, minutes):
    """In every state, whatever is due: the second sweep of a minute finds nothing left to do."""
    case = a_paged_case(state, next_update_at=at(0))
    done = after(case, sweep(case, minutes), now=at(minutes))
    again = sweep(done, minutes)
    assert again.incident == done.incident
    assert (again.effects, again.entries) == ((), ())


@pytest.mark.parametrize("state", S)
def test_a_missed_response_brings_help(state):
    """Before the engineers have it, escalation is the next stage; with them, the next level is paged."""
    case = a_paged_case(state)
    plan = sweep(case, 20)
    pages = of_kind(plan, EffectKind.PAGE)
    if state in (S.REPORTED, S.VALIDATING, S.CONFIRMED):
        assert (plan.incident.next_stage, plan.incident.next_stage_at) == (Stage.ESCALATION, at(20))
        assert pages == []
    elif state is S.ESCALATED:
        (page,) = pages
        assert (page.key, page.payload.target) == (page_key(1), "lead")
        assert plan.incident.page_level == 1
    else:
        # Taken, over, or on its way to the engineers already.
        assert pages == []
        assert plan.incident.next_stage is case.incident.next_stage


@pytest.mark.parametrize("state", [S.CONFIRMED, S.MITIGATING])
def test_a_page_that_waits_waits_no_longer_when_a_response_is_missed(state):
    case = a_paged_case(state, held_until=at(60), next_stage=Stage.ESCALATION, next_stage_at=at(60))
    assert sweep(case, 20).incident.next_stage_at == at(20)
    busy = a_paged_case(S.MITIGATING, next_stage=Stage.ESCALATION, next_stage_at=at(60))
    assert sweep(busy, 20).incident.next_stage_at == at(60), "an action under way has its time"


@pytest.mark.parametrize("state", [S.CONFIRMED, S.MITIGATING])
def test_a_page_that_waits_waits_no_longer_when_the_ladder_raises_the_severity(state):
    case = a_paged_case(state, held_until=at(60), next_stage=Stage.ESCALATION, next_stage_at=at(60))
    plan = sweep(case, 15, policy=with_ladder(warn75=["raise_severity"]))
    assert (plan.incident.severity, plan.incident.next_stage_at) == (Severity.CRITICAL, at(15))
    told_only = sweep(case, 15, policy=with_ladder(warn75=["post"]))
    assert told_only.incident.next_stage_at == at(60)


def test_the_ladder_ends():
    """Above the last level there is nobody to page; the breach is told all the same."""
    plan = sweep(a_paged_case(page_level=2), 20)
    assert of_kind(plan, EffectKind.PAGE) == []
    assert plan.incident.page_level == 2
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE, EffectKind.TICKET_NOTE]


def test_each_level_has_its_own_page_and_words():
    """The next level reads in the page that the response is overdue, not that there is time left."""
    first = sweep(a_paged_case(), 25)
    (page,) = of_kind(first, EffectKind.PAGE)
    assert dict(page.payload.details)["SLA"] == (
        "first response was due 5 min ago, resolution within 3 h 35 min"
    )
    second = sweep(a_paged_case(S.ACKNOWLEDGED, page_level=1), 240)
    (page,) = of_kind(second, EffectKind.PAGE)
    assert (page.key, page.connection, page.payload.target) == (page_key(2), "pagerduty/heads", "head")


def test_a_late_sweep_makes_up_for_what_was_missed():
    """After an outage of ours: each clock in one sentence with what had come before, one post, one level paged."""
    case = a_paged_case()
    plan = sweep(case, 600)
    by = "by policy severity-2"
    assert [page.key for page in of_kind(plan, EffectKind.PAGE)] == [page_key(1)]
    assert told(plan) == [
        f"First response missed 9 h 40 min ago (due 12:20 UTC, 20 min {by}); passed before: 75 % at 12:15 UTC",
        f"Resolution missed 6 h 00 min ago (due 16:00 UTC, 4 h {by}); passed before: 75 % at 15:00 UTC",
        "Paged the next level: Payments lead",
    ]
    assert len(of_kind(plan, EffectKind.CHAT_POST)) == 1
    again = sweep(after(case, plan, now=at(600)), 601)
    assert (again.effects, again.entries, again.told_clocks) == ((), (), ())


def test_a_new_generation_has_new_moments():
    """What was told in the first life is told again in the second, by keys of its own."""
    case = a_paged_case()
    first = sweep(case, 20)
    over = after(case, first, now=at(20))
    over = after(over, Plan(incident=replace(over.incident, state=S.CLOSED, resolved_at=at(30))), now=at(30))
    opened = after(over, Plan(incident=reopen(over.incident, now=at(60))), now=at(60))
    assert not sweep(opened, 74).told_clocks
    second = sweep(opened, 80)
    assert [str(clock.generation) for clock in second.told_clocks] == ["2"]
    assert not set(keys(second)) & set(keys(first))


def test_no_chat_no_post():
    """A team without a chat still has its page told."""
    plan = sweep(a_paged_case(), 15, policy=without_chat())
    assert kinds(plan) == [EffectKind.PAGE_NOTE, EffectKind.TICKET_NOTE]


def test_the_accountable_agent_reads_it_on_their_ticket():
    """On the oldest open ticket of the incident's owner; without one, on the oldest open ticket."""
    linked = [
        a_ticket(1, status=TicketStatus.SOLVED, assignee="Ada"),
        a_ticket(2),
        a_ticket(3, assignee="Ada"),
    ]
    for owner, expected in (("Ada", "3"), (None, "2"), ("Bob", "2")):
        (note,) = of_kind(sweep(a_paged_case(linked=linked, owner=owner), 15), EffectKind.TICKET_NOTE)
        assert note.target == expected
        assert note.payload.text.startswith("INC-7: SLA: First response due in 5 min")


def test_the_ladder_says_who_is_told():
    """Owner, lead and manager each at their moment; nobody is told what the ladder does not have."""
    policy = with_ladder(warn75=["tell_lead"], breach=["tell_manager", "raise_severity"])
    case = a_paged_case(policy=policy)
    warned = sweep(case, 15, policy=policy)
    (page,) = warned.effects
    assert (page.key, page.payload.target) == (f"{page_key()[:-1]}lead", "lea")
    case = after(case, warned, policy, now=at(15))
    broken = sweep(case, 20, policy=policy)
    (page,) = broken.effects
    assert (page.kind, page.payload.target) == (EffectKind.PAGE, "max")
    assert broken.incident.severity is Severity.CRITICAL
    assert "Severity raised from 2 to 1 by the SLA's ladder" in told(broken)


def test_a_severity_that_is_raised_makes_haste_and_tells_nothing_twice():
    """The shorter promise of the new severity counts at once; what was told of the longer one is not told again."""
    policy = with_ladder(warn75=["raise_severity"])
    case = a_paged_case(policy=policy)
    warned = sweep(case, 15, policy=policy)
    assert warned.incident.severity is Severity.CRITICAL
    case = after(case, warned, policy, now=at(15))
    # 15 minutes are the whole time of a critical one: missed in the same moment, and told by the next sweep.
    assert [
        str(item.moment) for one in sla.due_clocks(case.clocks, Basis(policy, at(16))) for item in one.missed
    ] == ["breach"]


def test_severity_is_raised_no_further_than_the_worst():
    policy = with_ladder(breach=["raise_severity"])
    plan = sweep(a_paged_case(policy=policy, severity=Severity.CRITICAL), 60, policy=policy)
    assert plan.incident.severity is Severity.CRITICAL


GOLD = SlaPolicy.model_validate(
    {
        "name": "gold",
        "when": {"applies_to": "ticket"},
        "targets": {"first_response": "1h", "resolution": "4h"},
    }
)


def ticket_due(*numbers, policy):
    """The clocks of so many tickets, opened at START."""
    return [
        clock
        for number in numbers
        for clock in ticket_clocks(
            TicketTransition(before=None, after=a_ticket(number, created_at=START, updated_at=START)),
            (),
            policy.sla,
            now=START,
        )
    ]


def test_many_tickets_are_one_post_and_a_note_each():
    """Nobody reads a hundred posts; each agent reads about their own ticket."""
    policy = a_policy(sla={"policies": [GOLD]})
    case = a_paged_case(S.ACKNOWLEDGED, policy=policy)
    clocks = ticket_due(*range(1, 13), policy=policy)
    plan = sweep(case, 60, policy=policy, tickets=clocks)
    (post,) = of_kind(plan, EffectKind.CHAT_POST)
    names = ", ".join(f"#{number}" for number in range(1, 11))
    assert post.payload.text == f"SLA: First response missed on 12 tickets: {names} and 2 more (policy gold)"
    notes = of_kind(plan, EffectKind.TICKET_NOTE)
    assert sorted(int(note.target) for note in notes) == list(range(1, 13))
    assert {clock.was_told(BREACH) for clock in plan.told_clocks} == {True}


def test_a_ticket_of_no_incident_is_told_on_the_ticket():
    """Once for all its moments, in one note; a policy that only counts tells nobody."""
    policy = a_policy(sla={"policies": [GOLD]})
    ref = TicketRef(connection="zendesk/support", id="1")
    due = sla.due_clocks(ticket_due(1, policy=policy), Basis(policy, at(60)))
    (note,) = sla.sweep_ticket(ref, due, Basis(policy, at(60)), instance="test")
    assert (note.incident_id, note.target, note.kind) == (None, "1", EffectKind.TICKET_NOTE)
    assert note.payload.text == (
        "SLA: First response missed 0 s ago (due 13:00 UTC, 1 h by policy gold); passed before: 75 % at 12:45 UTC"
    )
    silent = a_policy(sla={"policies": [GOLD.model_copy(update={"ladder": []})]})
    due = sla.due_clocks(ticket_due(1, policy=silent), Basis(silent, at(60)))
    assert sla.sweep_ticket(ref, due, Basis(silent, at(60)), instance="test") == []
    assert [clock.was_told(BREACH) for clock in sla.told_clocks(due, now=at(60))] == [True]


@pytest.mark.parametrize("state", S)
def test_customers_hear_from_us_when_it_was_promised(state):
    """Until it is proven fixed: each waiting customer, with the next promise; in no other state."""
    linked = [a_ticket(1), a_ticket(2, status=TicketStatus.SOLVED), a_ticket(3)]
    case = a_paged_case(state, linked, next_update_at=at(10), updates_sent=1)
    assert not of_kind(sweep(case, 9), EffectKind.CUSTOMER_MESSAGE)
    plan = sweep(case, 10)
    messages = of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    if state not in OWES_UPDATES:
        assert messages == []
        return
    assert [message.target for message in messages] == ["1", "3"]
    (text,) = {message.payload.text for message in messages}
    is_watched = state is S.RESOLVED
    assert text == f"{'WATCHED' if is_watched else 'UPDATE'} Checkout 13:10 UTC"
    assert plan.incident.updates_sent == 2
    assert plan.incident.next_update_at == at(70)
    assert told(plan)[-1] == "Update 2 to 2 customers"


def test_updates_keep_their_cadence():
    """Every hour one, each with keys of its own; a late one promises from when it was sent."""
    case, sent = a_paged_case(S.ACKNOWLEDGED, next_update_at=at(60)), []
    for minute in (60, 61, 120, 121, 200):
        plan = sweep(case, minute)
        case = after(case, plan, now=at(minute))
        sent += [(minute, key) for key in keys(plan) if ":update:" in key]
    assert [minute for minute, _ in sent] == [60, 60, 120, 120, 200, 200]
    assert len({key for _, key in sent}) == 6
    assert case.incident.next_update_at == at(260)


def test_a_cadence_that_was_switched_off_ends():
    """The update that was promised goes out, without a promise of another one."""
    policy = a_policy(cadence={"enabled": False})
    plan = sweep(a_paged_case(S.ACKNOWLEDGED, next_update_at=at(0)), 0, policy=policy)
    assert plan.incident.next_update_at is None
    assert "UPDATE Checkout\n" in texts(plan)
