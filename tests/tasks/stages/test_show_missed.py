"""The page of what webhooks missed, as a real Prefect keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from incidents.store.database import Database
from tasks import resources
from tasks.stages.missed import LookedAt, MissedChange
from tasks.stages.show_missed import KEY, show_missed
from tests.incidents.store.examples import HELPDESK
from tests.servers import PrefectServer
from tests.tasks.test_resources import write

CALM = LookedAt(connection=HELPDESK, looked=3)
MISSED = LookedAt(
    connection=HELPDESK,
    looked=3,
    missed=(MissedChange(what="new", subject=f"{HELPDESK}#7", since=None, done="taken in"),),
)


@pytest.fixture
async def installation(
    database: Database, prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    write(tmp_path / "liaison.yaml", "Checkout")
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(tmp_path / "liaison.yaml"))
    with prefect_server.settings(), temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield
    await resources.close()


@pytest.mark.usefixtures("installation")
async def test_written_when_something_was_missed_and_once_when_all_is_calm(prefect_client: PrefectClient):
    """A look each five minutes makes no version each five minutes."""
    before = {one.id for one in await _pages(prefect_client)}
    said = [await show_missed([look]) for look in (CALM, CALM, MISSED, CALM, CALM)]
    assert said[2] == "1 change(s) that no webhook told"
    assert said[4] == "webhooks missed nothing"
    ours = [one for one in await _pages(prefect_client) if one.id not in before]
    pages = [str(one.data) for one in sorted(ours, key=lambda one: str(one.created))]
    assert ["Nothing" in page for page in pages] == [True, False, True]
    assert "| new | 1 |" in pages[1]


async def _pages(client: PrefectClient) -> list[Artifact]:
    """Of all installations that this server has seen: other stories wrote theirs."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[KEY]))
    return await client.read_artifacts(artifact_filter=named)
