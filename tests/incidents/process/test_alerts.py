"""Alerts taken in by the step alone: they meet the tickets of one fault, in whichever order, and wake nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from incidents.alerts.episodes import Episode
from incidents.case import EntryKind
from incidents.events import AlertEvent
from incidents.models import Incident, IncidentState, Stage
from incidents.policy.alerts import AlertMatch
from incidents.policy.policy import Policy
from incidents.process.alerts import TakenAlerts, follow_look, take_alerts
from incidents.process.intake import join_and_tell
from incidents.store import retention
from incidents.store.alerts import count_alerts, episodes_of, firing_at, link_episodes, save_episodes
from incidents.store.cases import list_incidents
from incidents.store.database import Database
from incidents.store.timeline import read_timeline
from tests.incidents.builders import NOW, a_policy, a_ticket
from tests.incidents.process.test_process import a_step
from tests.incidents.store.blocked_sessions import until_blocked

CONNECTION = "alertmanager/main"
MINUTE = timedelta(minutes=1)


def with_alerts(**rules: Any) -> Policy:
    """Alerts of the checkout are mapped."""
    policy = a_policy(alerts=rules)
    checkout = policy.service("checkout").model_copy(
        update={
            "alerts": [
                AlertMatch.model_validate({"connection": CONNECTION, "labels": {"service": "checkout"}})
            ]
        }
    )
    return policy.model_copy(update={"services": {**policy.services, "checkout": checkout}})


MAPPED = with_alerts()


def an_alert(
    key: str = "a", *, start: datetime = NOW - 5 * MINUTE, end: datetime | None = None, **labels: str
) -> AlertEvent:
    return AlertEvent(
        connection=CONNECTION,
        key=key,
        started_at=start,
        ended_at=end,
        labels=tuple(sorted((labels or {"service": "checkout"}).items())),
        summary=f"CheckoutDown: nobody can pay ({key})",
    )


async def take(database: Database, *events: AlertEvent, policy: Policy = MAPPED) -> TakenAlerts:
    async with database.transaction() as tx:
        return await take_alerts(a_step(tx, policy=policy), events)


async def look(
    database: Database, *firing: AlertEvent, policy: Policy = MAPPED, now: datetime = NOW + MINUTE
) -> TakenAlerts:
    async with database.transaction() as tx:
        return await follow_look(a_step(tx, policy=policy, now=now), CONNECTION, firing, since=now)


async def write(database: Database, number: int = 1) -> int:
    """A customer complains about the checkout; returns the incident."""
    async with database.transaction() as tx:
        taken = await join_and_tell(a_step(tx, policy=MAPPED), [a_ticket(number)], ())
    return taken.incidents[0]


async def told(database: Database, incident: int) -> list[tuple[EntryKind, str]]:
    kinds = (EntryKind.ALERT_FIRES, EntryKind.ALERT_ENDED, EntryKind.ALERT_SILENCED)
    async with database.transaction() as tx:
        return [(one.kind, one.text) for one in await read_timeline(tx, incident) if one.kind in kinds]


async def incidents(database: Database) -> Sequence[Incident]:
    async with database.transaction() as tx:
        return await list_incidents(tx)


async def settle(database: Database, incident: int, state: IncidentState = IncidentState.CLOSED) -> None:
    async with database.transaction() as tx:
        change = "update incidents set state = :state, next_stage = null, next_stage_at = null where id = :id"
        await tx.execute(text(change), {"state": state.value, "id": incident})


FIRES = (
    EntryKind.ALERT_FIRES,
    "Alert fires: CheckoutDown: nobody can pay (a) (alertmanager/main) since 2026-11-22 11:55 UTC",
)


async def test_first_the_alert_then_the_ticket(database: Database):
    assert await take(database, an_alert()) == TakenAlerts(began=1)
    assert await incidents(database) == []
    number = await write(database)
    assert await told(database, number) == [FIRES]


async def test_first_the_ticket_then_the_alert(database: Database):
    """The claim is looked at again at once: there is something new to know."""
    number = await write(database)
    async with database.transaction() as tx:
        await tx.execute(
            text("update incidents set checks = 2, next_stage_at = :later"), {"later": NOW + MINUTE}
        )
    assert await take(database, an_alert()) == TakenAlerts(began=1, incidents=(number,))
    assert await told(database, number) == [FIRES]
    (incident,) = await incidents(database)
    assert (incident.next_stage, incident.next_stage_at, incident.checks) == (Stage.VALIDATION, NOW, 0)


async def test_at_the_same_moment(database: Database):
    """Neither would see the other's row: the alert waits until the incident is there."""
    async with database.transaction() as tx:
        taken = await join_and_tell(a_step(tx, policy=MAPPED), [a_ticket(1)], ())
        alert = asyncio.create_task(take(database, an_alert()))
        await until_blocked(database)
    assert (await alert).incidents == taken.incidents
    assert await told(database, taken.incidents[0]) == [FIRES]


