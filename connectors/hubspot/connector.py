"""HubSpot's tickets as a helpdesk: read, answer by their conversations, note, tag, find what changed; told by webhooks.

Facts: https://developers.hubspot.com/docs/api-reference/latest/overview. HubSpot honours no idempotency key
on notes and messages: `once` is a mark on the last line of what we write, looked up among what an app wrote on the
ticket; a call that may have been done is never repeated in place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import httpx

from connectors.hubspot.calls.answers import SCOPES
from connectors.hubspot.calls.api import HubSpotApi
from connectors.hubspot.mapping import (
    FIRST_MESSAGE,
    as_merged,
    contact_from,
    id_from,
    merged_ids,
    properties_of,
    ticket_from,
)
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.webhook import events_from, trial_from, verified_from
from connectors.hubspot.words.changes import HubSpotChanges
from connectors.hubspot.words.mapping import from_message, from_note, is_said
from connectors.kit.fields import items, text, whole
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from incidents.errors import NotAllowed, NotFound
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Contact, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk, WebhookSource
from incidents.subscriptions import TriedByWebhook

CALLS_A_MESSAGE = 7
"""The ticket, its contact, its threads, their messages, our message, and the threads and messages to see that."""
OVERLAP = timedelta(minutes=2)
"""By so much the search may be late: what it shows late is then found by the next look."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class HubSpot(Helpdesk, Budgeted, TriedByWebhook, WebhookSource):
    """One portal. `name` is the connection's (`hubspot/support`)."""

    vendor: ClassVar[str] = "hubspot"
    lane = Lane.INTAKE
    index_lag = 30.0
    """What was done is looked up by the ticket's associations, not by the search; how soon they show it is not said."""

    def __init__(
        self,
        name: str,
        settings: HubSpotSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._keys = settings.keys
        self._api = HubSpotApi(settings, transport)
        self._changes = HubSpotChanges(self._api, settings, clock)

    async def check(self) -> str:
        """Who we are there. Raises `NotAllowed` for a token of another portal or app than the settings say, and for a
        scope, a sender or a property that is missing."""
        who, given = await self._api.who(), self._settings
        for named, told, said in (
            ("portal_id", whole(who.get("hubId")), given.portal_id),
            ("app_id", whole(who.get("appId")), given.app_id),
        ):
            if told != said:
                raise NotAllowed(f"hubspot: the token is of {told}, and {named} says {said}; correct it")
        if missing := [scope for scope in SCOPES if scope not in items(who.get("scopes"))]:
            raise NotAllowed(
                f"hubspot: the app lacks the scope {', '.join(missing)}; add it, and install the app again"
            )
        try:
            sender = await self._api.sender()
        except NotFound as error:
            raise NotAllowed(
                f"hubspot: there is no user {given.sender_user_id}; correct sender_user_id"
            ) from error
        try:
            await self._api.tags_property()
        except NotFound as error:
            raise NotAllowed(
                f"hubspot: tickets have no property {given.tags_property}: create it, a text of several lines, or"
                " name another one in tags_property"
            ) from error
        known = {one.id for one in await self._api.stages()}
        waits = sum(one in known for one in given.waiting_stages)
        shown = f"{len(known)} ticket statuses, {waits} of which wait for customers"
        hears = "told by webhooks" if self._keys else "no signing secret: polled, not told"
        name = text(sender.get("name")) or text(sender.get("email"))
        return f"app {given.app_id} in portal {given.portal_id}, answering as {name[:60]}; {shown}; {hears}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our app's id."""
        return str(self._settings.app_id)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, keys=self._keys, url=self._settings.webhook_url, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The tickets to read again."""
        return events_from(verified, connection=self.name, portal=self._settings.portal_id)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._keys:
            raise NotAllowed(f"{self.name} has no signing_secrets; add the app's client secret")
        return trial_from(self._keys[0], self._settings.webhook_url, now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """Three calls for a hundred. What was merged comes as gone, as the one that lives; deleted ones are left
        out."""
        asked = plausible(ids, id_from)
        rows = {own_id: row for row in await self._api.tickets(asked) if (own_id := id_from(row.get("id")))}
        survivors = {one: row for row in rows.values() for one in merged_ids(row)}
        found: dict[str, Mapping[str, Any]] = {}
        for own_id in asked:
            row = rows.get(own_id) or survivors.get(own_id) or await self._alone(own_id)
            if row is not None and row.get("archived") is not True:
                found[own_id] = row
        tickets = {ticket.ref.id: ticket for ticket in await self._whole(found.values())}
        read = []
        for own_id, row in found.items():
            ticket = tickets[id_from(row.get("id")) or ""]
            read.append(ticket if ticket.ref.id == own_id else as_merged(ticket, own_id))
        return read

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """By the search, which sees changes late: it is asked for what was before, too."""
        async for rows in self._api.changed_since(since - OVERLAP):
            for ticket in await self._whole(rows):
                yield ticket

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """Its notes, and the messages and comments of its threads; the message that it was made of is its body."""
        own_id, app = id_from(ticket.ref.id), self._settings.app_id
        if ticket.gone is not None or own_id is None:
            return []
        try:
            data = await self._api.ticket(own_id)
            if id_from(data.get("id")) != own_id or data.get("archived") is True:
                return []
            first = text(properties_of(data).get(FIRST_MESSAGE)) if ticket.body else ""
            said = [from_note(note, app) for note in await self._api.notes(own_id)]
            for thread in await self._api.threads(own_id):
                async for row in self._api.messages(id_from(thread.get("id")) or ""):
                    comment = from_message(row, app) if is_said(row) else None
                    if comment is not None and comment.at < since:
                        break
                    if comment is not None and not (first and comment.id == first):
                        said.append(comment)
        except NotFound:
            return []
        return sorted(
            (one for one in said if one.text and one.at >= since),
            key=lambda one: (one.at, one.is_public, one.id),
        )

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One ticket after the other: conversations are written one by one."""
        outcomes = await one_by_one(
            plausible(ids, id_from), partial(self._changes.change, change=change, once=once)
        )
        return for_each(ids, outcomes, otherwise="not the id of a HubSpot ticket")

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CALLS_A_MESSAGE,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless."""
        if id_from(id) is None:
            return False
        try:
            return await self._changes.was_done(id, once)
        except NotFound:
            return False

    async def _alone(self, own_id: str) -> Mapping[str, Any] | None:
        """What a list left out: deleted, or merged, of which a call of its own may know more."""
        try:
            return await self._api.ticket(own_id)
        except NotFound:
            return None

    async def _whole(self, rows: Iterable[Mapping[str, Any]]) -> list[Ticket]:
        """With their contacts, in their order."""
        known = {own_id: row for row in rows if (own_id := id_from(row.get("id"))) is not None}
        if not known:
            return []
        of_ticket = await self._api.contacts_of(list(known))
        contacts = {
            contact.id: contact
            for contact in map(contact_from, await self._api.contacts(list(of_ticket.values())))
        }
        stages = await self._api.stages()
        nobody = Contact(id="")
        return [
            ticket_from(
                row, contacts.get(of_ticket.get(own_id, ""), nobody), stages, self.name, self._settings
            )
            for own_id, row in known.items()
        ]
