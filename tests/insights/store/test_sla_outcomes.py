"""The report's numbers against PostgreSQL's own, computed another way, over a quarter of random promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from incidents.basis import Basis
from incidents.lifecycle import IncidentProgress
from incidents.policy.file import parse_policy
from incidents.promises.updates import CustomerUpdate, PromiseState, UpdateKind
from incidents.store.customer_updates import save_updates
from incidents.store.database import Database
from insights.sla_report.iso_week import IsoWeek
from insights.sla_report.outcomes import CUSTOMER_UPDATES, PromiseOutcome
from insights.sla_report.report import (
    ALL_METRICS,
    ALL_POLICIES,
    DIMENSIONS,
    TREND_WEEKS,
    SlaReport,
    sla_report,
)
from insights.sla_report.words import sections
from insights.store.sla_outcomes import read_outcomes
from tests.incidents.builders import POLICY
from tests.incidents.store.examples import new_incident
from tests.incidents.store.sla_history import write_history

WEEK = IsoWeek(2026, 2)
"""The weeks until it lie in two years, the first of which has 52 weeks."""
AFTER = datetime(2026, 1, 12, 6, tzinfo=UTC)
MIDWEEK = datetime(2026, 1, 8, 12, tzinfo=UTC)
COUNTS = ["kept", "missed", "open"]

# Kept or missed by comparing time with target, not by a due time; weeks by PostgreSQL's own calendar; teams, tiers
# and services by joins and subqueries of another shape.
SETTLED = """
with promised as (
    select c.*, to_char(coalesce(c.stopped_at, c.due_at) at time zone 'UTC', 'IYYY"-W"IW') as week,
        extract(epoch from c.worked) / 60 as minutes,
        coalesce((select i.service from incidents i where i.id = c.incident_id),
                 (select i.service from incidents i, tickets t where i.id = t.incident_id
                  and t.ref = c.subject), 'none') as service,
        case when c.subject like 'INC-%' then 'all' else
            coalesce((select nullif(lower(trim(t.tier)), '') from tickets t
                      where t.ref = c.subject), 'none') end as tier,
        case when c.subject like 'INC-%' then 'all' else
            coalesce((select nullif(lower(trim(t.channel)), '') from tickets t
                      where t.ref = c.subject), 'none') end as channel
    from sla_clocks c
    where c.target is not null and not c.is_withdrawn and (c.stopped_at is not null or c.due_at <= :now)
), settled as (
    select *, case service when 'checkout' then 'payments' when 'search' then 'platform' else 'none' end as team,
        (stopped_at is not null and worked < target) as is_kept
    from promised
)
"""
TALLY = """
    count(*) filter (where is_kept) as kept,
    count(*) filter (where not is_kept and stopped_at is not null) as missed,
    count(*) filter (where stopped_at is null) as open,
    count(*) as counted, avg(is_kept::int)::float as share_kept
