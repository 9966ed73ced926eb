"""Links to stories: on to where the page is now, whatever Prefect does, and to nothing that a stranger chooses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.serve import open_gateway
from incidents.store.database import Database
from incidents.store.instance import instance_id
from tests.deployments.gateway.conftest import PACE, Clock
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.incidents.builders import a_policy

UI = "https://prefect.example/x"


@pytest.fixture
async def gateway(database: Database, key: str, clock: Clock, prefect: PrefectApi) -> AsyncIterator[Gateway]:
    prefect.is_away = False

    async with open_gateway(
        database,
        key,
        connect=prefect.connect,
        clock=clock,
        pace=PACE,
        policy=lambda: a_policy(links={"prefect_ui": UI}),
    ) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(gateway, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        yield http


async def page(prefect: PrefectApi, database: Database, key: str, *, owner: str | None = None) -> UUID:
    """A page that Prefect has now; this installation's unless it is somebody else's."""
    async with database.transaction() as tx:
        ours = await instance_id(tx)
    newest = uuid4()
    row = {
        "id": str(uuid4()),
        "key": key,
        "latest_id": str(newest),
        "metadata_": {"installation": owner or ours},
    }
    prefect.pages = [one for one in prefect.pages if one["key"] != key] + [row]
    return newest


async def test_to_the_page_itself(http: httpx.AsyncClient, prefect: PrefectApi, database: Database):
    """Looked up at each click, so that it is right after the page was made anew."""
    for _ in range(2):
        newest = await page(prefect, database, "inc-7")
        answer = await http.get("/incidents/INC-7/story")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{UI}/artifacts/artifact/{newest}")
        assert answer.headers["cache-control"] == "private, no-store"
    newest = await page(prefect, database, "now")
    assert (await http.get("/incidents/now")).headers["location"] == f"{UI}/artifacts/artifact/{newest}"


async def test_an_incident_that_never_was_looks_like_one(
    http: httpx.AsyncClient, prefect: PrefectApi, database: Database
):
    """And another installation's of that number is not ours."""
    await page(prefect, database, "inc-8", owner="another store")
    for name in ("INC-8", "inc-9"):
        answer = await http.get(f"/incidents/{name}/story")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{UI}/artifacts/key/{name.lower()}")


async def test_a_prefect_that_is_away_costs_a_click(http: httpx.AsyncClient, prefect: PrefectApi):
    prefect.is_away = True
    answer = await http.get("/incidents/INC-7/story")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{UI}/artifacts/key/inc-7")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "INC-7",
        "INC-7/",
        "INC-7/story/",
        "INC-x/story",
        "//evil.example/story",
        "NOW",
        "INC-7/story%0d%0ax",
    ],
)
async def test_all_else_is_not_there(http: httpx.AsyncClient, path: str):
    assert (await http.get(f"/incidents/{path}")).status_code == 404


async def test_stories_are_only_read(http: httpx.AsyncClient):
    assert (await http.post("/incidents/INC-7/story")).status_code == 405
