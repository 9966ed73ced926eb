"""Promises in time: each moment told once, the next level paged when one is missed, customers kept informed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.decisions import sla
from incidents.effects import EffectKind
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import IncidentState, Severity, Stage, TicketStatus
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
    without_chat,
)

S = IncidentState
POLICY = a_policy()  # severity 2: response 20 min, resolution 4 h, warned at three quarters
START = NOW
WITHOUT_CLOCK = (S.RESOLVED, S.CLOSING, S.CLOSED, S.NOT_AN_INCIDENT, S.MERGED)
RUNNING = sorted(set(S) - set(WITHOUT_CLOCK))


def a_paged_case(state=S.ESCALATED, linked=None, **changes):
    incident = an_incident(state, clock_from=START, **changes)
    return a_case(incident, linked, ledger=[a_page_line(), ROOM_LINE])


def at(minutes):
    return START + timedelta(minutes=minutes)


def sweep(case, minutes, *, policy=POLICY):
    return sla.sweep(case, policy, now=at(minutes))


def told(plan):
    return [entry.text for entry in plan.entries]


@pytest.mark.parametrize("state", S)
def test_which_clocks_run(state):
    """Response until somebody has taken it, resolution until it is over; both from this generation's start."""
    targets = sla.running_targets(an_incident(state, clock_from=START), POLICY)
    names = [target.name for target in targets]
    if state in WITHOUT_CLOCK:
        assert names == []
    elif state is S.ACKNOWLEDGED:
        assert names == ["resolution"]
    else:
        assert names == ["response", "resolution"]
        assert [target.due for target in targets] == [at(20), at(240)]
        assert [target.reached(0.75) for target in targets] == [at(15), at(180)]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, []),
        (14, []),
        (15, [("response", "warned")]),
        (19, [("response", "warned")]),
        (20, [("response", "breached")]),
        (179, [("response", "breached")]),
        (180, [("response", "breached"), ("resolution", "warned")]),
        (240, [("response", "breached"), ("resolution", "breached")]),
    ],
)
def test_what_is_to_be_told_when(minutes, expected):
    """Warned before, breached at the very moment; a late sweep tells the breach and no stale warning."""
    found = sla.missed(a_paged_case().incident, POLICY, now=at(minutes))
    assert [(item.target.name, str(item.moment)) for item in found] == expected


def test_each_warning_is_told_once_and_a_late_sweep_skips_the_stale_ones():
    """Several warnings: the newest that has come is told, the ones before it are not made up for."""
    policy = a_policy(sla={"warn_at": [0.5, 0.9]})
    incident = a_paged_case().incident
    (half,) = sla.missed(incident, policy, now=at(10))
    (late,) = sla.missed(incident, policy, now=at(18))
    assert (half.name, late.name) == ("response:warned50", "response:warned90")
    told = replace(incident, sla_told=("g1:response:warned90",))
    assert sla.missed(told, policy, now=at(19)) == ()


def test_severity_sets_the_pace():
    """A critical incident has 15 minutes by default."""
    incident = an_incident(S.ESCALATED, clock_from=START, severity=Severity.CRITICAL)
    assert sla.running_targets(incident, POLICY)[0].due == at(15)


def test_each_moment_is_told_once():
    """Minute by minute through the whole time: one warning and one breach a target, with what goes with it."""
    case, said, planned = a_paged_case(), [], []
    for minute in range(300):
        plan = sweep(case, minute + 0.5)
        case = after(case, plan)
        said += [(minute, text) for text in told(plan)]
        planned += keys(plan)
    assert said == [
        (15, "Response target due in 4 min"),
        (20, "Response target missed 30 s ago"),
        (20, "Paged the next level: Payments lead"),
        (180, "Resolution target due in 59 min"),
        (240, "Resolution target missed 30 s ago"),
        (240, "Paged the next level: Head of engineering"),
    ]
    assert len(planned) == len(set(planned))


@pytest.mark.parametrize("minutes", [0, 15, 20, 180, 240, 2000])
@pytest.mark.parametrize("state", S)
def test_sweeping_twice_does_nothing_twice(state, minutes):
    """In every state, whatever is due: the second sweep of a minute finds nothing left to do."""
    case = a_paged_case(state, next_update_at=at(0))
    done = after(case, sweep(case, minutes))
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


def test_the_ladder_ends():
    """Above the last level there is nobody to page; the breach is told all the same."""
    plan = sweep(a_paged_case(page_level=2), 20)
    assert of_kind(plan, EffectKind.PAGE) == []
    assert plan.incident.page_level == 2
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE]


def test_each_level_has_its_own_page_and_words():
    """The next level reads in the page that the response is overdue, not that there is time left."""
    first = sweep(a_paged_case(), 25)
    (page,) = of_kind(first, EffectKind.PAGE)
    assert dict(page.payload.details)["SLA"] == "respond was due 5 min ago, resolve within 3 h 35 min"
    second = sweep(a_paged_case(S.ACKNOWLEDGED, page_level=1), 240)
    (page,) = of_kind(second, EffectKind.PAGE)
    assert (page.key, page.connection, page.payload.target) == (page_key(2), "pagerduty/heads", "head")


def test_a_late_sweep_makes_up_for_what_was_missed():
    """After an outage of ours: both breaches told, both levels paged, no warning that has passed."""
    plan = sweep(a_paged_case(), 600)
    assert [page.key for page in of_kind(plan, EffectKind.PAGE)] == [page_key(1), page_key(2)]
    assert told(plan)[0] == "Response target missed 9 h 40 min ago"
    assert not [text for text in told(plan) if "due in" in text]
    assert plan.incident.sla_told == ("g1:response:breached", "g1:resolution:breached")


def test_a_new_generation_has_new_moments():
    """What was told in the first life is told again in the second, by keys of its own."""
    old = ("g1:response:warned", "g1:response:breached")
    plan = sweep(a_paged_case(generation=2, sla_told=old), 20)
    assert plan.incident.sla_told == (*old, "g2:response:breached")
    first = sweep(a_paged_case(), 20)
    assert not set(keys(plan)) & set(keys(first))


def test_no_chat_no_post():
    """A team without a chat still has its page told."""
    assert kinds(sweep(a_paged_case(), 15, policy=without_chat())) == [EffectKind.PAGE_NOTE]


@pytest.mark.parametrize("state", S)
def test_customers_hear_from_us_when_it_was_promised(state):
    """While the engineers have it: each waiting customer, with the next promise; in no other state."""
    linked = [a_ticket(1), a_ticket(2, status=TicketStatus.SOLVED), a_ticket(3)]
    case = a_paged_case(state, linked, next_update_at=at(10), updates_sent=1)
    assert not of_kind(sweep(case, 9), EffectKind.CUSTOMER_MESSAGE)
    plan = sweep(case, 10)
    messages = of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    if state not in WITH_ENGINEERS:
        assert messages == []
        return
    assert [message.target for message in messages] == ["1", "3"]
    assert {message.payload.text for message in messages} == {"UPDATE Checkout 13:10 UTC"}
    assert plan.incident.updates_sent == 2
    assert plan.incident.next_update_at == at(70)
    assert told(plan)[-1] == "Update 2 to 2 customer(s)"


def test_updates_keep_their_cadence():
    """Every hour one, each with keys of its own; a late one promises from when it was sent."""
    case, sent = a_paged_case(S.ACKNOWLEDGED, next_update_at=at(60)), []
    for minute in (60, 61, 120, 121, 200):
        plan = sweep(case, minute)
        case = after(case, plan)
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
