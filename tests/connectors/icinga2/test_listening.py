"""What is heard of Icinga: what begins, ends and is silenced, each once, also over a time in which nobody listened."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.icinga2 import Icinga2
from connectors.icinga2.fake.app import FakeIcinga2
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.events import AlertEvent
from tests.connectors.icinga2.conftest import NAME, Clock, settings
from tests.contracts.listener import ListeningSourceContract, hear

SERVICES = ("first", "second", "third", "fourth", "afterwards")


@pytest.fixture
async def listener(server: FakeIcinga2, clock: Clock) -> AsyncIterator[Icinga2]:
    for name in SERVICES:
        server.add(f"web!{name}")
        server.result(f"web!{name}", 0)
    transport = InProcessTransport(server.app)
    icinga = Icinga2(NAME, settings(), transport=transport, now=clock.now, pause=0.01)
    # The contract takes more looks than Icinga is to be asked for in a minute.
    icinga._http._pace = None
    yield icinga
    await icinga.aclose()


class Failing:
    """Checks that fail, and a server that does not answer."""

    def __init__(self, server: FakeIcinga2, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    async def say(self, text: str) -> None:
        self._server.faults.clear()
        self._clock.seconds += 1
        self._server.result(f"web!{text}", 2, "refused")

    async def hang_up(self) -> None:
        self._server.faults.arm(FaultKind.DROP_REPLY, times=None)


class TestIcinga2Listens(ListeningSourceContract):
    """All of the contract."""

    @pytest.fixture
    def speaker(self, server: FakeIcinga2, clock: Clock) -> Failing:
        return Failing(server, clock)


async def told(listener: Icinga2, cursor: str | None, count: int) -> tuple[list[AlertEvent], str | None]:
    found, after = await hear(listener, cursor, count)
    events = [event for one in found for event in listener.events(one) if isinstance(event, AlertEvent)]
    return events, after


async def test_from_its_beginning_to_its_end(server: FakeIcinga2, clock: Clock, listener: Icinga2) -> None:
    """Begins, is acknowledged (by whom), gets worse without a word, ends, begins again: by key and start, as a look."""
    _, cursor = await told(listener, None, 0)
    clock.seconds += 60
    server.result("web!first", 1, "slow")
    (began,), cursor = await told(listener, cursor, 1)
    assert [began] == list(await listener.firing())

    server.acknowledge("web!first", "ada", "rolling back")
    server.result("web!first", 2, "refused")
    (quiet,), cursor = await told(listener, cursor, 1)
    assert quiet.is_silenced
    assert quiet.summary == "web!first is CRITICAL (acknowledged by ada: rolling back): refused"
    assert (quiet.key, quiet.started_at) == (began.key, began.started_at)

    clock.seconds += 60
    server.result("web!first", 0, "fine")
    ended_at = clock.now()
    clock.seconds += 60
    server.result("web!first", 0, "fine")
    (ended,), cursor = await told(listener, cursor, 1)
    assert (ended.key, ended.started_at, ended.ended_at) == (began.key, began.started_at, ended_at)

    server.result("web!first", 2, "refused")
    (again,), cursor = await told(listener, cursor, 1)
    assert again.started_at > began.started_at


async def test_what_happened_while_nobody_listened(
    server: FakeIcinga2, clock: Clock, listener: Icinga2
) -> None:
    """One that fired has ended and fires again: both are told."""
    server.result("web!first", 2)
    (first,), cursor = await told(listener, None, 1)
    clock.seconds += 60
    server.result("web!first", 0)
    clock.seconds += 60
    server.result("web!first", 2)
    (ended, began), _ = await told(listener, cursor, 2)
    assert (ended.started_at, began.started_at > first.started_at) == (first.started_at, True)
    assert ended.ended_at == began.started_at


async def test_an_object_that_is_taken_away(server: FakeIcinga2, listener: Icinga2) -> None:
    """Nobody can say when it ended; looks find out that it is gone."""
    server.result("web!first", 2)
    _, cursor = await told(listener, None, 1)
    del server.objects["web!first"]
    server.result("web!second", 2)
    (other,), _ = await told(listener, cursor, 1)
    assert other.key == "web!second"


async def test_what_silence_says(server: FakeIcinga2, clock: Clock, listener: Icinga2) -> None:
    """A downtime, with who made it; an acknowledgement outranks it."""
    server.result("web!http", 2, "refused")
    await listener.run(
        "quiet-it", {"service": "checkout", "incident": "INC-1", "approved_by": "Ada"}, once="INC-1:action:1"
    )
    (alert,) = await listener.firing()
    assert alert.summary.startswith("web!http is CRITICAL (in downtime by Ada: INC-1: quiet-it [liaison:")
    server.acknowledge("web!http", "boris", "")
    (alert,) = await listener.firing()
    assert alert.summary == "web!http is CRITICAL (acknowledged by boris): refused"