async def test_repeated_and_late_webhooks_are_told_once(database: Database):
    number = await write(database)
    over = an_alert(end=NOW)
    await take(database, an_alert())
    await take(database, an_alert())
    await take(database, over, an_alert())
    assert await take(database, an_alert(), over) == TakenAlerts()
    ended = (
        EntryKind.ALERT_ENDED,
        "Alert ended: CheckoutDown: nobody can pay (a) (alertmanager/main) at 12:00 UTC",
    )
    assert await told(database, number) == [FIRES, ended]


async def test_acknowledged_at_its_monitor(database: Database):
    """In the story, once, and when it is not any more; by a webhook or by a look. Of no incident, nothing."""
    quiet = replace(an_alert(), is_silenced=True, summary="CheckoutDown (acknowledged by ada)")
    await take(database, an_alert())
    await take(database, quiet)
    number = await write(database)
    assert len(await told(database, number)) == 1
    await take(database, an_alert())
    await take(database, quiet, quiet)
    await look(database, quiet)
    await look(database, an_alert())
    again = (
        EntryKind.ALERT_SILENCED,
        "Its monitor tells people of this alert again: CheckoutDown: nobody can pay (a) (alertmanager/main)",
    )
    assert (await told(database, number))[1:] == [
        again,
        (
            EntryKind.ALERT_SILENCED,
            "Its monitor keeps quiet of this alert now: CheckoutDown (acknowledged by ada) (alertmanager/main)",
        ),
        again,
    ]


async def test_many_at_once_are_one_line(database: Database):
    number = await write(database)
    await take(database, *(an_alert(str(one)) for one in range(1_200)))
    ((_, words),) = await told(database, number)
    assert words.endswith("; and 1195 more")


async def test_an_alert_of_no_service_is_kept_and_counted(database: Database):
    await write(database)
    await take(database, an_alert("b", service="elsewhere", team="x"), an_alert())
    async with database.transaction() as tx:
        (counted,) = await count_alerts(tx)
    assert (counted.connection, counted.firing, counted.of_no_service) == (CONNECTION, 2, 1)
    assert counted.examples[0].labels == (("service", "elsewhere"), ("team", "x"))


async def test_a_service_that_is_named_later(database: Database):
    """The next look finds it, and its incident."""
    await take(database, an_alert(), policy=a_policy())
    number = await write(database)
    assert await told(database, number) == []
    assert await look(database, an_alert()) == TakenAlerts(incidents=(number,))
    assert await told(database, number) == [FIRES]


async def test_the_end_that_nobody_tells(database: Database):
    """One look without it may be of a monitor that has just started; the second ends it, and says what is known."""
    number = await write(database)
    await take(database, an_alert())
    assert await look(database) == TakenAlerts()
    assert await look(database, now=NOW + 6 * MINUTE) == TakenAlerts(ended=1, incidents=(number,))
    ((kind, words),) = (await told(database, number))[1:]
    assert kind is EntryKind.ALERT_ENDED
    assert words.startswith("Its monitor does not know this alert any more, and never said that it ended: Ch")


