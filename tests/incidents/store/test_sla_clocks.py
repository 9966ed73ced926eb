"""Clocks as rows: what is written comes back the same, and what is due is found, told once, and explained."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select

from incidents.models import IncidentRef, JoinOrigin, Severity, TicketStatus
from incidents.policy.policy import Policy, SlaPolicy
from incidents.promises.holders import Holder, HolderKind
from incidents.promises.keeping import TicketTransition
from incidents.promises.subjects import subject_ref
from incidents.sla.clock import (
    BREACH,
    Missed,
    SlaClock,
    SlaMetric,
    next_moment,
    tell,
)
from incidents.sla.events import SlaEvent
from incidents.store.database import Database
from incidents.store.schema.tables import sla_clocks, sla_holders
from incidents.store.sla.breaches import (
    breaches_of,
    note_holders,
    record_breaches,
)
from incidents.store.sla.clocks import (
    all_clocks,
    mark_told,
    read_clocks,
    save_clocks,
)
from incidents.store.sla.due import (
    due_now,
    lock_due_ticket_clocks,
    lock_due_unlinked,
)
from incidents.store.sla.keeping import keep_tickets
from incidents.store.sla.refit import incidents_to_refit, refit_tickets
from incidents.store.tickets import link_tickets, save_tickets
from tests.incidents.builders import a_policy
from tests.incidents.sla.builders import CALENDARS, after, at, hours, newest
from tests.incidents.store.examples import NOW, a_step, new_incident, ticket

EVENTS = [SlaEvent.SEEN, SlaEvent.AGENT_REPLY, SlaEvent.LIAISON_UPDATE, SlaEvent.SOLVED, SlaEvent.REOPENED]
STATUSES = [TicketStatus.OPEN, TicketStatus.WAITING_FOR_CUSTOMER]
GOLD = {
    "name": "gold",
    "when": {"applies_to": "ticket"},
    "targets": {"first_response": "1h", "resolution": "8h"},
}


def gold(**changes: object) -> Policy:
    return a_policy(sla={"policies": [SlaPolicy.model_validate({**GOLD, **changes})]})


def a_life(steps: list[tuple[SlaEvent, TicketStatus]]) -> tuple[SlaClock, ...]:
    clocks = after((), SlaEvent.OPENED, 0)
    for number, (event, status) in enumerate(steps):
        clocks = after(clocks, event, number + 1, status=status)
    return tuple(tell(clock, clock.moments[:1], now=at(9)) for clock in clocks)


@pytest.mark.parametrize("seed", range(25))
async def test_what_is_written_comes_back_the_same(database: Database, seed: int):
    """Stretches, pauses, told moments, generations and rounds; and what is due follows from them."""
    chance = Random(seed)
    clocks = a_life([(chance.choice(EVENTS), chance.choice(STATUSES)) for _ in range(seed % 9)])
    async with database.transaction() as tx:
        await save_clocks(tx, clocks, CALENDARS)
        assert set(await all_clocks(tx, clocks[0].subject)) == set(clocks)
        rows = list(await tx.execute(select(sla_clocks.c.key, sla_clocks.c.next_moment_at)))
    coming = {clock.key: next_moment(clock, CALENDARS) for clock in clocks}
    assert {row.key: row.next_moment_at for row in rows} == {
        key: due[0] if due is not None else None for key, due in coming.items()
    }


async def test_promises_that_were_kept_are_not_read_again(database: Database):
    """Of hundreds of updates only the running one is; all are there to be explained."""
    clocks = after((), SlaEvent.OPENED, 0)
    for hour in range(1, 6):
        clocks = after(clocks, SlaEvent.AGENT_REPLY, hour / 2)
    async with database.transaction() as tx:
        await save_clocks(tx, clocks, CALENDARS)
        (needed,) = (await read_clocks(tx, [clocks[0].subject, IncidentRef(number=1)])).values()
        everything = await all_clocks(tx, clocks[0].subject)
    rounds = [clock.round for clock in needed if clock.metric is SlaMetric.NEXT_UPDATE]
    assert rounds == [5]
    assert len(everything) == len(clocks) > len(needed)


async def test_telling_changes_only_what_is_told(database: Database):
    (clock,) = [one for one in after((), SlaEvent.OPENED, 0) if one.metric is SlaMetric.RESOLUTION]
    async with database.transaction() as tx:
        await save_clocks(tx, [clock], CALENDARS)
        await mark_told(tx, [tell(clock, clock.moments, now=at(8))], CALENDARS)
        (found,) = await all_clocks(tx, clock.subject)
        due = await due_now(tx, now=at(1000))
    assert found == tell(clock, clock.moments, now=at(8))
    assert (due.unlinked, due.incidents) == (0, ())


async def test_holders_are_written_when_they_change(database: Database):
    def had(minutes: int, holder: str) -> Holder:
        since = NOW + timedelta(minutes=minutes)
        return Holder(
            subject=subject_ref("zendesk/support#1"),
            since=since,
            holder=holder,
            kind=HolderKind.PERSON,
            state="open",
        )

    async with database.transaction() as tx:
        for holder in (
            had(0, "Ada"),
            had(1, "Ada"),
            had(2, "Bob"),
            had(2, "Bob"),
            had(3, "Ada"),
            had(1, "Ada"),
        ):
            await note_holders(tx, [holder])
        rows = await tx.execute(select(sla_holders.c.holder).order_by(sla_holders.c.since))
        assert [row.holder for row in rows] == ["Ada", "Bob", "Ada"]


async def test_a_breach_is_kept_with_who_had_it(database: Database):
    """Told again under a longer promise, the record is that of the last."""
    clock = newest(after((), SlaEvent.OPENED, 0), SlaMetric.RESOLUTION)
    turns = [(0, "nobody"), (3, "Ada")]
    async with database.transaction() as tx:
        await note_holders(
            tx,
            [
                Holder(
                    subject=clock.subject, since=at(hour), holder=who, kind=HolderKind.PERSON, state="open"
                )
                for hour, who in turns
            ],
        )
        for hour in (8, 9):
            missed = Missed(clock=clock, moment=BREACH, at=at(hour))
            await record_breaches(tx, [missed], CALENDARS, now=at(hour))
        (breach,) = await breaches_of(tx, clock.subject)
    assert breach.breached_at == at(9)
    assert breach.cause == "Ada: open"
    assert [(one.holder, one.worked) for one in breach.held] == [("Ada", hours(6)), ("nobody", hours(3))]


async def two_tickets(database: Database, policy: Policy) -> int:
    """One of an incident, one of none, both promised a response within the hour; returns the incident's number."""
    async with database.transaction() as tx:
        incident = await new_incident(tx, severity=Severity.LOW)
        both = [ticket(1), ticket(2)]
        await save_tickets(tx, both, sla_fit=policy.sla.fingerprint)
        await link_tickets(tx, incident.id, [both[0].ref], origin=JoinOrigin.RULE, reason="", now=NOW)
        changes = [TicketTransition(before=None, after=one) for one in both]
        await keep_tickets(a_step(tx, policy=policy), changes)
    return incident.id


