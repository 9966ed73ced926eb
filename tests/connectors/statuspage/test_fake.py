"""The fake keeps Statuspage's own rules, as documented: what it lets through is no proof otherwise."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.statuspage.fake.app import API_KEY
from connectors.statuspage.fake.records import MAX_BODY, MAX_NAME, PAGE
from tests.connectors.statuspage.conftest import GONE, StatuspageWorld

BASE = f"http://fake/v1/pages/{PAGE}"


async def call(
    world: StatuspageWorld, method: str, path: str, told: Any = None, **more: Any
) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.fake.app)) as client:
        headers = {"Authorization": f"OAuth {API_KEY}"}
        body = {} if told is None else {"json": {"incident": told}}
        return await client.request(method, f"{BASE}{path}", **{"headers": headers, **body, **more})


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"name": ""},
        {"name": "x" * (MAX_NAME + 1)},
        {"name": "x", "body": "x" * (MAX_BODY + 1)},
        {"name": "x", "status": "done"},
        {"name": "x", "impact_override": "huge"},
        {"name": "x", "metadata": {"liaison": "a text"}},
        {"name": "x", "metadata": []},
        {"name": "x", "components": {GONE: "operational"}},
        {"name": "x", "component_ids": [GONE]},
        {"name": "x", "component_ids": "x"},
    ],
)
async def test_what_is_refused(world: StatuspageWorld, told: dict[str, object]) -> None:
    """422, and nothing is done."""
    answer = await call(world, "POST", "/incidents", told)
    assert (answer.status_code, set(answer.json())) == (422, {"message"})
    assert not world.fake.incidents


async def test_statuses_of_components(world: StatuspageWorld) -> None:
    """A status that is none, and components of what is backfilled, are refused."""
    for told in (
        {"name": "x", "components": {world.checkout: "broken"}},
        {"name": "x", "components": {world.checkout: "operational"}, "backfilled": True},
    ):
        assert (await call(world, "POST", "/incidents", told)).status_code == 422


async def test_the_longest(world: StatuspageWorld) -> None:
    """As long as it may be is taken."""
    told = {"name": "x" * MAX_NAME, "body": "x" * MAX_BODY}
    assert (await call(world, "POST", "/incidents", told)).status_code == 201


async def test_notifications_by_default(world: StatuspageWorld) -> None:
    """Who does not say whether subscribers are told tells them all."""
    made = (await call(world, "POST", "/incidents", {"name": "x", "body": "y"})).json()["id"]
    await call(world, "PATCH", f"/incidents/{made}", {"body": "z"})
    assert world.fake.notified == ["x: y", "x: z"]


async def test_components_without_pages(world: StatuspageWorld) -> None:
    """Once a minute; by pages as often as anything."""
    said = [(await call(world, "GET", "/components")).status_code for _ in range(2)]
    assert said == [200, 429]
    assert (await call(world, "GET", "/components?page=1")).status_code == 200
    world.let_time_pass(60)
    assert (await call(world, "GET", "/components")).status_code == 200


@pytest.mark.parametrize("more", [{"content": b"{"}, {"data": {"incident[name]": "x"}}, {"json": []}])
async def test_bodies_that_are_none(world: StatuspageWorld, more: dict[str, Any]) -> None:
    """The fake takes JSON alone."""
    assert (await call(world, "POST", "/incidents", **more)).status_code == 400
