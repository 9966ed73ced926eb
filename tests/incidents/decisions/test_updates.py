"""Promised updates: said, warned of, kept by people or by the safe text, broken, and withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import EntryKind, Plan
from incidents.decisions import closure, sla, sync
from incidents.decisions.ticket_change import TicketNews
from incidents.decisions.ticket_news import ticket_news
from incidents.decisions.updates.kept import customers_were_told
from incidents.decisions.updates.lapsing import sweep_updates
from incidents.effects import EffectKind
from incidents.events import PageChange
from incidents.models import Author, IncidentState, Origin, PageStatus, Severity, TicketStatus
from incidents.notes.updates import promises_words
from incidents.policy.cadence import OnLapse
from incidents.policy.policy import Rung
from incidents.promises.updates import KeptBy, PromiseState, UpdateKind, count_promises
from tests.incidents.builders import (
    GREEN,
    NOW,
    ROOM_LINE,
    a_case,
    a_comment,
    a_page_event,
    a_page_line,
    a_page_state,
    a_policy,
    a_ticket,
    after,
    an_incident,
    kinds,
    of_kind,
    texts,
)

S = IncidentState
MINUTE = timedelta(minutes=1)


def at(minutes):
    return NOW + minutes * MINUTE


def paged(linked=None, **changes):
    changes = {"owner": "Ada"} | changes
    return a_case(an_incident(S.ESCALATED, **changes), linked, [a_page_line(), ROOM_LINE])


def acknowledge(case, *, minute=0, policy=None):
    """Somebody takes the page; the customers' message is on its way."""
    news = sync.PageNews(
        key=a_page_line().key,
        events=(a_page_event(PageChange.ACKNOWLEDGED, at=at(minute)),),
        state=a_page_state(PageStatus.ACKNOWLEDGED, "Ana"),
    )
    return then(case, sync.page_news(case, news, Basis(policy or a_policy(), at(minute))), minute)


def then(case, plan, minute=0):
    return after(case, plan, now=at(minute))


def sweep(case, minute, *, policy=None):
    return sweep_updates(case, Basis(policy or a_policy(), at(minute)))


def delivered(case, minute, number=-1):
    """One of its messages reaches a customer."""
    mark = case.updates[number].once
    return then(case, customers_were_told(case, {mark}, Basis(a_policy(), at(minute))), minute)


def reply(*numbers, minute, case, **changes):
    """Agents answer these tickets in public."""
    linked = {item.ticket.ref.id: item.ticket for item in case.tickets}
    news = [
        TicketNews(
            before=linked[str(number)],
            after=linked[str(number)],
            comments=(
                a_comment(
                    "we are on it", **{"id": f"c{number}", "author": Author.AGENT, "at": at(minute)} | changes
                ),
            ),
        )
        for number in numbers
    ]
    return then(case, ticket_news(case, news, Basis(a_policy(), at(minute))), minute)


def taken(**changes):
    """Acknowledged at noon, the customers told that they hear from us by one."""
    return delivered(acknowledge(paged(**changes)), 0)


def test_the_first_message_makes_a_promise_of_its_owner():
    case = acknowledge(paged())
    (update,) = case.updates
    assert (update.number, update.kind, update.owner) == (1, UpdateKind.PROGRESS, "Ada")
    assert (update.said_at, update.next_by, update.warn_at) == (NOW, at(60), at(55))
    assert update.is_open
    assert promises_words(case.updates) == (
        "1 made: 0 kept, 0 broken; the next update is promised by 13:00 UTC (owner: Ada)"
    )


def test_customers_read_whole_minutes_that_are_never_too_early():
    """A promise for 13:00:30 is said as 13:01, and kept until that minute is over."""
    case = paged()
    news = sync.PageNews(key=a_page_line().key, events=(), state=a_page_state(PageStatus.ACKNOWLEDGED, "Ana"))
    plan = sync.page_news(case, news, Basis(a_policy(), NOW + MINUTE / 2))
    (message, *_) = of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    assert message.payload.text.endswith("13:01 UTC")
    (update,) = plan.updates
    assert (update.said_by, update.broken_at) == (at(61), at(62))


