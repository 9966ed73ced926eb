"""An incident that somebody takes has its alerts' monitors told, in the transaction that says who has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from incidents.case import Case, Plan
from incidents.models import IncidentState
from incidents.process.deciding import PendingDecision, decide, decide_all
from incidents.store.database import Database
from incidents.store.schema.tables import alert_episodes, effects, incidents
from tests.incidents.builders import NOW, a_policy
from tests.incidents.process.test_merging import two
from tests.incidents.process.test_process import a_step


def taken(case: Case) -> Plan:
    return Plan(incident=replace(case.incident, state=IncidentState.ACKNOWLEDGED, responder="Jane Doe"))


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(("named", "told"), [(["icinga2/main"], ["web!http"]), ([], [])])
async def test_its_own_alerts(database: Database, many: bool, named: list[str], told: list[str]):
    policy = a_policy(alerts={"acknowledge": named})
    first, second = await two(database, policy=policy)
    async with database.transaction() as tx:
        await tx.execute(update(incidents).values(state="escalated"))
        for number, key in ((first, "web!http"), (second, "web!db")):
            values = {"connection": "icinga2/main", "key": key, "started_at": NOW, "changed_at": NOW}
            await tx.execute(alert_episodes.insert().values(labels=[], incident_id=number, **values))
        step = a_step(tx, policy=policy)
        if many:
            await decide_all(step, [PendingDecision(incident_id=first, decision=taken)])
        else:
            await decide(step, first, taken)
        rows = await tx.execute(select(effects.c.target).where(effects.c.kind == "alert_acknowledge"))
        assert list(rows.scalars()) == told
