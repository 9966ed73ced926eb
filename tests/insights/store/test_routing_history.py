"""What models learn from: labels through incidents, agents' corrections before them, bounds, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from incidents.models import JoinOrigin, Severity
from incidents.policy.insights import InsightKind
from incidents.promises.holders import Holder, HolderKind
from incidents.sla.clock import SlaMetric
from incidents.store.database import Database
from incidents.store.schema.tables import incidents
from incidents.store.sla.breaches import note_holders
from incidents.store.sla.clocks import save_clocks
from incidents.store.tickets import link_tickets, save_tickets
from insights.routing.ticket_frame import COLUMNS, OF_AN_INCIDENT, ticket_frame
from insights.store.breach_promises import read_promises
from insights.store.predictions import correct
from insights.store.routing_history import routing_history
from insights.store.similar_faults import OF_A_FAULT, read_faults
from insights.text import LOOKED_AT
from tests.incidents.store.examples import HELPDESK, MINUTE, NOW, new_incident, ticket
from tests.insights.breach.promise_history import CALENDARS, promises

DAY = timedelta(days=1)


async def written(tx, *tickets, service=None, severity=Severity.HIGH):
    """In the store, and linked if there is a service."""
    await save_tickets(tx, tickets)
    if service is None:
        return None
    incident = await new_incident(tx, service=service, severity=severity)
    await link_tickets(
        tx, incident.id, [one.ref for one in tickets], origin=JoinOrigin.RULE, reason="", now=NOW
    )
    return incident.id


async def history(tx, *, days=365):
    return await routing_history(tx, since=NOW - days * DAY, until=NOW + DAY)


async def test_labels_are_those_of_the_incident_and_the_helpdesk(database: Database):
    async with database.transaction() as tx:
        number = await written(tx, ticket(1, group="web"), service="checkout", severity=Severity.CRITICAL)
        await written(tx, ticket(2, created_at=NOW + MINUTE))
        frame = await history(tx)
    assert frame["ticket"].tolist() == [f"{HELPDESK}#1", f"{HELPDESK}#2"]
    first, second = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert {name: first[name] for name in ("service", "severity", "group", "incident")} == {
        "service": "checkout",
        "severity": "1",
        "group": "web",
        "incident": number,
    }
    assert {second[name] for name in ("service", "severity", "group", "incident")} == {None}


async def test_what_an_agent_said_goes_before_what_the_rules_linked(database: Database):
    """Also for a ticket that the rules linked nowhere, and for which nothing was predicted."""
    async with database.transaction() as tx:
        await written(tx, ticket(1), service="checkout")
        await written(tx, ticket(2))
        for number, label, truth in (
            (1, "service", "search"),
            (2, "service", "accounts"),
            (2, "severity", "4"),
        ):
            await correct(
                tx, f"{HELPDESK}#{number}", kind=InsightKind.ROUTING, label=label, truth=truth, now=NOW
            )
        frame = await history(tx)
    assert frame["service"].tolist() == ["search", "accounts"]
    assert frame["severity"].tolist() == ["2", "4"]


async def test_a_merged_incidents_tickets_are_of_the_one_it_was_merged_into(database: Database):
    async with database.transaction() as tx:
        merged = await written(tx, ticket(1), service="search")
        whole = await written(tx, ticket(2), service="checkout")
        await tx.execute(update(incidents).where(incidents.c.id == merged).values(merged_into=whole))
        frame = await history(tx)
    assert frame["service"].tolist() == ["checkout", "checkout"]
    assert frame["incident"].tolist() == [whole, whole]


async def test_a_storm_does_not_drown_the_rest(database: Database):
    async with database.transaction() as tx:
        storm = [ticket(number, created_at=NOW + number * MINUTE) for number in range(OF_AN_INCIDENT + 30)]
        await written(tx, *storm, service="checkout")
        await written(tx, *(ticket(1000 + number) for number in range(60)))
        frame = await history(tx)
    assert frame["service"].eq("checkout").sum() == OF_AN_INCIDENT
    assert frame["service"].isna().sum() == 60
    assert frame["created_at"].is_monotonic_increasing


async def test_only_the_policys_history_is_read(database: Database):
    async with database.transaction() as tx:
        for number, days in enumerate((0, 9, 11)):
            await written(tx, ticket(number, created_at=NOW - days * DAY))
        frame = await history(tx, days=10)
    assert frame["ticket"].tolist() == [f"{HELPDESK}#1", f"{HELPDESK}#0"]


async def test_of_a_text_the_part_is_read_that_counts(database: Database):
    """A megabyte, an empty one and one with what PostgreSQL cannot hold are tickets like others."""
    async with database.transaction() as tx:
        await written(tx, ticket(1, body="x" * 1_000_000, subject=""), ticket(2, body="a\x00b\ud83d"))
        frame = await history(tx)
    assert frame["body"].str.len().tolist() == [LOOKED_AT, 4]
    assert frame["subject"].isna().tolist() == [True, False]


async def test_an_empty_store_makes_an_empty_frame(database: Database):
    async with database.transaction() as tx:
        frame = await history(tx)
        assert list(await read_promises(tx, since=NOW - DAY, until=NOW)) == []
    assert frame.empty
    assert str(frame["created_at"].dtype).endswith("UTC]")


async def test_a_ticket_is_asked_about_as_it_is_learnt_from(database: Database):
    one = ticket(1, product="Shop", tier="gold", channel="mail", body="words" * 2000)
    async with database.transaction() as tx:
        await written(tx, one)
        learnt = await history(tx)
    asked = ticket_frame([one])
    assert asked.columns.tolist() == [*COLUMNS]
    assert asked.iloc[0].to_dict() == learnt[[*COLUMNS]].iloc[0].to_dict()


async def test_the_tickets_of_one_fault_repeat_those_before_them(database: Database):
    """Known since they were joined, over when the incident was closed; tickets of no incident are left out."""
    async with database.transaction() as tx:
        one = await written(
            tx, *(ticket(n, created_at=NOW + n * MINUTE) for n in range(3)), service="checkout"
        )
        await written(tx, ticket(7, created_at=NOW + 5 * MINUTE, product="Shop"), service="search")
        await written(tx, ticket(8))
        over = {"state": "closed", "resolved_at": NOW + DAY}
        await tx.execute(update(incidents).where(incidents.c.id == one).values(over))
        known = await read_faults(tx, since=NOW - DAY, until=NOW + DAY)
    ids = [f"{HELPDESK}#{number}" for number in (0, 1, 2, 7)]
    assert [report.id for report in known.reports] == ids
    assert [report.service for report in known.reports] == ["checkout"] * 3 + ["search"]
    assert {report.incident for report in known.reports} == {None}, "it is what is asked for"
    assert [(one.newer, one.older) for one in known.duplicates] == [
        (ids[1], ids[0]),
        (ids[2], ids[0]),
        (ids[2], ids[1]),
    ]
    assert [one.known_at for one in known.duplicates] == [NOW + MINUTE, NOW + 2 * MINUTE, NOW + 2 * MINUTE]
    assert known.closed == dict.fromkeys(ids[:3], NOW + DAY)
    assert [*known.incidents.values()] == [f"INC-{one}"] * 3 + [f"INC-{(one or 0) + 1}"]


async def test_of_a_storm_the_first_tickets_teach_what_makes_two_the_same(database: Database):
    async with database.transaction() as tx:
        storm = [ticket(n, created_at=NOW + n * MINUTE) for n in range(OF_A_FAULT + 5)]
        await written(tx, *storm, service="checkout")
        known = await read_faults(tx, since=NOW - DAY, until=NOW + DAY)
    assert len(known.reports) == OF_A_FAULT
    assert known.reports[0].id == f"{HELPDESK}#0"


async def test_promises_come_with_who_had_them(database: Database):
    made = promises(3, first=NOW, last=NOW + 3 * DAY)
    async with database.transaction() as tx:
        number = await written(
            tx, ticket(0, tier="gold", product="Shop"), ticket(1, tier="silver"), service="checkout"
        )
        assert number is not None
        await save_clocks(tx, [one.clock for one in made], CALENDARS)
        for one in made:
            await note_holders(tx, one.holders)
        found = await read_promises(tx, since=NOW - DAY, until=NOW + 10 * DAY)
        newest = await read_promises(tx, since=NOW + DAY, until=NOW + 2 * DAY)
    assert [one.clock for one in found] == [one.clock for one in made]
    assert [one.holders for one in found] == [one.holders for one in made]
    assert [(one.tier, one.product, one.service) for one in found[:2]] == [
        ("gold", "Shop", "checkout"),
        ("silver", None, "checkout"),
    ]
    assert found[0].service_since == NOW
    assert (found[2].tier, found[2].service) == (None, None)
    assert [one.clock.key for one in newest] == [made[1].clock.key]


@pytest.mark.parametrize("changes", [{"is_withdrawn": True}, {"target": None}])
async def test_what_was_withdrawn_or_never_promised_is_left_out(database: Database, changes):
    from dataclasses import replace

    (one,) = promises(1, first=NOW, last=NOW + DAY)
    async with database.transaction() as tx:
        await save_clocks(tx, [replace(one.clock, **changes)], CALENDARS)
        assert list(await read_promises(tx, since=NOW - DAY, until=NOW + DAY)) == []


async def test_an_incidents_promise_has_its_service_from_the_start(database: Database):
    from dataclasses import replace

    (one,) = promises(1, first=NOW, last=NOW + DAY)
    async with database.transaction() as tx:
        incident = await new_incident(tx, service="search")
        clock = replace(one.clock, subject=incident.ref, metric=SlaMetric.MITIGATION)
        await save_clocks(tx, [clock], CALENDARS)
        await note_holders(
            tx,
            [
                Holder(
                    subject=incident.ref,
                    since=NOW,
                    holder="Web, paged",
                    kind=HolderKind.TEAM,
                    state="escalated",
                )
            ],
        )
        (found,) = await read_promises(tx, since=NOW - DAY, until=NOW + DAY)
    assert (found.service, found.service_since, found.tier) == ("search", None, None)
    assert len(found.holders) == 1
