"""What every `ListeningSource` must keep: nothing is lost between two hearings, and nothing is a second event.

Subclass it in `tests/connectors/<vendor>/`:

    class TestMailListens(ListeningSourceContract):
        @pytest.fixture
        def listener(self, ...) -> Mail: ...
        @pytest.fixture
        def speaker(self, ...) -> Speaker: ...    # the vendor, behind the connector's back
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Protocol

import pytest

from incidents.errors import LiaisonError, Unrecognised
from incidents.events import TicketEvent, Verified
from incidents.ports import Connector, EventSource, ListeningSource, WebhookSource
from tests.contracts.webhook_source import HOSTILE_BODIES, require_storable, require_storable_events

PATIENCE = 30.0


class Speaker(Protocol):
    """The vendor, who has something to say."""

    async def say(self, text: str) -> None:
        """Something new, which makes one delivery."""
        ...

    async def hang_up(self) -> None:
        """Cut off whoever listens."""
        ...


async def hear(
    listener: ListeningSource, cursor: str | None, count: int
) -> tuple[list[Verified], str | None]:
    """So many deliveries after the cursor, and the cursor behind them."""
    found: list[Verified] = []
    async with asyncio.timeout(PATIENCE), aclosing(listener.listen(cursor)) as said:
        async for heard in said:
            found += heard.deliveries
            cursor = heard.cursor
            if len(found) >= count:
                break
    return found, cursor


class ListeningSourceContract:
    @pytest.fixture
    async def cursor(self, listener: ListeningSource) -> str:
        """Where one stands who has listened for the first time, and heard nothing yet."""
        async with asyncio.timeout(PATIENCE), aclosing(listener.listen(None)) as said:
            async for heard in said:
                return heard.cursor
        raise AssertionError("a listener that ends")

    def test_is_a_listener(self, listener: ListeningSource) -> None:
        """The class line promises the capability, and the object keeps it; no stranger can hand it anything."""
        assert isinstance(listener, ListeningSource)
        assert isinstance(listener, EventSource)
        assert isinstance(listener, Connector)
        assert not isinstance(listener, WebhookSource)

    async def test_what_is_said_is_heard(
        self, listener: ListeningSource, speaker: Speaker, cursor: str
    ) -> None:
        """While we listen: soon, and as events."""
        hearing = asyncio.create_task(hear(listener, cursor, 1))
        await speaker.say("first")
        (heard,), _ = await hearing
        require_storable(heard)
        events = listener.events(heard)
        assert events
        require_storable_events(events)

    async def test_what_was_said_meanwhile(
        self, listener: ListeningSource, speaker: Speaker, cursor: str
    ) -> None:
        """Nobody listened: it is heard afterwards, in order, once."""
        for text in ("first", "second", "third"):
            await speaker.say(text)
        found, after = await hear(listener, cursor, 3)
        assert len({one.identity for one in found}) == 3
        await speaker.say("fourth")
        (fourth,), _ = await hear(listener, after, 1)
        assert fourth.identity not in {one.identity for one in found}

    async def test_heard_again_it_is_the_same(
        self, listener: ListeningSource, speaker: Speaker, cursor: str
    ) -> None:
        """Killed before the cursor was kept: the same deliveries, by identity and body."""
        await speaker.say("first")
        await speaker.say("second")
        before, _ = await hear(listener, cursor, 2)
        again, _ = await hear(listener, cursor, 2)
        assert [(one.identity, one.body) for one in again] == [(one.identity, one.body) for one in before]

    async def test_cut_off(self, listener: ListeningSource, speaker: Speaker, cursor: str) -> None:
        """Told as an error, never as an end; and what is said next is heard from the cursor."""

        async def listen_until_cut() -> None:
            async with aclosing(listener.listen(cursor)) as said:
                async for _ in said:
                    pass

        listening = asyncio.create_task(listen_until_cut())
        async with asyncio.timeout(PATIENCE):
            while not listening.done():
                await speaker.hang_up()
                await asyncio.sleep(0.05)
        assert isinstance(listening.exception(), LiaisonError)
        await speaker.say("afterwards")
        found, _ = await hear(listener, cursor, 1)
        assert len(found) == 1

    @pytest.mark.parametrize("cursor_of_old", ["", "nonsense", "{}", '{"INBOX": 1}', "[]", "null"])
    async def test_a_cursor_nobody_understands(
        self, listener: ListeningSource, speaker: Speaker, cursor_of_old: str
    ) -> None:
        """It is as if we listened for the first time: no crash, no end."""
        async with asyncio.timeout(PATIENCE), aclosing(listener.listen(cursor_of_old)) as said:
            async for heard in said:
                assert heard.cursor != cursor_of_old
                break

    @pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=list(HOSTILE_BODIES))
    def test_what_a_delivery_may_hold(self, listener: ListeningSource, body: bytes) -> None:
        """A body that is none of ours is `Unrecognised`."""
        with pytest.raises(Unrecognised):
            listener.events(Verified(headers=(), body=body, identity="x"))

    async def test_the_event_names_a_ticket(
        self, listener: ListeningSource, speaker: Speaker, cursor: str
    ) -> None:
        """Of this connection, with its time."""
        await speaker.say("first")
        (heard,), _ = await hear(listener, cursor, 1)
        for event in listener.events(heard):
            if isinstance(event, TicketEvent):
                assert event.ref.id
                assert event.at.tzinfo is not None