async def test_what_is_due_is_found_by_whom_it_concerns(database: Database):
    """Nothing before its moment; then the incident of the one, and the other by itself."""
    number = await two_tickets(database, gold())
    early, late = NOW + timedelta(minutes=44), NOW + timedelta(minutes=46)
    async with database.transaction() as tx:
        nothing = await due_now(tx, now=early)
        due = await due_now(tx, now=late)
        by_risk = await due_now(tx, now=late, by_risk=True)
        linked = await lock_due_ticket_clocks(tx, number, now=late)
        unlinked = await lock_due_unlinked(tx, now=late, limit=10)
    assert (nothing.incidents, nothing.unlinked) == ((), 0)
    assert due == by_risk
    assert (due.incidents, due.unlinked) == ((number,), 1)
    assert [str(clock.subject) for clock in linked] == ["zendesk/support#1"]
    assert [str(clock.subject) for clock in unlinked] == ["zendesk/support#2"]


async def test_two_sweeps_at_once_share_the_tickets(database: Database):
    """What one has locked the other leaves to it."""
    await two_tickets(database, gold())
    late = NOW + timedelta(hours=1)
    async with database.transaction() as first, database.transaction() as second:
        assert len(await lock_due_unlinked(first, now=late, limit=10)) == 1
        assert await lock_due_unlinked(second, now=late, limit=10) == []


async def test_after_a_change_of_policy_each_is_fitted_once(database: Database):
    """A few at a time, the settled ones never; then there is nothing left to fit."""
    number = await two_tickets(database, gold())
    longer = gold(targets={"first_response": "2h"})
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket(3, status=TicketStatus.SOLVED)])
        counts = [await refit_tickets(a_step(tx, policy=longer), limit=1) for _ in range(3)]
        (clock,) = [
            one
            for one in await all_clocks(tx, subject_ref("zendesk/support#2"))
            if one.metric is SlaMetric.FIRST_RESPONSE
        ]
        assert list(await incidents_to_refit(tx, longer.sla.fingerprint, limit=5)) == [number]
    assert counts == [1, 1, 0]
    assert clock.target == hours(2)


def test_a_fingerprint_is_of_what_clocks_go_by():
    """The ladder says what is done, not what is counted: changing it counts nothing anew."""
    assert gold().sla.fingerprint == gold().sla.fingerprint
    assert gold(targets={"resolution": "9h"}).sla.fingerprint != gold().sla.fingerprint
