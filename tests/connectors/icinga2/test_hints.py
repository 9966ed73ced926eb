"""Icinga's events: what changes is heard at once, whatever they say, and looks go on where they are not heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

import pytest

from bench.sandbox import until
from connectors.icinga2 import Icinga2
from connectors.icinga2.fake.app import FakeIcinga2
from connectors.icinga2.hearing.hints import LookHints
from connectors.kit.fakes.loopback import serving
from incidents.errors import NotAllowed, Unreachable
from incidents.events import AlertEvent
from tests.connectors.icinga2.conftest import NAME, Clock, settings

PATIENCE = 20.0
NEVER = 500.0
"""Seconds between looks, longer than any test: what is heard was heard by the stream."""


class Ear:
    """Somebody who listens, and what was heard so far."""

    def __init__(self, icinga: Icinga2, cursor: str | None = None) -> None:
        self.icinga = icinga
        self.cursor = cursor
        self.heard: list[AlertEvent] = []
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async with aclosing(self.icinga.listen(self.cursor)) as said:
            async for one in said:
                self.cursor = one.cursor
                for delivery in one.deliveries:
                    self.heard += [
                        event for event in self.icinga.events(delivery) if isinstance(event, AlertEvent)
                    ]

    async def hears(self, count: int) -> list[AlertEvent]:
        """So many in all."""

        async def has() -> bool:
            return len(self.heard) >= count

        await until(f"{count} are heard", has, PATIENCE)
        return self.heard

    async def stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


@pytest.fixture
async def url(server: FakeIcinga2) -> AsyncIterator[str]:
    for name in ("web!http", "db!mysql"):
        server.add(name)
        server.result(name, 0)
    async with serving(server.app) as address:
        yield address
        server.hang_up()


@pytest.fixture
async def icinga(url: str, clock: Clock) -> AsyncIterator[Icinga2]:
    icinga = Icinga2(NAME, settings(url=url), now=clock.now, pause=NEVER)
    yield icinga
    await icinga.aclose()


async def is_open(server: FakeIcinga2) -> None:
    async def listens() -> bool:
        return server.listeners == 1

    await until("the stream is open", listens, PATIENCE)


async def test_at_once(server: FakeIcinga2, clock: Clock, icinga: Icinga2) -> None:
    """It fails, somebody acknowledges it at Icinga, it ends: each heard without a look of its own time."""
    ear = Ear(icinga)
    await is_open(server)
    clock.seconds += 60
    server.result("web!http", 2, "refused")
    assert (await ear.hears(1))[0].summary == "web!http is CRITICAL: refused"
    server.acknowledge("web!http", "ada", "rolling back")
    quiet = (await ear.hears(2))[1]
    assert quiet.is_silenced
    assert "acknowledged by ada: rolling back" in quiet.summary
    clock.seconds += 60
    server.result("web!http", 0)
    assert (await ear.hears(3))[2].ended_at == clock.now()
    await ear.stop()

    async def is_alone() -> bool:
        return server.listeners == 0

    await until("the stream is closed", is_alone, PATIENCE)


async def test_what_happened_before_the_stream_was_open(
    server: FakeIcinga2, clock: Clock, icinga: Icinga2
) -> None:
    """Nobody listened, or the line was cut: opening it again is a look."""
    first = Ear(icinga)
    await is_open(server)
    await first.stop()
    clock.seconds += 60
    server.result("web!http", 2)
    second = Ear(icinga, first.cursor)
    assert [one.key for one in await second.hears(1)] == ["web!http"]
    await second.stop()


async def test_a_storm_is_few_looks(server: FakeIcinga2, clock: Clock, icinga: Icinga2) -> None:
    for number in range(200):
        server.add(f"web!{number}")
        server.result(f"web!{number}", 0)
    ear = Ear(icinga)
    await is_open(server)
    # The look that opening it makes.
    server.calls.clear()
    clock.seconds += 60
    for number in range(200):
        server.result(f"web!{number}", 2)
    await ear.hears(200)
    assert server.calls.count("/v1/objects/services") <= 3
    await ear.stop()


async def test_without_the_right(server: FakeIcinga2, url: str, clock: Clock) -> None:
    """Looks go on at their own pace, and `liaison check` says why."""
    server.has_events = False
    icinga = Icinga2(NAME, settings(url=url), now=clock.now, pause=0.05)
    icinga._http._pace = None
    ear = Ear(icinga)
    clock.seconds += 60
    server.result("web!http", 2)
    assert [one.key for one in await ear.hears(1)] == ["web!http"]
    await ear.stop()
    assert "its events are not heard, looked at each 15 s" in await icinga.check()
    server.has_events = True
    assert "changes are heard at once" in await icinga.check()
    await icinga.aclose()


async def test_cut_off_and_back() -> None:
    """A stream that ends, that never opens, or that we fail upon is opened again; each opening is a look, and so is
    each word."""
    opened = 0

    async def events() -> AsyncGenerator[bytes, None]:
        nonlocal opened
        opened += 1
        if opened == 2:
            raise NotAllowed("no right")
        if opened == 3:
            raise ValueError("a defect of ours")
        yield b""
        if opened == 4:
            await asyncio.Event().wait()
        raise Unreachable("cut off")

    hints = LookHints(NAME, events, pause=NEVER, retry=0.01)
    running = asyncio.create_task(hints.run())
    async with asyncio.timeout(PATIENCE):
        await hints.wait()

    async def is_open_again() -> bool:
        return opened == 4 and hints.is_open

    await until("it is open again", is_open_again, PATIENCE)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
