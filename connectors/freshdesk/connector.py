"""Freshdesk as a helpdesk: read, answer, note, tag, find what changed; told by automation rules.

Facts: https://developers.freshdesk.com/api/. Freshdesk honours no idempotency key and has no field for one: `once` is a
mark on the last line of what we write, looked up among what our own agent wrote; a call that may have been done is
never repeated in place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import httpx

from connectors.freshdesk.api import FreshdeskApi
from connectors.freshdesk.conversation.changes import FreshdeskChanges
from connectors.freshdesk.conversation.opening import open_as_customer
from connectors.freshdesk.conversation.written import comments_from
from connectors.freshdesk.mapping import NAME, gone_from, id_from, is_whole, ticket_from
from connectors.freshdesk.polling import changed_since
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.freshdesk.webhook import SCHEME, events_from, verified_from
from connectors.kit.fields import any_text, record, text, utc_time
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.trial import trial_webhook
from incidents.errors import NotAllowed, NotFound, Refused
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Contact, Departure, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk, WebhookSource
from incidents.rehearsals.opener import TicketOpener
from incidents.subscriptions import TriedByWebhook

AT_ONCE = 4
"""Tickets that are read beside each other."""
CREDITS_A_TICKET = 6
"""To read it with its requester, to read it again before a message, to write that, and to see what became of it."""
_GONE = {"deleted": Departure.DELETED, "spam": Departure.SPAM}


class Freshdesk(Helpdesk, Budgeted, TicketOpener, TriedByWebhook, WebhookSource):
    """One account. `name` is the connection's (`freshdesk/support`)."""

    vendor: ClassVar[str] = "freshdesk"
    lane = Lane.INTAKE
    index_lag = 1.0
    """What was done is looked up on the ticket itself; its search, which is minutes behind, is not used."""

    def __init__(
        self, name: str, settings: FreshdeskSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = settings.secrets
        self._api = FreshdeskApi(settings, transport)
        self._changes = FreshdeskChanges(self._api, settings)
        self._known_id = any_text(settings.integration_user_id)

    async def check(self) -> str:
        """Who we are there. Raises `NotAllowed` for another agent than the settings say, and `Refused` where a setting
        names what this account has not."""
        me = await self._api.me()
        own_id, person = any_text(me.get("id")), record(me.get("contact"))
        if self._known_id and own_id != self._known_id:
            raise NotAllowed(
                f"freshdesk: the key is of agent {own_id}, and integration_user_id says {self._known_id}; correct it"
            )
        self._known_id = own_id
        await self._require_fields()
        who = f"{text(person.get('name'))} (agent {own_id}) at {self._settings.base_url}"
        hears = "told by rules" if self._secrets else "no signing secret: polled, not told"
        return f"{who}; {hears}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our agent's id, once it is known."""
        return self._known_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, secrets=self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The ticket to read again; a rule does not say whose change it tells."""
        return events_from(verified, connection=self.name)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._secrets:
            raise NotAllowed(f"{self.name} has no signing_secrets; add the rules' token")
        return trial_webhook(SCHEME, self._secrets[0], now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """One call each. Spam comes as gone; deleted and archived ones are left out."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(ticket_id: str) -> Ticket | None:
            async with places:
                try:
                    data = await self._api.ticket(ticket_id)
                except NotFound:
                    return None
            if gone_from(data) is Departure.DELETED:
                return None
            return ticket_from(data, self.name, self._settings)

        found = await asyncio.gather(*(one(ticket_id) for ticket_id in plausible(ids, id_from)))
        return [ticket for ticket in found if ticket is not None]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """Of tickets that a customer's deletion took away for ever nothing tells."""
        gone: list[Ticket] = []
        for among, departure in _GONE.items():
            gone += [
                ticket_from(row, self.name, self._settings, gone=departure)
                async for row in changed_since(self._api, since, among=among)
            ]
        gone.sort(key=lambda one: one.updated_at)
        async for row in changed_since(self._api, since):
            # By the list's time: read by itself, a ticket shows perhaps a later one.
            at = utc_time(row.get("updated_at"), of=NAME)
            while gone and gone[0].updated_at <= at:
                yield gone.pop(0)
            if (ticket := await self._whole(row)) is not None:
                yield ticket
        for one in gone:
            yield one

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """From the ticket's conversations."""
        if ticket.gone is not None or id_from(ticket.ref.id) is None:
            return []
        own_id = await self._own_id()
        try:
            # What was written on a deleted one is still shown.
            if gone_from(await self._api.ticket(ticket.ref.id, with_requester=False)) is not None:
                return []
            return comments_from(await self._api.conversations(ticket.ref.id), ticket, own_id, since)
        except NotFound:
            return []

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One ticket after the other: the call for many is done later, and says of each nothing."""
        wanted = plausible(ids, id_from)
        own_id = await self._own_id() if wanted else ""
        outcomes = await one_by_one(
            wanted, partial(self._changes.change, change=change, once=once, own_id=own_id)
        )
        return for_each(ids, outcomes, otherwise="not a Freshdesk ticket id")

    async def open_ticket(self, customer: Contact, subject: str, text: str, *, tag: str) -> str:
        return await open_as_customer(self._api, customer, subject, text, tag=tag)

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CREDITS_A_TICKET,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless."""
        if id_from(id) is None:
            return False
        try:
            return await self._changes.was_done(id, once, await self._own_id())
        except NotFound:
            return False

    async def _own_id(self) -> str:
        if not self._known_id:
            self._known_id = any_text((await self._api.me()).get("id"))
        if not self._known_id:
            raise NotAllowed("freshdesk: it does not say whose the key is; is it an agent's?")
        return self._known_id

    async def _whole(self, row: dict[str, Any]) -> Ticket | None:
        if not is_whole(row):
            own_id = id_from(row.get("id"))
            try:
                row = row if own_id is None else await self._api.ticket(own_id)
            except NotFound:
                return None
        return ticket_from(row, self.name, self._settings)

    async def _require_fields(self) -> None:
        settings = self._settings
        if not settings.product_field and not settings.statuses:
            return
        fields = {text(one.get("name")): one for one in await self._api.fields()}
        if settings.product_field and settings.product_field not in fields:
            raise Refused(
                f"freshdesk: this account has no ticket field {settings.product_field!r}; correct product_field"
            )
        known = record(record(fields.get("status")).get("choices"))
        for number in settings.statuses:
            if known and str(number) not in known:
                raise Refused(f"freshdesk: this account has no status {number}; correct statuses")
