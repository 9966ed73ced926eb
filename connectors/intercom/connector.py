"""Intercom's conversations and tickets as a helpdesk: read, answer, note, tag, find what changed; told by an app's
webhook.

Facts: https://github.com/intercom/Intercom-OpenAPI, version 2.15. Intercom honours no idempotency key: `once` is a mark
on the last line of what we write, looked up among what our own teammate wrote; a call that may have been done is never
repeated in place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.intercom.api import IntercomApi
from connectors.intercom.conversations.threads import ConversationThreads
from connectors.intercom.mapping import id_from, is_ticket, own_id_from, ticket_ref_id, updated_at
from connectors.intercom.messages.changes import IntercomChanges
from connectors.intercom.settings import IntercomSettings
from connectors.intercom.threads import Threads
from connectors.intercom.tickets.threads import TicketThreads
from connectors.intercom.webhook import SCHEME, events_from, verified_from
from connectors.kit.fields import any_text, record, text
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.trial import trial_webhook
from incidents.errors import NotAllowed, NotFound
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Departure, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk, WebhookSource
from incidents.subscriptions import TriedByWebhook

AT_ONCE = 4
"""Conversations or tickets that are read beside each other."""
CALLS_A_MESSAGE = 4
"""To read what it is for, to read that again before a message, to write it, and to see what became of it."""
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
    """What was done is looked up on the conversation or ticket itself, not by the search."""

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
        self._conversations = ConversationThreads(self._api, settings, clock)
        self._tickets = TicketThreads(self._api, settings) if settings.reads_tickets else None
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
        has = "no tickets" if self._tickets is None else await self._tickets.check()
        return f"{text(me.get('name'))} (teammate {self._own_id}) in workspace {workspace}; {has}; {hears}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our teammate's id, once it is known."""
        return self._own_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, secrets=self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The conversation or ticket to read again."""
        return events_from(
            verified,
            connection=self.name,
            workspace=self._settings.workspace_id,
            reads_tickets=self._settings.reads_tickets,
        )

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._secrets:
            raise NotAllowed(f"{self.name} has no signing_secrets; add the app's client secret")
        return trial_webhook(SCHEME, self._secrets[0], now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """One call each, and one for up to fifty tickets' contacts; deleted ones are left out."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(ref_id: str) -> dict[str, Any] | None:
            threads, own_id = self._place(ref_id)
            async with places:
                try:
                    return await self._api.read(threads.plural, own_id)
                except NotFound:
                    return None

        wanted = plausible(ids, self._known_place)
        rows = dict(zip(wanted, await asyncio.gather(*(one(ref_id) for ref_id in wanted)), strict=True))
        found: dict[str, Ticket] = {}
        for threads in self._kinds():
            mine = {
                ref_id: row
                for ref_id, row in rows.items()
                if row is not None and self._place(ref_id)[0] is threads
            }
            found |= zip(mine, await threads.tickets(list(mine.values()), self.name), strict=True)
        return [found[ref_id] for ref_id in wanted if ref_id in found]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """All of both searches are read before the first is told, as their order is not promised. Of deleted ones
        nothing tells."""
        start = since - OVERLAP
        query: dict[str, Any] = {"field": "updated_at", "operator": ">", "value": int(start.timestamp())}
        newest: dict[str, Ticket] = {}
        for threads in self._kinds():
            async for page in self._api.search(threads.plural, query, threads.page):
                rows = [row for row in page if updated_at(row) >= start]
                for ticket in await threads.tickets(rows, self.name):
                    known = newest.get(ticket.ref.id)
                    if known is None or known.version < ticket.version:
                        newest[ticket.ref.id] = ticket
        for ticket in sorted(newest.values(), key=_order):
            yield _as_its_ticket(ticket, newest)

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """Of as many parts as Intercom shows, which are 500."""
        place = self._known_place(ticket.ref.id)
        if ticket.gone is not None or place is None:
            return []
        threads, own_id = place
        admin = await self._teammate_id()
        try:
            return threads.comments(await self._api.read(threads.plural, own_id), admin, since)
        except NotFound:
            return []

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One after the other; no described call is for many."""
        wanted = plausible(ids, self._known_place)
        admin = await self._teammate_id() if wanted else ""

        async def one(ref_id: str) -> TicketOutcome:
            threads, own_id = self._place(ref_id)
            outcome = await IntercomChanges(self._api, threads).change(own_id, change, once, admin)
            return replace(outcome, id=ref_id)

        return for_each(
            ids, await one_by_one(wanted, one), otherwise="not the id of an Intercom conversation or ticket"
        )

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CALLS_A_MESSAGE,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless. Raises `Refused`
        where what was written may be older than what Intercom shows."""
        place = self._known_place(id)
        if place is None:
            return False
        threads, own_id = place
        try:
            return await IntercomChanges(self._api, threads).was_done(own_id, once, await self._teammate_id())
        except NotFound:
            return False

    def _kinds(self) -> list[Threads]:
        return [self._conversations] if self._tickets is None else [self._conversations, self._tickets]

    def _known_place(self, ref_id: str) -> tuple[Threads, str] | None:
        """What an id is of, and Intercom's own id; None for what cannot be ours."""
        threads = self._tickets if is_ticket(ref_id) else self._conversations
        own_id = own_id_from(ref_id)
        return None if threads is None or own_id is None else (threads, own_id)

    def _place(self, ref_id: str) -> tuple[Threads, str]:
        place = self._known_place(ref_id)
        if place is None:
            raise NotFound(f"intercom: {ref_id[:60]!r} is no conversation or ticket")
        return place

    async def _teammate_id(self) -> str:
        if not self._own_id:
            self._own_id = _teammate(await self._api.me())
        return self._own_id


def _order(ticket: Ticket) -> tuple[datetime, bool, int]:
    return ticket.updated_at, is_ticket(ticket.ref.id), int(own_id_from(ticket.ref.id) or 0)


def _as_its_ticket(ticket: Ticket, others: Mapping[str, Ticket]) -> Ticket:
    """A conversation that was made a ticket keeps the time at which it began. Whether the search goes on giving it
    nobody says: one with a ticket's number and that time is that ticket, so that its customer counts once."""
    twin = others.get(ticket_ref_id(ticket.ref.id))
    if twin is None or twin.created_at != ticket.created_at:
        return ticket
    return replace(ticket, gone=Departure.MERGED, merged_into=twin.ref.id)


def _teammate(me: dict[str, Any]) -> str:
    found = any_text(me.get("id"))
    if id_from(found) is None:
        raise NotAllowed("intercom: it does not say whose the token is; make one for a teammate")
    return found
