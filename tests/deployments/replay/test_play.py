"""A slice of the real log through the real gateway, store and intake flow: every ticket is where it should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from connectors.kit.fakes.loopback import serving
from deployments.gateway.serve import open_gateway
from deployments.replay.connection import CONNECTION, signing_secret
from deployments.replay.failure import ReplayError
from deployments.replay.installations import POLICY, running_installation
from deployments.replay.log import LogEvent, read_window, standings
from deployments.replay.play import Target, Traffic, play
from deployments.replay.result import ReplayResult
from flows.intake import intake
from incidents.store.database import Database
from incidents.store.schema.tables import tickets
from tasks import resources
from tests.servers import PrefectServer
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

BEGIN, END = datetime.fromisoformat("2016-04-11T08:00"), datetime.fromisoformat("2016-04-11T09:00")


@pytest.fixture
def hour() -> list[LogEvent]:
    return read_window(shared_path("data/uci_incidents/events.csv.gz"), BEGIN, END)


@pytest.fixture
async def target(
    database: Database, prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Target]:
    """A gateway on loopback; the tasks of this process work on the same store."""
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(POLICY))
    with prefect_server.settings():
        await signing_secret()
        async with (
            open_gateway(database, Fernet.generate_key().decode()) as gateway,
            serving(gateway) as url,
            running_installation(url, database.url) as target,
        ):
            yield target
        await resources.close()


async def replay(events: list[LogEvent], target: Target, traffic: Traffic) -> ReplayResult:
    """Play it while a drain runs beside, rung by the replay's progress in the place of a worker."""
    bell = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(_drain(bell))
        result = await play(events, target, traffic, progress=lambda *_: bell.set())
        draining.cancel()
    return result


async def _drain(bell: asyncio.Event) -> None:
    while True:
        await bell.wait()
        bell.clear()
        await intake()


async def test_an_hour_with_duplicates_and_late_ones_ends_where_the_log_has_it(
    hour: list[LogEvent], target: Target
) -> None:
    result = await replay(hour, target, Traffic(duplicate=0.3, shuffle=50, seed=1))
    assert result.mismatches == []
    assert (result.lost, result.doubled, result.parked) == (0, 0, 0)
    assert (result.events, result.tickets) == (len(hour), len(standings(hour)))
    assert result.duplicates_sent > 0
    assert result.sent == result.events + result.duplicates_sent
    assert result.duplicates_dropped == result.duplicates_sent
    assert result.ok


async def test_an_hour_played_twice_is_two_replays_and_changes_no_ticket(
    hour: list[LogEvent], target: Target
) -> None:
    first = await replay(hour, target, Traffic())
    second = await replay(hour, target, Traffic(shuffle=200, seed=2))
    assert first.ok
    assert second.ok
    assert second.duplicates_dropped == 0, "each replay has ids of its own"


async def test_a_ticket_changed_behind_our_back_is_found(hour: list[LogEvent], target: Target) -> None:
    """The comparison reads the store, not what was sent."""
    await replay(hour, target, Traffic())
    ticket, standing = next(iter(standings(hour).items()))
    async with target.database.transaction() as tx:
        await tx.execute(
            update(tickets)
            .where(tickets.c.connection == CONNECTION, tickets.c.id == ticket)
            .values(reopens=7, version=10_000)
        )
    again = await replay(hour, target, Traffic())
    assert [item.ticket for item in again.mismatches] == [ticket]
    assert again.mismatches[0].found == replace(standing, reopens=7, version=10_000)
    assert not again.ok


async def test_a_wrong_secret_is_told_and_nothing_stored(hour: list[LogEvent], target: Target) -> None:
    forger = replace(target, secret=b"whsec_c29tZWJvZHktZWxzZSdzLXNlY3JldC1rZXk=")
    progress: Callable[[str, int, int], None] = lambda *_: None  # noqa: E731
    with pytest.raises(ReplayError, match="the signature is wrong"):
        await play(hour, forger, Traffic(), progress=progress)
