"""Intercom's conversations as a helpdesk: read, answer, note, tag, find what changed; told by an app's webhook.

Facts: https://github.com/intercom/Intercom-OpenAPI, version 2.15. Intercom honours no idempotency key: `once` is a mark
on the last line of what we write, looked up among what our own teammate wrote; a call that may have been done is never
repeated in place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import httpx

from connectors.intercom.api import IntercomApi
from connectors.intercom.changes import IntercomChanges
from connectors.intercom.mapping import comments_from, id_from, ticket_from
from connectors.intercom.settings import IntercomSettings
from connectors.intercom.webhook import SCHEME, events_from, verified_from
from connectors.kit.fields import any_text, record, text
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.trial import trial_webhook
from incidents.errors import NotAllowed, NotFound
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk, WebhookSource
from incidents.subscriptions import TriedByWebhook

AT_ONCE = 4
"""Conversations that are read beside each other."""
CALLS_A_CONVERSATION = 4
"""To read it, to read it again before a message, to write that, and to see what became of it."""
OVERLAP = timedelta(seconds=2)
"""Times are whole seconds."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class Intercom(Helpdesk, Budgeted, TriedByWebhook, WebhookSource):
    """One workspace. `name` is the connection's (`intercom/support`)."""

    vendor: ClassVar[str] = "intercom"
    lane = Lane.INTAKE
    index_lag = 1.0
    """What was done is looked up on the conversation itself, not by the search."""

    def __init__(
        self,
        name: str,
        settings: IntercomSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = settings.secrets
        self._api = IntercomApi(settings, transport)
        self._changes = IntercomChanges(self._api, settings, clock)
        self._own_id = ""

    async def check(self) -> str:
        """Who we are there. Raises `NotAllowed` for a token of another workspace than the settings say."""
        me = await self._api.me()
        workspace = text(record(me.get("app")).get("id_code"))
        if workspace != self._settings.workspace_id:
            raise NotAllowed(
                f"intercom: the token is of the workspace {workspace[:60]!r}, and workspace_id says"
                f" {self._settings.workspace_id!r}; correct it"
            )
        self._own_id = _teammate(me)
        hears = "told by a webhook" if self._secrets else "no signing secret: polled, not told"
        return f"{text(me.get('name'))} (teammate {self._own_id}) in workspace {workspace}; {hears}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our teammate's id, once it is known."""
        return self._own_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, secrets=self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The conversation to read again."""
        return events_from(verified, connection=self.name, workspace=self._settings.workspace_id)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._secrets:
            raise NotAllowed(f"{self.name} has no signing_secrets; add the app's client secret")
        return trial_webhook(SCHEME, self._secrets[0], now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """One call each; deleted ones are left out."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(own_id: str) -> Ticket | None:
            async with places:
                try:
                    data = await self._api.conversation(own_id)
                except NotFound:
                    return None
            return ticket_from(data, self.name, self._settings)

        found = await asyncio.gather(*(one(own_id) for own_id in plausible(ids, id_from)))
        return [ticket for ticket in found if ticket is not None]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """All of the search are read before the first is told, as its order is not promised. Of deleted ones nothing
        tells."""
        start = since - OVERLAP
        query: dict[str, Any] = {"field": "updated_at", "operator": ">", "value": int(start.timestamp())}
        newest: dict[str, Ticket] = {}
        async for page in self._api.search(query):
            for row in page:
                ticket = ticket_from(row, self.name, self._settings)
                known = newest.get(ticket.ref.id)
                if ticket.updated_at >= start and (known is None or known.version < ticket.version):
                    newest[ticket.ref.id] = ticket
        for ticket in sorted(newest.values(), key=lambda one: (one.updated_at, int(one.ref.id))):
            yield ticket

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """Of the conversation's newest 500 parts."""
        if ticket.gone is not None or id_from(ticket.ref.id) is None:
            return []
        own_id = await self._teammate_id()
        try:
            return comments_from(await self._api.conversation(ticket.ref.id), own_id, since)
        except NotFound:
            return []

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One conversation after the other; no described call is for many."""
        wanted = plausible(ids, id_from)
        admin = await self._teammate_id() if wanted else ""
        outcomes = await one_by_one(
            wanted, partial(self._changes.change, change=change, once=once, admin=admin)
        )
        return for_each(ids, outcomes, otherwise="not an Intercom conversation id")

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CALLS_A_CONVERSATION,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless. Raises `Refused`
        where what was written may be older than what Intercom shows."""
        if id_from(id) is None:
            return False
        try:
            return await self._changes.was_done(id, once, await self._teammate_id())
        except NotFound:
            return False

    async def _teammate_id(self) -> str:
        if not self._own_id:
            self._own_id = _teammate(await self._api.me())
        return self._own_id


def _teammate(me: dict[str, Any]) -> str:
    found = any_text(me.get("id"))
    if id_from(found) is None:
        raise NotAllowed("intercom: it does not say whose the token is; make one for a teammate")
    return found
