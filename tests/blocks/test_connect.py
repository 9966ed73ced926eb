"""Connections while Prefect is away: what the store last knew of them serves, and nobody waits long for Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from prefect.blocks.core import Block
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings

from blocks.connect import Connections, fulfils
from blocks.http import HttpBlock
from connectors.http import Http, HttpSettings
from connectors.http.settings import HealthProbe
from connectors.redmine import Redmine, RedmineSettings
from incidents.errors import Unreachable
from incidents.ports import ImpactProbe, IssueTracker
from incidents.store.database import Database

NAME = "http/checkout"


@dataclass
class HangingPrefect:
    """It takes calls and never answers."""

    calls: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        await reader.read()
        writer.close()


@pytest.fixture
async def hanging() -> AsyncIterator[HangingPrefect]:
    prefect = HangingPrefect()
    server = await asyncio.start_server(prefect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = {PREFECT_API_URL: f"http://127.0.0.1:{port}/api", PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(address):
        yield prefect
    server.close()


def no_store() -> Database:
    raise AssertionError("this kind of connection keeps nothing in the store")


async def mirrored(name: str) -> Block | None:
    probe = HealthProbe(urls=["https://checkout.example/health"])
    return HttpBlock(probe=probe) if name == NAME else None


@asynccontextmanager
async def opened() -> AsyncIterator[Connections]:
    connections = Connections(no_store, mirrored, patience=0.05)
    yield connections
    await connections.aclose()


async def test_what_was_never_read_is_taken_from_the_mirror_when_prefect_hangs(hanging: HangingPrefect):
    """Its client alone would try for minutes."""
    async with opened() as connections:
        first = await connections.connect(NAME, ImpactProbe)
        assert await connections.connect(NAME, ImpactProbe) is first
        assert hanging.calls <= 1, "what is known serves for a while"


async def test_a_prefect_that_is_known_to_be_away_is_not_asked(hanging: HangingPrefect):
    async with opened() as connections:
        await connections.connect(NAME, ImpactProbe, prefect_is_away=True)
    assert hanging.calls == 0


@pytest.mark.parametrize("prefect_is_away", [True, False])
async def test_what_nobody_knows_cannot_be_reached(hanging: HangingPrefect, prefect_is_away: bool):
    """That passes: whoever wanted it tries again."""
    async with opened() as connections:
        with pytest.raises(Unreachable, match="http/unknown"):
            await connections.connect("http/unknown", ImpactProbe, prefect_is_away=prefect_is_away)


def test_what_a_connector_is_its_class_says():
    """Each has a `check`, so by its methods alone each would be a probe."""
    settings = RedmineSettings.model_validate(
        {"base_url": "http://127.0.0.1:1", "api_key": "of-a-test", "project": "shop"}
    )
    tracker = Redmine("redmine/shop", settings)
    assert isinstance(tracker, ImpactProbe)
    assert not fulfils(tracker, ImpactProbe)
    assert fulfils(tracker, IssueTracker)
    assert fulfils(Http("http/main", HttpSettings()), ImpactProbe)