def test_its_own_message_does_not_keep_a_promise():
    (update,) = taken().updates
    assert update.is_open


def test_the_owner_is_warned_once_and_reads_what_comes_then():
    case = taken()
    assert sweep(case, 54) == Plan(incident=case.incident)
    plan = sweep(case, 55)
    assert sorted(kinds(plan)) == [EffectKind.CHAT_POST, EffectKind.TICKET_NOTE]
    assert (
        "INC-7: Customers were promised an update by 13:00 UTC. A public reply on their tickets keeps it; who has had "
        "none by then reads that it is being worked on." in texts(plan)
    )
    again = sweep(then(case, plan, 55), 56)
    assert (again.effects, again.updates) == ((), ())


@pytest.mark.parametrize(("warn_before", "minute"), [(timedelta(minutes=50), 30), (None, None)])
def test_a_warning_comes_at_half_time_at_the_earliest_or_never(warn_before, minute):
    policy = a_policy(cadence={"warn_before": warn_before})
    (update,) = acknowledge(paged(), policy=policy).updates
    assert update.warn_at == (at(minute) if minute else None)


def test_nobody_writes_so_the_safe_text_keeps_it():
    """At its moment, to all who wait, with the next promise; what reached them in time has kept the first."""
    case = taken()
    plan = sweep(case, 60)
    assert {message.payload.text for message in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)} == {
        "UPDATE Checkout 14:00 UTC"
    }
    case = then(case, plan, 60)
    assert [update.is_open for update in case.updates] == [True, True]
    case = delivered(case, 60.5)
    first, second = case.updates
    assert (first.state, first.kept_by) == (PromiseState.KEPT, KeptBy.SAFE_TEXT)
    assert second.is_open
    assert promises_words(case.updates) == (
        "2 made: 1 kept (0 by people, 1 by the safe text), 0 broken; "
        "the next update is promised by 14:00 UTC (owner: Ada)"
    )


def test_a_helpdesk_that_does_not_answer_breaks_it():
    """What was planned in time and reached nobody is no update; that it comes later changes nothing any more."""
    case = then(taken(), sweep(taken(), 60), 60)
    plan = sweep(case, 61)
    (entry,) = plan.entries
    assert (entry.kind, entry.text) == (
        EntryKind.PROMISE_BROKEN,
        "Promise broken: customers were to hear from us by 13:00 UTC, and have not (owner: Ada)",
    )
    case = delivered(then(case, plan, 61), 75)
    assert [(one.state, one.kept_by) for one in case.updates] == [
        (PromiseState.BROKEN, KeptBy.NOTHING),
        (PromiseState.OPEN, None),
    ]
    assert sweep(case, 76).entries == ()


def test_an_update_that_comes_late_and_unseen_is_late():
    """No sweep in between: it is what reached them that says so."""
    case = delivered(then(taken(), sweep(taken(), 60), 60), 62)
    assert (case.updates[0].state, case.updates[0].kept_by) == (PromiseState.BROKEN, KeptBy.SAFE_TEXT)


@pytest.mark.parametrize(("minute", "state"), [(60.99, PromiseState.KEPT), (61, PromiseState.BROKEN)])
def test_it_is_kept_until_its_minute_is_over(minute, state):
    case = delivered(then(taken(), sweep(taken(), 60), 60), minute)
    assert case.updates[0].state is state


def test_what_was_owed_is_owed_although_nobody_waits_any_more():
    """The safe text was on its way when the last ticket was solved: what it was to keep, it has not kept."""
    case = then(taken(), sweep(taken(), 60), 60)
    solved = tuple(
        replace(item, ticket=replace(item.ticket, status=TicketStatus.SOLVED)) for item in case.tickets
    )
    plan = sweep(replace(case, tickets=solved), 130)
    assert [update.state for update in plan.updates] == [PromiseState.BROKEN, PromiseState.WITHDRAWN]


