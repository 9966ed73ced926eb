"""A quarter's promises of all kinds, at random but the same for the same seed, written the way Liaison writes them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import IncidentRef, JoinOrigin, SubjectRef, TicketRef
from incidents.promises.holders import Holder, HolderKind
from incidents.sla.calendars import ALWAYS
from incidents.sla.clock import (
    BREACH,
    Missed,
    SlaClock,
    SlaMetric,
    Stretch,
    due_at,
)
from incidents.store.sla.breaches import note_holders, record_breaches
from incidents.store.sla.clocks import save_clocks
from incidents.store.tickets import link_tickets, save_tickets
from insights.sla_report.iso_week import IsoWeek
from tests.incidents.store.examples import new_incident, ticket

CALENDARS = {ALWAYS.name: ALWAYS}
SERVICES = ("checkout", "search", "gone-from-the-policy")
TIERS = (None, "gold", " GOLD", "standard", "=1+1", "<img src=x>", " ")
CHANNELS = (None, "web", "Mail", '"; drop table tickets', "a|b")
AGENTS = ("Ann", "@SUM(A1)", "佐藤 $x$", "**Bo** | [c](https://evil.example)")
_HOUR = timedelta(hours=1)


async def write_history(tx: AsyncConnection, week: IsoWeek, *, seed: int, tickets: int, weeks: int) -> None:
    """Promises to so many tickets in the weeks until this one, and a little beyond, and to their incidents."""
    draw = random.Random(seed)
    numbers = [(await new_incident(tx, service=service)).id for service in SERVICES]
    written = [
        ticket(number, tier=draw.choice(TIERS), channel=draw.choice(CHANNELS)) for number in range(tickets)
    ]
    await save_tickets(tx, written)
    for one in written:
        if draw.random() < 0.7:
            await link_tickets(
                tx, draw.choice(numbers), [one.ref], origin=JoinOrigin.RULE, reason="", now=week.start
            )
    # One ticket is not known any more.
    subjects = [*(one.ref for one in written), TicketRef(connection="zendesk/support", id="gone")]
    clocks = [
        clock
        for subject in (*subjects, *(IncidentRef(number=number) for number in numbers * 5))
        for clock in _clocks(draw, subject, week, weeks)
    ]
    clocks = [*{clock.key: clock for clock in clocks}.values()]
    await save_clocks(tx, clocks, CALENDARS)
    await _record(tx, draw, clocks, now=week.end)


def _clocks(draw: random.Random, subject: SubjectRef, week: IsoWeek, weeks: int) -> Iterator[SlaClock]:
    for metric in SlaMetric:
        if draw.random() < 0.8:
            yield _clock(draw, subject, metric, week.start - draw.uniform(-1, weeks) * timedelta(weeks=1))


def _clock(draw: random.Random, subject: SubjectRef, metric: SlaMetric, started: datetime) -> SlaClock:
    """Stopped, running or withdrawn, with or without a pause and a target; some stopped on the very second."""
    target = draw.choice([None, *[_HOUR * hours for hours in (1, 4, 8, 24)] * 3])
    worked = draw.choice([draw.uniform(0, 30) * _HOUR, draw.uniform(0, 1) * _HOUR, target or _HOUR])
    is_open = draw.random() < 0.15
    stretches, at = [], started
    for _ in range(draw.choice([1, 1, 2])):
        stretches.append(
            Stretch(since=at, until=at + worked, calendar=ALWAYS.name, worked=worked, ended_by="waiting")
        )
        at = stretches[-1].until + draw.uniform(0, 60) * _HOUR
    return SlaClock(
        subject=subject,
        metric=metric,
        policy=draw.choice(("gold", "silver", "severity-2")),
        calendar=ALWAYS.name,
        target=target,
        warnings=(),
        started_at=started,
        running_since=at if is_open else None,
        stopped_at=None if is_open else stretches[-1].until,
        is_withdrawn=not is_open and draw.random() < 0.1,
        generation=draw.randint(1, 9),
        stretches=tuple(stretches),
    )


async def _record(tx: AsyncConnection, draw: random.Random, clocks: list[SlaClock], *, now: datetime) -> None:
    """Breaches as the sweep records them; some it never saw."""
    missed = [
        Missed(clock=clock, moment=BREACH, at=at)
        for clock in clocks
        if (at := due_at(clock, CALENDARS)) is not None and at <= now and draw.random() < 0.8
    ]
    holders = [
        Holder(
            subject=one.clock.subject,
            since=one.clock.started_at + draw.uniform(-1, 2) * _HOUR,
            holder=draw.choice(AGENTS),
            kind=HolderKind.PERSON,
            state=draw.choice(("open", "new")),
        )
        for one in missed
    ]
    await note_holders(tx, holders)
    await record_breaches(tx, missed, CALENDARS, now=now)
