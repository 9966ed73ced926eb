"""Two incidents that are one: what may be merged, what each of them becomes, and that nobody hears anything twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import PROGRESS, Case, EntryKind, LedgerLine
from incidents.decisions.merging.carried import carried_clocks, carried_updates, withdrawn
from incidents.decisions.merging.merge import Merging, check_merge, merge_plans
from incidents.decisions.participants.taking_part import with_participants
from incidents.decisions.similar import Precedent, tell_precedents
from incidents.decisions.updates.said import is_said
from incidents.effects import EffectKind, EffectState
from incidents.errors import Refused
from incidents.lifecycle import IncidentProgress
from incidents.models import IncidentState, Severity, TicketRef, TicketStatus
from incidents.promises.updates import CustomerUpdate, PromiseState, UpdateKind, count_promises
from incidents.sla.clock import BREACH, Told
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_lead_page_line,
    a_page_line,
    a_policy,
    a_ticket,
    an_incident,
    keys,
    of_kind,
    texts,
)

S = IncidentState
MINUTE = timedelta(minutes=1)
BASIS = Basis(a_policy(), NOW)
SAID = Merging(by="Ada Agent", why="the same  error\ncode")
OPEN = [S.REPORTED, S.VALIDATING, S.CONFIRMED, S.MITIGATING, S.ESCALATED, S.ACKNOWLEDGED, S.REOPENED]


def other(state: IncidentState = S.ESCALATED, **changes):
    """INC-2, into which INC-7 is merged."""
    return an_incident(state, id=2, **changes)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("into", S)
def test_what_may_be_merged_into_what(state, into):
    """Only what goes on takes something in, and only from what is not further along: its page is out, and stays."""
    far = {
        S.REPORTED: 0,
        S.VALIDATING: 0,
        S.CONFIRMED: 1,
        S.REOPENED: 1,
        S.MITIGATING: 2,
        S.ESCALATED: 3,
        S.ACKNOWLEDGED: 4,
    }
    is_fine = state in far and (into is S.RESOLVED or (into in far and far[state] <= far[into]))
    loser, survivor = an_incident(state), other(into)
    if is_fine:
        check_merge(loser, survivor)
        return
    with pytest.raises(Refused) as refused:
        check_merge(loser, survivor)
    assert "INC-7" in str(refused.value)


@pytest.mark.parametrize(
    ("loser", "survivor", "cure"),
    [
        (an_incident(), an_incident(), "name two incidents, as in `merge INC-7 INC-2`"),
        (an_incident(S.MERGED, merged_into=3), other(), "INC-3 already; to merge that one, say `merge INC-3 INC-2`"),
        (an_incident(S.CLOSED), other(), "INC-7 is closed: nothing is done in it any more"),
        (an_incident(), other(S.CLOSED), "INC-2 is closed, and INC-7 is not: leave INC-7 open"),
        (an_incident(), other(S.CLOSING), "its customers read that it works again: leave INC-7 open"),
        (an_incident(S.RESOLVED), other(), "say `merge INC-2 INC-7` before"),
        (an_incident(S.ACKNOWLEDGED), other(), "is further along than INC-2 (escalated): say `merge INC-2 INC-7`"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do_instead(loser, survivor, cure):
    with pytest.raises(Refused) as refused:
        check_merge(loser, survivor)
    assert cure in str(refused.value)


def two(loser=S.ESCALATED, survivor=S.ESCALATED, **changes) -> tuple[Case, Case, Case]:
    """INC-7 before, with ticket 1 and 2; as it is since they went along; and INC-2, with its own ticket 3."""
    before = a_case(an_incident(loser), ledger=[a_page_line(), ROOM_LINE])
    room = replace(ROOM_LINE, key="room-2", target="INC-2", result="C2", detail="inc-2-checkout")
    page = replace(a_page_line(), key="liaison:test:INC-2:g1:page:0", target="liaison:test:INC-2:g1:page:0")
    mine = a_case(other(survivor), [a_ticket(3)], ledger=[page, room])
    return (
        replace(before, **changes),
        replace(before, tickets=(), **changes),
        replace(mine, tickets=(*mine.tickets, *before.tickets)),
    )


def test_the_one_that_ends_wakes_nobody_and_says_where_it_goes_on():
    before, loser, survivor = two()
    loser = replace(loser, ledger=(*loser.ledger, a_page_line(1), a_lead_page_line()))
    plan = merge_plans(before, loser, survivor, SAID, BASIS).loser
    incident = plan.incident
    assert (incident.state, incident.merged_into) == (S.MERGED, 2)
    assert (incident.next_stage, incident.next_stage_at, incident.next_update_at) == (None, None, None)
    resolved = [effect.target for effect in of_kind(plan, EffectKind.PAGE_RESOLVE)]
    assert resolved == [a_page_line().key, a_page_line(1).key, a_lead_page_line().key]
    notes = of_kind(plan, EffectKind.PAGE_NOTE)
    assert [note.target for note in notes] == resolved
    assert "INC-7 was merged into INC-2 by Ada Agent: the same error code." in notes[0].payload.text
    (post,) = of_kind(plan, EffectKind.CHAT_POST)
    assert "It goes on in the room of INC-2 (inc-2-checkout)" in post.payload.text
    assert [entry.text for entry in plan.entries] == [
        "Merged into INC-2, with 2 tickets by Ada Agent: the same error code"
    ]


def test_the_one_that_goes_on_is_as_bad_as_the_worse_and_has_an_owner():
    before, loser, survivor = two()
    worse = replace(before.incident, severity=Severity.CRITICAL, owner="Ben", owner_seen_at=NOW)
    plan = merge_plans(replace(before, incident=worse), loser, survivor, SAID, BASIS).survivor
    assert (plan.incident.severity, plan.incident.owner, plan.incident.owner_seen_at) == (
        Severity.CRITICAL,
        "Ben",
        NOW,
    )
    told = of_kind(plan, EffectKind.TICKET_NOTE)
    assert sorted(effect.target for effect in told) == ["1", "2"], "agents of its own tickets need no note"
    assert "INC-7 was merged into INC-2 with 2 tickets by Ada Agent" in texts(plan)
    assert "Accountable: Ben, who had INC-7" in texts(plan)
    assert EntryKind.JOINED not in {entry.kind for entry in plan.entries}
    assert not of_kind(plan, EffectKind.PAGE, EffectKind.CHAT_ROOM)

    owned = replace(survivor, incident=replace(survivor.incident, owner="Ada"))
    kept = merge_plans(replace(before, incident=worse), loser, owned, SAID, BASIS).survivor
    assert kept.incident.owner == "Ada"
    assert "Accountable: Ada." in of_kind(kept, EffectKind.TICKET_NOTE)[0].payload.text


def test_more_tickets_are_evidence_while_it_is_checked():
    before, loser, survivor = two(S.REPORTED, S.VALIDATING)
    late = replace(survivor, incident=replace(survivor.incident, checks=2, next_stage_at=NOW + 5 * MINUTE))
    plan = merge_plans(before, loser, late, SAID, BASIS).survivor
    assert (plan.incident.checks, plan.incident.next_stage_at) == (0, NOW)


def an_update(incident, number=1, kind=UpdateKind.PROGRESS, *, by=NOW + 20 * MINUTE, **changes):
    given = {
        "incident": incident,
        "number": number,
        "generation": 1,
        "kind": kind,
        "standing": IncidentProgress.INVESTIGATING,
        "once": f"liaison:test:INC-{incident}:g1:{kind}",
        "said_at": NOW - 10 * MINUTE,
        "owner": "Ada",
        "next_by": by,
        "warn_at": by - 2 * MINUTE,
        "state": PromiseState.OPEN,
    }
    return CustomerUpdate(**(given | changes))


def test_of_two_promises_the_earlier_time_counts_for_all():
    before, loser, survivor = two(S.ACKNOWLEDGED, S.ACKNOWLEDGED)
    theirs = an_update(7, by=NOW + 5 * MINUTE, answered=(TicketRef(connection="zendesk/support", id="1"),))
    before = replace(
        before, updates=(theirs,), incident=replace(before.incident, next_update_at=theirs.next_by)
    )
    loser = replace(loser, updates=(theirs,), incident=before.incident)
    survivor = replace(
        survivor,
        updates=(an_update(2),),
        incident=replace(survivor.incident, next_update_at=NOW + 20 * MINUTE),
    )
    plans = merge_plans(before, loser, survivor, SAID, BASIS)
    (kept,) = plans.survivor.updates
    assert (kept.incident, kept.number, kept.next_by, kept.warn_at) == (
        2,
        1,
        NOW + 5 * MINUTE,
        NOW + 3 * MINUTE,
    )
    assert [ref.id for ref in kept.answered] == ["1"]
    assert plans.survivor.incident.next_update_at == NOW + 5 * MINUTE
    (left,) = plans.loser.updates
    assert left.state is PromiseState.WITHDRAWN
    assert count_promises([left, kept]).made == 1


def test_where_only_their_customers_were_told_ours_are_caught_up_and_nobody_hears_it_twice():
    before, loser, survivor = two()
    kept = an_update(7, state=PromiseState.KEPT, settled_at=NOW, said_at=NOW - 9 * MINUTE)
    open_one = an_update(7, 2, UpdateKind.UPDATE, said_at=NOW - 6 * MINUTE)
    before, loser = (replace(case, updates=(kept, open_one)) for case in (before, loser))
    plan = merge_plans(before, loser, survivor, SAID, BASIS).survivor
    first, second = plan.updates
    assert [(one.incident, one.number, one.state) for one in (first, second)] == [
        (2, 1, None),
        (2, 2, PromiseState.OPEN),
    ]
    assert count_promises([kept, *withdrawn([open_one], now=NOW), first, second]).made == 2, (
        "each counts once"
    )
    told = of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    # To the others it is planned as well, under the key that the ledger has as sent.
    assert {effect.target for effect in told} == {"1", "2", "3"}
    assert {effect.once for effect in told} == {"liaison:test:INC-2:g1:progress"}
    seen = replace(survivor, updates=plan.updates)
    assert is_said(seen, PROGRESS)
    assert not is_said(survivor, PROGRESS)


@pytest.mark.parametrize(
    ("ours", "theirs", "promised", "due"),
    [
        (20, 5, (), 5),
        (None, 5, (), 5),
        (20, None, (), 20),
        (20, 5, (2,), 20),
        (20, 5, (7,), 5),
        (None, None, (), None),
    ],
)
def test_who_was_told_when_we_write_next_is_written_to_then(ours, theirs, promised, due):
    """A time that nobody was told of does not bring forward one that was."""
    before, loser, survivor = two(S.ESCALATED, S.ACKNOWLEDGED)
    at = {None: None, 5: NOW + 5 * MINUTE, 20: NOW + 20 * MINUTE}
    before = replace(
        before,
        incident=replace(before.incident, next_update_at=at[theirs]),
        updates=(an_update(7, by=at[5]),) if 7 in promised else (),
    )
    survivor = replace(
        survivor,
        incident=replace(survivor.incident, next_update_at=at[ours]),
        updates=(an_update(2),) if 2 in promised else (),
    )
    plan = merge_plans(before, loser, survivor, SAID, BASIS).survivor
    assert plan.incident.next_update_at == at[due]


def test_who_is_settled_is_told_nothing_by_a_merge():
    before, loser, survivor = two(S.ACKNOWLEDGED, S.ACKNOWLEDGED)
    survivor = replace(survivor, updates=(an_update(2),))
    done = a_ticket(2, status=TicketStatus.SOLVED)
    before = replace(before, tickets=(before.tickets[0], replace(before.tickets[1], ticket=done)))
    plan = merge_plans(before, loser, survivor, SAID, BASIS).survivor
    assert {effect.target for effect in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)} == {"1"}


def test_clocks_count_from_when_the_first_of_them_began_to_wait():
    before, _, survivor = two()
    old = NOW - 50 * MINUTE
    theirs = tuple(
        replace(
            clock, started_at=old, running_since=old, told=(Told(moment=BREACH, target=clock.target, at=NOW),)
        )
        for clock in before.clocks
    )
    carried = carried_clocks(replace(before, clocks=theirs), survivor)
    assert {clock.key for clock in carried} == {clock.key for clock in survivor.clocks}
    assert {(clock.started_at, clock.running_since) for clock in carried} == {(old, old)}
    promised = [clock for clock in carried if clock.target is not None]
    assert promised
    assert all(clock.was_told(BREACH) for clock in promised), "what was told there is not told again"
    assert carried_clocks(before, replace(survivor, clocks=theirs)) == ()


def test_promises_of_an_incident_that_promised_nothing_are_none():
    before, _, survivor = two()
    assert carried_updates(before, survivor) == ()


def opening(number: int) -> LedgerLine:
    key = f"liaison:test:INC-{number}:g1:status-page"
    return LedgerLine(
        key=key,
        kind=EffectKind.STATUS_PAGE_OPEN,
        state=EffectState.DONE,
        connection="staticpage/main",
        target=f"INC-{number}",
        result="p",
    )


def test_of_two_public_incidents_one_ends_and_does_not_claim_a_fix():
    before, loser, survivor = two()
    loser = replace(loser, ledger=(*loser.ledger, opening(7)))
    plan = merge_plans(before, loser, survivor, SAID, BASIS).loser
    (said,) = of_kind(with_participants(loser, plan, BASIS), EffectKind.STATUS_PAGE_UPDATE)
    assert said.key.endswith(":fixed")
    assert "same as another one that we tell of here" in said.payload.text
    assert "fixed" not in said.payload.text


def test_a_question_that_the_merge_has_answered_is_asked_no_longer():
    """The public reads of the other one; and of the one that ended nobody need decide anything."""
    before, loser, survivor = two()
    asked = Approval(
        incident=2, generation=1, subject=ApprovalSubject.STATUS_PAGE, state=ApprovalState.ASKED,
        asked_at=NOW, expires_at=NOW + 60 * MINUTE,
    )  # fmt: skip
    before = replace(before, ledger=(*before.ledger, opening(7)))
    affected = replace(asked, subject=ApprovalSubject.AFFECTED)
    survivor = replace(survivor, ledger=(*survivor.ledger, opening(7)), approvals=(affected, asked))
    plans = merge_plans(before, loser, survivor, SAID, BASIS)
    # Whether those who have not written may be told, the public page does not answer.
    (over,) = plans.survivor.approvals
    assert (over.subject, over.state, over.why) == (
        ApprovalSubject.STATUS_PAGE,
        ApprovalState.EXPIRED,
        "the public reads of INC-7 already, which is the same",
    )
    public = with_participants(survivor, plans.survivor, BASIS)
    assert not of_kind(public, EffectKind.STATUS_PAGE_OPEN, EffectKind.STATUS_PAGE_UPDATE)

    policy = a_policy()
    team = policy.teams["payments"].model_copy(update={"status_page": "staticpage/main"})
    basis = Basis(policy.model_copy(update={"teams": {**policy.teams, "payments": team}}), NOW)
    loser = replace(loser, approvals=(replace(asked, incident=7),))
    plan = with_participants(loser, merge_plans(before, loser, survivor, SAID, basis).loser, basis)
    assert [one.why for one in plan.approvals] == ["INC-7 was merged into INC-2"]


def test_the_same_words_make_the_same_keys():
    """A commit that was written after all is done again without a second page, post or note."""
    before, loser, survivor = two()
    first, second = (merge_plans(before, loser, survivor, SAID, BASIS) for _ in range(2))
    assert keys(first.loser) == keys(second.loser)
    assert keys(first.survivor) == keys(second.survivor)
    assert len(set(keys(first.survivor))) == len(keys(first.survivor))


@pytest.mark.parametrize("is_open", [True, False])
def test_one_that_looks_the_same_is_suggested_with_the_command(is_open):
    """Only of one that is open; told once, and nothing is merged by itself."""
    like = Precedent(
        incident="INC-2", probability=0.71, is_open=is_open, fixed_by="", reasons=('both say "voucher"',)
    )
    case = a_case(S.ESCALATED)
    plan = tell_precedents(case, [like], now=NOW)
    assert ("if it is the same fault, say `merge INC-7 INC-2`" in texts(plan)) is is_open
    assert plan.incident.state is S.ESCALATED
    assert plan.effects == ()
    (evidence,) = plan.incident.evidence
    assert evidence.text in plan.entries[0].text
    again = tell_precedents(replace(case, incident=plan.incident), [like], now=NOW)
    assert again.entries == ()


@pytest.mark.parametrize("linked", [[], [a_ticket(9)], [a_ticket(9, status=TicketStatus.SOLVED)]])
def test_the_worse_severity_goes_on_whoever_waits(linked):
    """What only an alert, or customers who were answered, said of the one that ends is as bad as it was."""
    loser = a_case(an_incident(S.CONFIRMED, id=3, severity=Severity.CRITICAL), linked)
    survivor = a_case(an_incident(S.ESCALATED, severity=Severity.MEDIUM))
    plan = merge_plans(loser, replace(loser, tickets=()), survivor, SAID, BASIS).survivor
    assert plan.incident.severity is Severity.CRITICAL
    assert [entry.kind for entry in plan.entries].count(EntryKind.SEVERITY) == 1
    back = merge_plans(survivor, replace(survivor, tickets=()), loser, SAID, BASIS).survivor
    assert back.incident.severity is Severity.CRITICAL
