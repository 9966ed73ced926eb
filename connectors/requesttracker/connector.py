"""Request Tracker as a helpdesk: REST 2 out, polling and the scrip in.

RT honours no idempotency key. `once` travels as a parameter of the message's content type, which RT stores with it and
shows to nobody; `was_done` looks it up, and a message that may have been sent is never sent again in place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import httpx

from connectors.kit.fields import any_text, records, utc_time
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.schemes import SignatureScheme
from connectors.kit.webhooks.trial import trial_webhook
from connectors.requesttracker.api import PAGE, RtApi
from connectors.requesttracker.conversation.changes import Changes
from connectors.requesttracker.conversation.opening import open_as_customer
from connectors.requesttracker.conversation.reader import Conversation
from connectors.requesttracker.mapping import DELETED, FIELDS, id_from, ticket_from
from connectors.requesttracker.polling import Polling
from connectors.requesttracker.settings import RequestTrackerSettings
from connectors.requesttracker.webhook import Scrip
from incidents.errors import NotAllowed, NotFound
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import (
    Comment,
    Contact,
    Departure,
    Ticket,
    TicketChange,
    TicketOutcome,
    TicketStatus,
)
from incidents.ports import Helpdesk, WebhookSource
from incidents.rehearsals.opener import TicketOpener
from incidents.subscriptions import TriedByWebhook

CALLS_A_TICKET = 9
"""To read it with its first message, to write a message and see what became of it."""


class RequestTracker(Helpdesk, Budgeted, TicketOpener, TriedByWebhook, WebhookSource):
    """One RT. `name` is the connection's (`requesttracker/support`)."""

    vendor: ClassVar[str] = "requesttracker"
    lane = Lane.INTAKE
    index_lag = 1.0

    def __init__(
        self,
        name: str,
        settings: RequestTrackerSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name
        self._settings = settings
        self._api = RtApi(settings, transport)
        self._conversation = Conversation(self._api, settings.user)
        self._changes = Changes(self._api, self._conversation, settings)
        self._polling = Polling(self._api, settings)
        self._scrip = Scrip(name, settings.secrets, settings.user)

    async def check(self) -> str:
        """Which RT it is and who we are there. Raises `NotAllowed` if that is nobody who may answer customers, and
        where searches are read in another zone than UTC."""
        version = any_text((await self._api.get("rt")).get("Version"))
        user = await self._api.get(f"user/{self._settings.user}")
        if not user.get("Privileged"):
            raise NotAllowed(
                f"requesttracker: {self._settings.user!r} is not privileged: in RT under Admin, Users, its name,"
                " tick that it may be granted rights"
            )
        await self._polling.require_utc()
        for queue in self._settings.queues:
            await self._queue(queue)
        hears = "hears the scrip" if self._settings.secrets else "no signing secret: polled, not told"
        return f"{self._settings.user} at {self._settings.address}, RT {version}; {hears}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our user's name."""
        return self._settings.user

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return self._scrip.verify(headers, body, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return self._scrip.events(verified)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._settings.secrets:
            raise NotAllowed(f"{self.name} has no signing_secrets; add the scrip's")
        return trial_webhook(SignatureScheme(), self._settings.secrets[0], now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """A merged ticket comes as gone, with the words of the one that took it in."""
        wanted = plausible(ids, id_from)
        found: dict[str, Ticket] = {}
        for start in range(0, len(wanted), PAGE):
            chunk = wanted[start : start + PAGE]
            query = " OR ".join(f"id = {one}" for one in chunk)
            async for page in self._api.pages("tickets", {"query": query, "orderby": "id", **FIELDS}):
                found |= {ticket.ref.id: ticket for ticket in [await self._ticket(item) for item in page]}
            # Deleted and merged ones are in no search.
            for one in chunk:
                if one not in found and (ticket := await self._merged(one)) is not None:
                    found[one] = ticket
        return [found[one] for one in wanted if one in found]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """Deleted and merged ones are in no search of RT's: `read` tells of them."""
        async for item in self._polling.changed_since(since):
            yield await self._ticket(item)

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """From the ticket's history."""
        if ticket.gone is not None or id_from(ticket.ref.id) is None:
            return []
        try:
            data = await self._api.get(f"ticket/{ticket.ref.id}")
        except NotFound:
            return []
        if data.get("Status") == DELETED or id_from(data.get("id")) != ticket.ref.id:
            return []
        return await self._conversation.comments(ticket, since)

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One ticket after the other, as RT's own bulk call says of each only in sentences how it ended."""
        outcomes = await one_by_one(plausible(ids, id_from), partial(self._change, change=change, once=once))
        return for_each(ids, outcomes, otherwise="not an RT ticket id")

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CALLS_A_TICKET,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless."""
        if id_from(id) is None:
            return False
        try:
            return await self._conversation.has_message(id, once)
        except NotFound:
            return False

    async def open_ticket(self, customer: Contact, subject: str, text: str, *, tag: str) -> str:
        """In the first of the connection's queues. Raises `NotAllowed` where it names none."""
        return await open_as_customer(self._api, self._settings, customer, subject, text, tag=tag)

    async def _change(self, id: str, change: TicketChange, once: str) -> TicketOutcome:
        return await self._changes.change(id, change, once)

    async def _ticket(self, item: dict[str, Any]) -> Ticket:
        ticket_id, created_at = id_from(item.get("id")), utc_time(item.get("Created"), of="requesttracker")
        body = "" if ticket_id is None else await self._conversation.first_message(ticket_id, created_at)
        return ticket_from(item, body, self.name, self._settings)

    async def _merged(self, id: str) -> Ticket | None:
        """The ticket that took this one in, under the id that was asked for; None where there is none."""
        try:
            data = await self._api.get(f"ticket/{id}")
        except NotFound:
            return None
        survivor = id_from(data.get("id"))
        if survivor in (None, id) or data.get("Status") == DELETED:
            return None
        query = {"query": f"id = {survivor}", **FIELDS}
        for item in records((await self._api.get("tickets", query)).get("items")):
            ticket = await self._ticket(item)
            return replace(
                ticket,
                ref=replace(ticket.ref, id=id),
                status=TicketStatus.CLOSED,
                source_status="merged",
                gone=Departure.MERGED,
                merged_into=survivor,
            )
        return None

    async def _queue(self, name: str) -> None:
        try:
            await self._api.get(f"queue/{name}")
        except (NotFound, NotAllowed) as error:
            # RT says 403 of a queue that does not exist; in a search it is simply empty.
            raise NotAllowed(
                f"requesttracker: no queue {name!r}, or no right SeeQueue on it; correct queues"
            ) from error
