"""Pages in the ledger: looked for until they were seen, given up when they are not there, found by their id."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from incidents.case import PageSighting
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState, Page, Severity
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.ledger.pages import (
    UNSEEN_FOR,
    incidents_with_unseen_pages,
    page_keys,
    record_sightings,
    taken_pages,
)
from incidents.store.overdue import things_to_do
from incidents.store.schema.tables import effects, incidents
from tests.incidents.store.examples import NOW, effect, new_incident

SECOND = timedelta(seconds=1)
PAGE = Page(summary="Checkout", source="Liaison", severity=Severity.HIGH, target="payments")


@pytest.fixture
async def paged(database: Database) -> int:
    """An escalated incident whose page `k` was taken at NOW."""
    async with database.transaction() as tx:
        incident = await new_incident(tx)
        await tx.execute(
            update(incidents).values(state=IncidentState.ESCALATED.value, next_stage=None, next_stage_at=None)
        )
        page = effect(
            "k", kind=EffectKind.PAGE, incident_id=incident.id, connection="pd/eu", target="k", payload=PAGE
        )
        await plan_effects(tx, [page])
        await tx.execute(update(effects).values(state=EffectState.DONE.value, settled_at=NOW))
    return incident.id


async def unseen(database: Database, after: timedelta) -> list[int]:
    async with database.transaction() as tx:
        found = list(await incidents_with_unseen_pages(tx, now=NOW + after))
        assert (await things_to_do(tx, now=NOW + after)).has_work is bool(found)
        return found


async def test_looked_for_from_the_lag_on_for_an_hour(database: Database, paged: int):
    assert await unseen(database, UNSEEN_FOR - SECOND) == []
    assert await unseen(database, UNSEEN_FOR) == [paged]
    assert await unseen(database, timedelta(hours=1)) == [paged]
    assert await unseen(database, timedelta(hours=1) + SECOND) == []


@pytest.mark.parametrize("state", [IncidentState.RESOLVED, IncidentState.CLOSED, IncidentState.MERGED])
async def test_not_when_it_is_over(database: Database, paged: int, state: IncidentState):
    async with database.transaction() as tx:
        await tx.execute(update(incidents).where(incidents.c.id == paged).values(state=state.value))
    assert await unseen(database, UNSEEN_FOR) == []


async def test_seen_given_up_and_seen_after_all(database: Database, paged: int):
    async def line() -> tuple[str, str, str]:
        async with database.transaction() as tx:
            row = (await tx.execute(select(effects.c.state, effects.c.result, effects.c.detail))).one()
            return tuple(row)

    async def sight(page_id: str | None, why: str = "") -> None:
        async with database.transaction() as tx:
            await record_sightings(tx, [PageSighting(key="k", page_id=page_id, why=why)])

    await sight(None, "no incident: it is disabled")
    assert await line() == ("dead", "", "no incident: it is disabled")
    assert await unseen(database, UNSEEN_FOR) == []
    await sight("P1")
    assert (await line())[:2] == ("done", "P1")
    assert await unseen(database, UNSEEN_FOR) == []
    async with database.transaction() as tx:
        assert await page_keys(tx, "pd/eu", "P1") == ["k"]
        assert await page_keys(tx, "pd/us", "P1") == []
        (taken,) = await taken_pages(tx, paged)
    assert (taken.key, taken.connection, taken.target, taken.taken_at) == ("k", "pd/eu", "payments", NOW)


async def test_a_page_that_is_not_sent_yet_is_left_to_its_sender(database: Database, paged: int):
    """Its lease or its look-up say what becomes of it."""
    for state in (EffectState.PENDING, EffectState.SENDING, EffectState.UNKNOWN):
        async with database.transaction() as tx:
            await tx.execute(update(effects).values(state=state.value))
            await record_sightings(tx, [PageSighting(key="k", page_id=None)])
            assert (await tx.execute(select(effects.c.state))).scalar_one() == state.value
