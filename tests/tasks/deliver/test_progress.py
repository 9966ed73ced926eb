"""The page of an update to many, as a real Prefect keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.settings import PREFECT_API_URL, temporary_settings

from incidents.decisions.merging.merge import Merging
from incidents.effects import CustomerText, EffectKind, EffectState
from incidents.fan_out.planning import FanOut
from incidents.models import Incident, PublicText
from incidents.process.merging import merge
from incidents.store.database import Database
from incidents.store.ledger.effects import Settled, lease_effects, plan_effects, settle_effects
from incidents.store.ledger.fan_outs import fan_outs_under_way, read_progress
from tasks import now, resources
from tasks.deliver import progress
from tasks.deliver.progress import finish_fan_outs, show_progress
from tasks.retention.runs import OUR_PAGES, delete_incident_pages
from tasks.without_prefect import without_prefect
from tests.incidents.process.test_process import a_step
from tests.incidents.store.examples import HELPDESK, effect, new_incident
from tests.servers import PrefectServer
from tests.tasks.test_resources import write

LONG = FanOut(next_in=5.0, ends_in=120.0)
OVER = FanOut()


@pytest.fixture
async def incident(
    database: Database, prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Incident]:
    """Three customers wait for a message."""
    write(tmp_path / "liaison.yaml", "Checkout")
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(tmp_path / "liaison.yaml"))
    async with database.transaction() as tx:
        found = await new_incident(tx)
        payload = CustomerText(text=PublicText("It works again."), recipient="7")
        kind = EffectKind.CUSTOMER_MESSAGE
        await plan_effects(
            tx,
            [
                effect(f"m:{one}", incident_id=found.id, target=str(one), kind=kind, payload=payload)
                for one in range(3)
            ],
        )
    with prefect_server.settings():
        # Prefect stays when the store is emptied: what is there of an INC-1 is another installation's by now.
        await delete_incident_pages.fn([found.id, found.id + 1])
        yield found
    await resources.close()


async def tell(database: Database, count: int) -> None:
    async with database.transaction() as tx:
        now = resources.utc_now() + timedelta(seconds=1)
        leased = await lease_effects(tx, now=now, limit=count)
        done = [Settled(id=item.id, fence=item.fence, state=EffectState.DONE) for item in leased]
        await settle_effects(tx, done, now=now)


async def versions(client: PrefectClient, incident: Incident) -> list[str]:
    """The page's headings, the newest first."""
    key = f"inc-{incident.id}-told"
    found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return [str(one.data).splitlines()[0] for one in sorted(found, key=lambda one: str(one.created))[::-1]]


async def test_from_the_beginning_to_the_end(
    database: Database, incident: Incident, prefect_client: PrefectClient
):
    """One page while it lasts, not rewritten at each round; at its end it says so, and is not written any more."""
    await show_progress(incident.id, HELPDESK, LONG)
    assert await versions(prefect_client, incident) == ["# INC-1: customers are being told"]
    await tell(database, 2)
    await show_progress(incident.id, HELPDESK, LONG)
    assert len(await versions(prefect_client, incident)) == 1, "written less than twenty seconds ago"
    await tell(database, 1)
    await show_progress(incident.id, HELPDESK, OVER)
    (only,) = await versions(prefect_client, incident)
    assert only.startswith("# INC-1: all told at ")
    await show_progress(incident.id, HELPDESK, OVER)
    await finish_fan_outs()
    assert len(await versions(prefect_client, incident)) == 1
    assert await delete_incident_pages.fn([incident.id]) >= 1, (
        "it goes with its incident, as those of other tests do"
    )
    assert await versions(prefect_client, incident) == []


async def test_a_prefect_that_hangs_keeps_no_customer_waiting(
    database: Database, incident: Incident, monkeypatch: pytest.MonkeyPatch
):
    """It is given up, and nothing is taken for shown."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        silence = temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api"})
        with silence, monkeypatch.context() as hurried:
            hurried.setattr(progress, "_PATIENCE", 0.2)
            hurried.setattr(now, "_PATIENCE", 0.2)
            async with asyncio.timeout(20):
                await show_progress(incident.id, HELPDESK, LONG)
                assert not await now.write_now()
    assert await now.write_now(), "the next look shows it"
    assert not await now.write_now(), "it reads as it did"
    async with database.transaction() as tx:
        known = await read_progress(tx, incident.id)
    assert known is not None
    assert known.shown_at is None


@pytest.mark.parametrize("key", ["inc-7", "inc-7-told", "inc-7-review", "page-noise"])
def test_pages_of_ours_are_pruned(key: str):
    assert OUR_PAGES.fullmatch(key)


async def test_what_is_over_soon_has_no_page(
    database: Database, incident: Incident, prefect_client: PrefectClient
):
    before = await versions(prefect_client, incident)
    await show_progress(incident.id, HELPDESK, FanOut(next_in=0.0, ends_in=3.0))
    await show_progress(None, HELPDESK, LONG)
    assert await versions(prefect_client, incident) == before
    async with database.transaction() as tx:
        assert await fan_outs_under_way(tx) == []


async def test_ended_while_prefect_was_away(
    database: Database, incident: Incident, prefect_client: PrefectClient
):
    """Nobody could look; when it is back, the next `recover` says that all are told."""
    with without_prefect("away"):
        await show_progress(incident.id, HELPDESK, LONG)
        await tell(database, 3)
        await show_progress(incident.id, HELPDESK, OVER)
    await finish_fan_outs()
    (only,) = await versions(prefect_client, incident)
    assert only.startswith("# INC-1: all told at ")
    async with database.transaction() as tx:
        assert await fan_outs_under_way(tx) == []


async def test_merged_in_the_middle(database: Database, incident: Incident, prefect_client: PrefectClient):
    """The ended one's page says where it goes on, not that all are told; the other's counts from its start."""
    async with database.transaction() as tx:
        into = await new_incident(tx)
    await show_progress(incident.id, HELPDESK, LONG)
    await tell(database, 1)
    async with database.transaction() as tx:
        await merge(a_step(tx), incident.id, into.id, Merging(by="Bo"))
    await finish_fan_outs()
    (ended,) = await versions(prefect_client, incident)
    assert ended == "# INC-1: merged into INC-2, where its customers are told"
    async with database.transaction() as tx:
        assert await fan_outs_under_way(tx) == [into.id]
        known = await read_progress(tx, into.id)
    assert known is not None
    assert [(one.told, one.left) for one in known.helpdesks] == [(1, 2)]
    await tell(database, 2)
    await finish_fan_outs()
    (only,) = await versions(prefect_client, into)
    assert only.startswith("# INC-2: all told at ")
    await delete_incident_pages.fn([incident.id, into.id])
