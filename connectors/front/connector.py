"""Front's conversations as a helpdesk: read, answer, comment, tag, find what changed; told by apps and rules.

Facts: https://dev.frontapp.com/reference. Front honours no idempotency key: `once` is a mark on the last line of what
we write, looked up among what our own teammate wrote; a call that may have been done is never repeated in place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

import httpx

from connectors.front.api import FrontApi, MergedElsewhere
from connectors.front.mapping import emitted_at, gone_from, id_from, ticket_from
from connectors.front.messages.changes import FrontChanges
from connectors.front.messages.mapping import from_comment, from_message, is_sent, message_time
from connectors.front.settings import FrontSettings
from connectors.front.webhook import APP, RULE, events_from, merged_ids, verified_from
from connectors.kit.fields import any_text, record, text
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.trial import trial_webhook
from incidents.errors import NotAllowed, NotFound, Unrecognised
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Departure, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk, WebhookSource
from incidents.subscriptions import TriedByWebhook

AT_ONCE = 3
"""Conversations that are read beside each other: Front stops bursts of some calls at five a second."""
CALLS_A_MESSAGE = 6
"""Three to read it (itself, its first message, its last event), and to read it again, to write, and to see that."""
OVERLAP = timedelta(seconds=2)


class Front(Helpdesk, Budgeted, TriedByWebhook, WebhookSource):
    """One company. `name` is the connection's (`front/support`)."""

    vendor: ClassVar[str] = "front"
    lane = Lane.INTAKE
    index_lag = 90.0
    """A channel may hold back for a minute what it was given."""

    def __init__(
        self, name: str, settings: FrontSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._app_keys, self._rule_keys = settings.app_keys, settings.rule_keys
        self._api = FrontApi(settings, transport)
        self._changes = FrontChanges(self._api, settings)

    async def check(self) -> str:
        """Who we are there. Raises `NotAllowed` for a token of another company than the settings say, and for a
        teammate that is not there or is blocked."""
        me = await self._api.me()
        company = any_text(me.get("id"))
        if company != self._settings.company_id:
            raise NotAllowed(
                f"front: the token is of the company {company[:60]!r}, and company_id says"
                f" {self._settings.company_id!r}; correct it"
            )
        try:
            teammate = await self._api.teammate(self._settings.teammate_id)
        except NotFound as error:
            raise NotAllowed(
                f"front: there is no teammate {self._settings.teammate_id}; correct it"
            ) from error
        if teammate.get("is_blocked") is True:
            raise NotAllowed(
                f"front: the teammate {self._settings.teammate_id} is blocked; give it a seat again"
            )
        told = [who for who, keys in (("an app", self._app_keys), ("rules", self._rule_keys)) if keys]
        hears = f"told by {' and '.join(told)}" if told else "no signing secret: polled, not told"
        who = text(teammate.get("username")) or text(teammate.get("email"))
        return f"{who} ({self._settings.teammate_id}) in {text(me.get('name'))}; {hears}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our teammate's id."""
        return self._settings.teammate_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, app_keys=self._app_keys, rule_keys=self._rule_keys, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The conversation to read again."""
        return events_from(verified, connection=self.name, company=self._settings.company_id)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if self._app_keys:
            return trial_webhook(APP, self._app_keys[0], now=now)
        if self._rule_keys:
            return trial_webhook(RULE, self._rule_keys[0], now=now)
        raise NotAllowed(f"{self.name} has no signing_secrets and no rule_secrets; add the one that signs")

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """Three calls each. Spam comes as gone, and so does what was merged, as the one that lives; deleted ones are
        left out."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(own_id: str) -> Ticket | None:
            async with places:
                try:
                    try:
                        return await self._whole(own_id)
                    except MergedElsewhere as error:
                        return _as_merged(await self._whole(error.into), own_id)
                except NotFound:
                    return None

        found = await asyncio.gather(*(one(own_id) for own_id in plausible(ids, id_from)))
        return [ticket for ticket in found if ticket is not None and ticket.gone is not Departure.DELETED]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """By the company's events, read to their end; each conversation is then read as it is now."""
        start = since - OVERLAP
        newest: dict[str, datetime] = {}
        merged: dict[str, tuple[str, datetime]] = {}
        async for event in self._api.events_since(start):
            named = record(event.get("conversation")).get("id")
            if not named:
                # Of one that is no more there is nothing to read, and the others are not to wait for it.
                continue
            at, own_id = emitted_at(event), id_from(named)
            if own_id is None:
                raise Unrecognised("front: an event of something that is no conversation")
            newest[own_id] = max(at, newest.get(own_id, at))
            merged |= {one: (own_id, at) for one in merged_ids(event) if one != own_id}
        for own_id, at in sorted(newest.items(), key=lambda one: (one[1], one[0])):
            if own_id in merged:
                continue
            try:
                ticket = await self._whole(own_id, at)
            except NotFound:
                continue
            yield ticket
            for one, (_, when) in merged.items():
                if _survivor(one, merged) == own_id:
                    yield replace(_as_merged(ticket, one), version=int(when.timestamp() * 1000))

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """Messages and comments; the first message is the ticket's body."""
        own_id, own = id_from(ticket.ref.id), self._settings.teammate_id
        if ticket.gone is not None or own_id is None:
            return []
        try:
            if gone_from(await self._api.conversation(own_id)) is not None:
                return []
            first = text((await self._api.first_message(own_id)).get("id")) if ticket.body else ""
            said = []
            async for row in self._api.messages(own_id):
                if message_time(row) < since:
                    break
                if is_sent(row) and text(row.get("id")) != first:
                    said.append(from_message(row, own))
            said += [from_comment(row, own) async for row in self._api.comments(own_id)]
        except NotFound:
            return []
        return sorted((one for one in said if one.text and one.at >= since), key=lambda one: (one.at, one.id))

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One conversation after the other; no call is for many."""
        outcomes = await one_by_one(
            plausible(ids, id_from), partial(self._changes.change, change=change, once=once)
        )
        return for_each(ids, outcomes, otherwise="not the id of a Front conversation")

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

    async def _whole(self, own_id: str, changed: datetime | None = None) -> Ticket:
        data = await self._api.conversation(own_id)
        if changed is None:
            event = await self._api.last_event(own_id)
            changed = emitted_at(event) if event else None
        first = {} if gone_from(data) is not None else await self._api.first_message(own_id)
        return ticket_from(data, first, changed, self.name, self._settings)


def _as_merged(survivor: Ticket, own_id: str) -> Ticket:
    """What is left of one that went into another."""
    ref = replace(survivor.ref, id=own_id)
    return replace(survivor, ref=ref, gone=Departure.MERGED, merged_into=survivor.ref.id)


def _survivor(own_id: str, merged: Mapping[str, tuple[str, datetime]]) -> str:
    """Where one is after all the merges, of which one may have taken in what was merged before."""
    for _ in range(len(merged)):
        if own_id not in merged:
            break
        own_id = merged[own_id][0]
    return own_id
