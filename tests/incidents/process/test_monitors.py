"""An incident that somebody takes has its alerts' monitors told, in the transaction that says who has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from incidents.case import Case, Plan
from incidents.models import IncidentState
from incidents.policy.policy import Policy
from incidents.process.deciding import PendingDecision, decide, decide_all
from incidents.store.database import Database
from incidents.store.schema.tables import alert_episodes, effects, incidents
from tests.incidents.builders import NOW, a_policy
from tests.incidents.process.test_merging import merged, two
from tests.incidents.process.test_process import a_step


def taken(case: Case) -> Plan:
    return Plan(incident=replace(case.incident, state=IncidentState.ACKNOWLEDGED, responder="Jane Doe"))


async def two_with_alerts(database: Database, policy: Policy, *states: str) -> tuple[int, int]:
    """In these states, each with an alert of its own that fires."""
    numbers = await two(database, policy=policy)
    async with database.transaction() as tx:
        for number, key, state in zip(numbers, ("web!http", "web!db"), states, strict=True):
            await tx.execute(update(incidents).where(incidents.c.id == number).values(state=state))
            values = {"connection": "icinga2/main", "key": key, "started_at": NOW, "changed_at": NOW}
            await tx.execute(alert_episodes.insert().values(labels=[], incident_id=number, **values))
    return numbers


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(("named", "told"), [(["icinga2/main"], ["web!http"]), ([], [])])
async def test_its_own_alerts(database: Database, many: bool, named: list[str], told: list[str]):
    policy = a_policy(alerts={"acknowledge": named})
    first, _ = await two_with_alerts(database, policy, "escalated", "escalated")
    async with database.transaction() as tx:
        step = a_step(tx, policy=policy)
        if many:
            await decide_all(step, [PendingDecision(incident_id=first, decision=taken)])
        else:
            await decide(step, first, taken)
        rows = await tx.execute(select(effects.c.target).where(effects.c.kind == "alert_acknowledge"))
        assert list(rows.scalars()) == told


@pytest.mark.parametrize(
    ("survivor", "loser", "kinds"),
    [
        ("acknowledged", "escalated", ["alert_acknowledge"]),
        ("acknowledged", "acknowledged", ["alert_acknowledge"]),
        ("resolved", "acknowledged", ["alert_unacknowledge"]),
        ("escalated", "escalated", []),
    ],
)
async def test_alerts_that_come_by_a_merge(
    database: Database, survivor: str, loser: str, kinds: list[str]
) -> None:
    """Who has the incident that goes on has them; where that one is over, nobody has them any more."""
    policy = a_policy(alerts={"acknowledge": ["icinga2/main"]})
    first, second = await two_with_alerts(database, policy, survivor, loser)
    await merged(database, second, first, policy=policy)
    async with database.transaction() as tx:
        told = select(effects.c.kind, effects.c.target, effects.c.incident_id)
        rows = await tx.execute(told.where(effects.c.connection == "icinga2/main"))
        assert [tuple(row) for row in rows] == [(kind, "web!db", first) for kind in kinds]