def test_an_agents_reply_keeps_it_and_the_cadence_counts_anew():
    case = reply(1, 2, minute=40, case=taken())
    (update,) = case.updates
    assert (update.state, update.kept_by, update.settled_at) == (PromiseState.KEPT, KeptBy.AGENT, at(40))
    assert case.incident.next_update_at == at(100)
    assert not of_kind(sweep(case, 60), EffectKind.CUSTOMER_MESSAGE)
    assert of_kind(sweep(case, 100), EffectKind.CUSTOMER_MESSAGE)


def test_one_reply_keeps_it_to_one_customer():
    """The other customer was promised the same: the safe text goes to them, and not to whoever has an answer."""
    case = reply(1, minute=40, case=taken())
    assert case.updates[0].is_open
    (message,) = of_kind(sweep(case, 60), EffectKind.CUSTOMER_MESSAGE)
    assert message.target == "2"
    case = reply(2, minute=45, case=case)
    assert case.updates[0].kept_by is KeptBy.AGENT


def solved(case, number):
    """Without a word to its customer."""
    return replace(
        case,
        tickets=tuple(
            replace(item, ticket=replace(item.ticket, status=TicketStatus.SOLVED))
            if item.ticket.ref.id == str(number)
            else item
            for item in case.tickets
        ),
    )


@pytest.mark.parametrize("minute", [50, 60, 61, 90])
def test_all_who_still_wait_were_answered(minute):
    """One has an answer, the other's ticket is solved without one: nobody waits for what was promised."""
    case = solved(reply(1, minute=40, case=taken()), 2)
    plan = sweep(case, minute)
    (update,) = plan.updates
    assert (update.state, update.kept_by) == (PromiseState.KEPT, KeptBy.AGENT)
    assert (plan.effects, plan.entries) == ((), ())
    assert plan.incident.next_update_at == at(minute + 60)


def test_solved_for_one_answered_for_none():
    """Whoever waits has had no word: that another one went keeps nothing."""
    plan = sweep(solved(taken(), 2), 61)
    assert [update.state for update in plan.updates[:1]] == [PromiseState.BROKEN]


def test_an_answer_that_is_late_keeps_nothing_for_whom_it_came_late():
    """No sweep in between, the other one gone: the minute was over when the agent wrote."""
    case = solved(reply(1, minute=62, case=taken()), 2)
    plan = sweep(case, 63)
    assert plan.updates[0].state is PromiseState.BROKEN


@pytest.mark.parametrize(
    "changes",
    [
        {"is_public": False},
        {"origin": Origin.AUTOMATIC},
        {"author": Author.LIAISON},
        {"author": Author.CUSTOMER},
        {"at": at(-1)},
    ],
)
def test_what_is_no_agents_word_keeps_nothing(changes):
    """A note, a rule of the helpdesk, our own message, a customer's, and what was written before we promised."""
    case = reply(1, 2, minute=40, case=taken(), **changes)
    assert case.updates[0].is_open
    assert case.updates[0].answered == ()
    assert case.incident.next_update_at == at(60)


def test_the_lead_is_told_instead_where_the_policy_says_so():
    """Paged once, reminded each time; no customer reads a text that nobody wrote."""
    policy = a_policy(cadence={"on_lapse": OnLapse.TELL_LEAD})
    team = policy.teams["payments"].model_copy(update={"lead": Rung(title="Lea", pager_target="lea")})
    policy = policy.model_copy(update={"teams": {**policy.teams, "payments": team}})
    case = taken()
    assert "if there is none by then, the lead is told" in texts(sweep(case, 55, policy=policy))
    plan = sweep(case, 60, policy=policy)
    assert not of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    (page,) = of_kind(plan, EffectKind.PAGE)
    assert page.payload.target == "lea"
    assert (
        "Customers were to hear from us by 13:00 UTC, and nobody has written to them. Accountable: Ada."
        in texts(plan)
    )
    case = then(case, plan, 60)
    broken = sweep(case, 61, policy=policy)
    assert [entry.kind for entry in broken.entries] == [EntryKind.PROMISE_BROKEN]
    reminded = sweep(then(case, broken, 61), 120, policy=policy)
    assert [page.key for page in of_kind(reminded, EffectKind.PAGE)] == [page.key]
    assert of_kind(reminded, EffectKind.PAGE_NOTE)