async def test_a_beginning_that_nobody_told(database: Database):
    number = await write(database)
    assert await look(database, an_alert()) == TakenAlerts(began=1, incidents=(number,))
    assert await take(database, an_alert()) == TakenAlerts()
    assert await told(database, number) == [FIRES]


async def test_it_outlives_its_incident_and_is_told_in_the_next(database: Database):
    first = await write(database)
    await take(database, an_alert())
    await settle(database, first)
    second = await write(database, 2)
    assert second != first
    assert await told(database, second) == [FIRES]
    async with database.transaction() as tx:
        await retention.delete_incidents(tx, [first, second])
        assert [one.incident_id for one in await firing_at(tx, CONNECTION)] == [None]


async def test_an_alert_after_the_fix_is_not_of_the_fault_that_was_fixed(database: Database):
    number = await write(database)
    await settle(database, number, IncidentState.RESOLVED)
    async with database.transaction() as tx:
        await tx.execute(text("update incidents set resolved_at = :at"), {"at": NOW - 10 * MINUTE})
    await take(database, an_alert())
    assert await told(database, number) == []


async def test_nobody_is_woken_by_an_alert_alone_unless_the_policy_opens_incidents(database: Database):
    await take(database, an_alert())
    assert await incidents(database) == []
    opening = with_alerts(open_incidents=True)
    taken = await look(database, an_alert(), policy=opening)
    (incident,) = await incidents(database)
    assert (taken.opened, taken.incidents) == (1, (incident.id,))
    assert incident.title == "Checkout: CheckoutDown: nobody can pay (a) (alertmanager/main)"
    assert incident.next_stage is Stage.VALIDATION
    # What turned out to be no incident is not opened again by the same episode; the next one may.
    await settle(database, incident.id, IncidentState.NOT_AN_INCIDENT)
    assert (await look(database, an_alert(), policy=opening)).opened == 0
    again = an_alert(start=NOW, end=None)
    assert (await take(database, an_alert(end=NOW - MINUTE), again, policy=opening)).opened == 1


@pytest.mark.parametrize("what", ["silenced", "old", "second"])
async def test_what_opens_no_incident(database: Database, what: str):
    """What people know already, what has been firing for days, and what another alert opened one for."""
    opening = with_alerts(open_incidents=True)
    if what == "silenced":
        silenced = AlertEvent(
            connection=CONNECTION,
            key="a",
            started_at=NOW,
            labels=(("service", "checkout"),),
            is_silenced=True,
        )
        assert (await look(database, silenced, policy=opening)).opened == 0
    elif what == "old":
        assert (await take(database, an_alert(start=NOW - timedelta(days=3)), policy=opening)).opened == 0
    else:
        assert (await take(database, an_alert("a"), an_alert("b"), policy=opening)).opened == 1
        assert (await take(database, an_alert("c"), policy=opening)).opened == 0


async def test_what_ended_long_ago_in_no_incident_goes(database: Database):
    await take(database, an_alert(), an_alert("b", end=NOW))
    async with database.transaction() as tx:
        assert await retention.delete_alerts(tx, before=NOW) == 0
        assert await retention.delete_alerts(tx, before=NOW + MINUTE) == 1
        assert [one.key for one in await firing_at(tx, CONNECTION)] == ["a"]


async def test_a_flood_is_told_in_one_incident(database: Database):
    """More at once than one statement takes parameters for; all of them are linked."""
    number = await write(database)
    first, *_, last = flood = [
        Episode(connection=CONNECTION, key=f"{key:05}", started_at=NOW, changed_at=NOW, service="checkout")
        for key in range(11_000)
    ]
    async with database.transaction() as tx:
        await save_episodes(tx, [first, last])
        await link_episodes(tx, {number: flood})
        assert [one.key for one in await episodes_of(tx, number)] == [first.key, last.key]