"""


async def ask(database: Database, query: str, *, now: datetime) -> list[tuple[Any, ...]]:
    async with database.transaction() as tx:
        rows = await tx.execute(text(SETTLED + query), {"now": now, "week": str(WEEK)})
        return sorted(tuple(row) for row in rows)


def listed(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in frame[[*columns]].itertuples(index=False))


def same(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> bool:
    """The same names and counts, and numbers but for the last digits."""
    return len(ours) == len(theirs) and all(
        left == (pytest.approx(float(right)) if isinstance(left, float) else right)
        for one, other in zip(ours, theirs, strict=True)
        for left, right in zip(one, other, strict=True)
    )


async def report_of(database: Database, *, seed: int, now: datetime) -> SlaReport:
    async with database.transaction() as tx:
        await write_history(tx, WEEK, seed=seed, tickets=150, weeks=TREND_WEEKS + 1)
        outcomes = await read_outcomes(tx, WEEK, Basis(parse_policy(POLICY), now), weeks=TREND_WEEKS)
    return sla_report(outcomes, WEEK, now=now)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("now", [AFTER, MIDWEEK], ids=["over", "midweek"])
async def test_numbers_agree_with_sql(database: Database, seed: int, now: datetime):
    """Attainment by each dimension and metric, percentiles, causes, and the trends."""
    report = await report_of(database, seed=seed, now=now)

    for dimension, table in zip(DIMENSIONS, report.attainment, strict=True):
        # `grouping sets` are the totals over metrics too.
        query = f"""
            select {dimension}, coalesce(metric, '{ALL_METRICS}') as metric, {TALLY} from settled where week = :week
            group by grouping sets (({dimension}), ({dimension}, metric))
        """  # noqa: S608
        theirs = await ask(database, query, now=now)
        assert same(listed(table, [dimension, "metric", *COUNTS, "counted", "share_kept"]), theirs)
        assert len(table[dimension].unique()) >= 3, "a random week in which little was promised proves little"

    waits = """
        select {by} policy, metric, count(*), percentile_cont(0.5) within group (order by minutes),
            percentile_cont(0.75) within group (order by minutes),
            percentile_cont(0.9) within group (order by minutes),
            percentile_cont(0.95) within group (order by minutes)
        from settled where stopped_at is not null and metric in ('first_response', 'resolution') and {which}
        group by {by} policy, metric
    """
    columns = ["policy", "metric", "stopped", "p50", "p75", "p90", "p95"]
    theirs = await ask(database, waits.format(by="", which="week = :week"), now=now)
    assert same(listed(report.waits, columns), theirs)
    weeks = ", ".join(f"'{week}'" for week in WEEK.and_before(TREND_WEEKS))
    theirs = await ask(database, waits.format(by="week,", which=f"week in ({weeks})"), now=now)
    assert same(listed(report.wait_trend, ["week", *columns]), theirs)

    causes = """
        select coalesce(b.cause, 'not recorded'), count(*), coalesce(sum(extract(epoch from longest.worked) / 60), 0)
        from settled left join sla_breaches b on b.clock_key = settled.key
        left join lateral (
            select cast(one ->> 'worked' as interval) as worked
            from jsonb_array_elements(b.held) with ordinality as held (one, place) where place = 1
        ) as longest on true
        where week = :week and not is_kept group by 1
    """
    theirs = await ask(database, causes, now=now)
    assert same(listed(report.causes, ["cause", "missed", "held"]), theirs)
    assert len(theirs) > 3
    assert report.causes["missed"].sum() == report.attained.all_missed

    trend = f"""
        select week, coalesce(policy, '{ALL_POLICIES}') as policy, {TALLY} from settled where week in ({weeks})
        group by grouping sets ((week), (week, policy))
    """  # noqa: S608
    theirs = await ask(database, trend, now=now)
    assert same(listed(report.trend, ["week", "policy", *COUNTS, "counted", "share_kept"]), theirs)
    assert {row[0] for row in theirs} == {str(week) for week in WEEK.and_before(TREND_WEEKS)}


async def test_nothing_is_left_out_or_counted_twice(database: Database):
    """In the end each promise that was not withdrawn is in one week, once."""
    await report_of(database, seed=7, now=AFTER)
    later = AFTER + timedelta(weeks=8)
    async with database.transaction() as tx:
        everything = await read_outcomes(
            tx, IsoWeek.of(later), Basis(parse_policy(POLICY), later), weeks=TREND_WEEKS + 14
        )
        promised = await tx.execute(
            text("select key from sla_clocks where target is not null and not is_withdrawn")
        )
        keys = {row.key for row in promised}
    assert everything["key"].is_unique
    assert set(everything["key"]) == keys
    assert set(everything["outcome"]) == {outcome.value for outcome in PromiseOutcome}


async def test_updates_promised_to_customers_are_promises_too(database: Database):
    """Kept and broken ones count in the week in which they were; open and withdrawn ones, and plain news, do not."""
    async with database.transaction() as tx:
        incident = await new_incident(tx)
        ends = ["kept", "broken", "open", "withdrawn", None]
        said = {number: MIDWEEK - timedelta(minutes=30) for number in range(len(ends))}
        await save_updates(
            tx,
            [
                CustomerUpdate(
                    incident=incident.id,
                    number=number,
                    generation=1,
                    kind=UpdateKind.UPDATE,
                    standing=IncidentProgress.IDENTIFIED,
                    once=f"update:{number}",
                    said_at=said[number],
                    owner="Ada",
                    next_by=MIDWEEK,
                    state=PromiseState(end) if end else None,
                    settled_at=MIDWEEK if end in ("kept", "broken") else None,
                )
                for number, end in enumerate(ends)
            ],
        )
        basis = Basis(parse_policy(POLICY), AFTER)
        outcomes = await read_outcomes(tx, WEEK, basis)
        before = await read_outcomes(tx, WEEK.before(), basis)
    columns = ["outcome", "metric", "policy", "team", "minutes", "cause", "held"]
    assert listed(outcomes, columns) == [
        ("kept", "next_update", CUSTOMER_UPDATES, "payments", 30.0, "", 0.0),
        ("missed", "next_update", CUSTOMER_UPDATES, "payments", 30.0, "Ada: identified", 30.0),
    ]
    assert before.empty
    report = sla_report(outcomes, WEEK, now=AFTER)
    (kept,) = [section for section in sections(report) if section.title == "Kept by policy and promise"]
    (row,) = kept.rows
    assert (row[0], row[2:]) == ("updates to customers, next update", ("1", "1", "0"))


async def test_an_empty_store_is_an_empty_report(database: Database):
    """It stops nothing, and says so."""
    async with database.transaction() as tx:
        outcomes = await read_outcomes(tx, WEEK, Basis(parse_policy(POLICY), AFTER), weeks=TREND_WEEKS)
    report = sla_report(outcomes, WEEK, now=AFTER)
    assert str(report.attained) == "nothing was due"
    assert [len(table) for table in (*report.attainment, report.waits, report.causes)] == [0] * 7
    assert len(report.trend) == TREND_WEEKS
