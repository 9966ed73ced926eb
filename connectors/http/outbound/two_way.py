"""Plain HTTP as a helpdesk like any other, where the settings say how to write back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import httpx

from connectors.http.connector import Http
from connectors.http.outbound.calls import TicketCalls
from connectors.http.settings import HttpSettings
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk


class TwoWayHttp(Http, Helpdesk, Budgeted):
    """A connection whose settings say how to write back: a helpdesk like any other, as far as its calls go."""

    index_lag = 5.0

    def __init__(
        self, name: str, settings: HttpSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(name, settings, transport=transport)
        if settings.outbound is None or settings.webhook is None:
            raise ValueError("a two-way connection needs the sections webhook and outbound")
        self._calls = TicketCalls(name, settings.outbound, settings.webhook, transport or self.guarded())

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        return await self._calls.read(ids)

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """Nothing: what no webhook told is not known here."""
        del since
        nothing: Sequence[Ticket] = ()
        for ticket in nothing:
            yield ticket

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        return await self._calls.update(ids, change, once=once)

    def budget(self) -> Budget:
        return self._calls.budget()

    async def was_done(self, id: str, once: str) -> bool:
        """Never known: no call is configured that could find it. A customer's message then waits for a person."""
        del id, once
        return False

    async def aclose(self) -> None:
        await super().aclose()
        await self._calls.aclose()


def open_http(
    name: str, settings: HttpSettings, *, transport: httpx.AsyncBaseTransport | None = None
) -> Http:
    """The connection as its settings have it: two-way where they say how to write back."""
    kind = Http if settings.outbound is None else TwoWayHttp
    return kind(name, settings, transport=transport)