def test_nobody_waits_so_nothing_is_promised_any_more():
    case = taken()
    solved = tuple(
        replace(item, ticket=replace(item.ticket, status=TicketStatus.SOLVED)) for item in case.tickets
    )
    plan = sweep(replace(case, tickets=solved), 55)
    assert [update.state for update in plan.updates] == [PromiseState.WITHDRAWN]
    assert plan.effects == ()
    assert count_promises(plan.updates).made == 0


def test_a_fix_keeps_it_once_customers_have_read_of_it():
    """While proof is taken the promise stands, and its text says that it is being watched."""
    case = taken()
    event = a_page_event(PageChange.RESOLVED, at=at(30))
    news = sync.PageNews(key=event.key, events=(event,), state=a_page_state(PageStatus.RESOLVED))
    case = then(case, sync.page_news(case, news, Basis(a_policy(), at(30))), 30)
    assert case.incident.next_update_at == at(60)
    assert "WATCHED Checkout 14:00 UTC" in texts(sweep(case, 60))

    for minute in (31, 32):
        case = then(case, closure.decide(case, [GREEN], Basis(a_policy(), at(minute))), minute)
    assert case.incident.state is S.CLOSING
    case = delivered(case, 33)
    promise, fixed = case.updates
    assert (promise.state, promise.kept_by) == (PromiseState.KEPT, KeptBy.FIXED)
    assert (fixed.kind, fixed.next_by, fixed.state) == (UpdateKind.FIXED, None, None)


def test_who_has_had_the_first_message_keeps_its_promise_when_another_engineer_takes_it():
    """It goes to nobody twice, so the time in it stays."""
    case = taken()
    case = replace(
        case, incident=replace(case.incident, state=S.ESCALATED, responder=None, acknowledged_at=None)
    )
    again = acknowledge(case, minute=20)
    assert len(again.updates) == 1
    assert again.incident.next_update_at == at(60)


def test_the_first_word_does_not_say_still():
    """Paged, and nobody has answered: the first message by the cadence is the one that greets."""
    policy = a_policy()
    case = paged(next_update_at=at(15))
    plan = sweep(case, 15, policy=policy)
    assert {message.payload.text for message in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)} == {
        "PROGRESS Checkout INC-7 13:15 UTC"
    }
    case = then(case, plan, 15)
    assert [update.kind for update in case.updates] == [UpdateKind.PROGRESS]


def test_the_worse_it_is_the_sooner_they_hear():
    """By the hand-book: ten minutes for the worst, a quarter of an hour while nobody has it, half an hour then."""
    policy = a_policy(cadence={"update_every": {}})
    for severity, minutes in ((Severity.CRITICAL, 10), (Severity.HIGH, 30)):
        case = acknowledge(paged(severity=severity), policy=policy)
        assert case.incident.next_update_at == at(minutes)


def test_the_sweep_of_promises_sweeps_these_too():
    case = taken()
    plan = sla.sweep(replace(case, clocks=()), [], Basis(a_policy(), at(60)))
    assert of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    assert len(plan.updates) == 2


def test_only_by_hand_is_no_promise():
    """Whom no reply reaches, their agent tells; what the agent tells them is not ours to promise."""
    case = acknowledge(paged([a_ticket(1, is_reachable=False)]))
    assert case.updates == ()
