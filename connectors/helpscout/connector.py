"""Help Scout as a helpdesk: read, answer, note, tag, find what changed; told by webhooks, which are looked after.

Facts: https://developer.helpscout.com/mailbox-api/. Help Scout honours no idempotency key: `once` is a mark on the last
line of what we write, looked up among what our own user wrote; a call that may have been done is never repeated in
place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

import httpx
from pydantic import SecretStr

from connectors.helpscout.api import HelpScoutApi
from connectors.helpscout.conversation.changes import HelpScoutChanges
from connectors.helpscout.conversation.mergers import MergedConversation, as_merged, taken_in
from connectors.helpscout.conversation.threads import comments_from, id_from
from connectors.helpscout.mapping import gone_from, is_draft, is_ours, ticket_from
from connectors.helpscout.polling import changed_since
from connectors.helpscout.settings import HelpScoutSettings
from connectors.helpscout.subscriptions.api import HelpScoutWebhooks
from connectors.helpscout.webhook import SCHEME, events_from, verified_from
from connectors.kit.fields import any_text, text, whole
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.trial import trial_webhook
from incidents.errors import NotAllowed, NotFound, Unreachable
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Departure, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk, WebhookSource, WebhookSubscriptions
from incidents.subscriptions import MadeSubscription, TriedByWebhook, WebhookSubscription

AT_ONCE = 4
"""Conversations that are read beside each other."""
CALLS_A_CONVERSATION = 5
"""To read it, to read it again before a message, to write that, which counts twice, and to see what became of it."""
MOST_MERGERS = 5
"""Of one conversation into the next that are followed."""


class HelpScout(Helpdesk, Budgeted, TriedByWebhook, WebhookSource, WebhookSubscriptions):
    """One account. `name` is the connection's (`helpscout/support`)."""

    vendor: ClassVar[str] = "helpscout"
    lane = Lane.INTAKE
    index_lag = 5.0
    """What was done is looked up on the conversation itself, not by the search; how soon it is there is not said."""

    def __init__(
        self, name: str, settings: HelpScoutSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = settings.secrets
        self._api = HelpScoutApi(settings, transport)
        self._changes = HelpScoutChanges(self._api, settings)
        self._webhooks = HelpScoutWebhooks(self._api, settings)
        self._known_id = ""

    async def check(self) -> str:
        """Who we are there. Raises `NotAllowed` for an inbox of the settings that our user is not shown, as where the
        app is of another account."""
        me = await self._api.me()
        self._known_id = _user(me)
        shown = await self._api.inboxes()
        seen = {whole(one.get("id")) for one in shown}
        if missing := [str(one) for one in self._settings.inbox_ids if one not in seen]:
            raise NotAllowed(
                f"helpscout: inbox {', '.join(missing)} is not shown to our user: let it in, or correct inbox_ids; it"
                " may be of another account than the app"
            )
        names = [
            f"{text(one.get('name'))[:60]} ({any_text(one.get('id'))})"
            for one in shown
            if self._is_given(whole(one.get("id")))
        ]
        who = f"{text(me.get('firstName'))} {text(me.get('lastName'))}".strip()
        role = text(me.get("role"))[:40] or "no role told"
        hears = "told by a webhook" if self._secrets else "no signing secret: polled, not told"
        return f"{who} (user {self._known_id}, {role}) in {', '.join(names) or 'no inbox'}; {hears}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our user's id, once it is known."""
        return self._known_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, secrets=self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The conversation to read again; a webhook does not say whose change it tells."""
        return events_from(verified, connection=self.name, inboxes=self._settings.inbox_ids)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._secrets:
            raise NotAllowed(f"{self.name} has no signing_secrets; add the webhook's secret key")
        return trial_webhook(SCHEME, self._secrets[0], now=now)

    async def subscriptions(self) -> Sequence[WebhookSubscription]:
        return await self._webhooks.rows()

    async def subscribe(self, address: str, *, title: str, scope: str = "") -> MadeSubscription:
        return await self._webhooks.make(address, title, scope)

    async def mend_subscription(self, id: str, *, address: str) -> SecretStr | None:
        await self._webhooks.mend(id, address)
        return None

    async def unsubscribe(self, id: str) -> None:
        await self._webhooks.remove(id)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """One call each. Spam and merged ones come as gone; deleted ones, drafts and those of other inboxes are left
        out."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(own_id: str) -> Ticket | None:
            async with places:
                return await self._ticket(own_id)

        found = await asyncio.gather(*(one(own_id) for own_id in plausible(ids, id_from)))
        return [ticket for ticket in found if ticket is not None]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """All are read before the first is told: they come newest first, page by page. Of merged ones that tells which
        took them in; of deleted ones nothing does."""
        newest: dict[str, Ticket] = {}
        async for data in changed_since(self._api, self._settings, since):
            if is_draft(data) or not is_ours(data, self._settings):
                continue
            ticket = ticket_from(data, self.name, self._settings)
            for one in (ticket, *(as_merged(ticket, own_id) for own_id in taken_in(data))):
                known = newest.get(one.ref.id)
                if known is None or known.version < one.version:
                    newest[one.ref.id] = one
        for ticket in sorted(newest.values(), key=lambda one: (one.updated_at, int(one.ref.id))):
            yield ticket

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """All that was written on it is read, but for drafts, and what happened to it."""
        own_id = id_from(ticket.ref.id)
        if ticket.gone is not None or own_id is None:
            return []
        user = await self._own_id()
        try:
            # What was written on a deleted one may still be shown.
            if gone_from(await self._api.conversation(own_id)) is not None:
                return []
            return comments_from([one async for one in self._api.threads(own_id)], user, since)
        except NotFound:
            return []

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One conversation after the other."""
        wanted = plausible(ids, id_from)
        user = await self._own_id() if wanted else ""
        outcomes = await one_by_one(
            wanted, partial(self._changes.change, change=change, once=once, user=user)
        )
        return for_each(ids, outcomes, otherwise="not a Help Scout conversation's id")

    def budget(self) -> Budget:
        return Budget(limits=self._api.limits(), alone=(CALLS_A_CONVERSATION, 1), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless. What was written on a
        conversation that was merged is looked up in the one that took it in."""
        own_id = id_from(id)
        for _ in range(MOST_MERGERS):
            if own_id is None:
                return False
            try:
                return await self._changes.was_done(own_id, once, await self._own_id())
            except MergedConversation as error:
                own_id = error.into
            except NotFound:
                return False
        raise Unreachable(f"helpscout: conversation {id} was merged again and again")

    async def _ticket(self, own_id: str) -> Ticket | None:
        """None for what is none of ours."""
        into = own_id
        for _ in range(MOST_MERGERS):
            try:
                data = await self._api.whole(into)
            except MergedConversation as error:
                into = error.into
                continue
            except NotFound:
                return None
            if is_draft(data) or gone_from(data) is Departure.DELETED or not is_ours(data, self._settings):
                return None
            ticket = ticket_from(data, self.name, self._settings)
            return ticket if into == own_id else as_merged(ticket, own_id)
        raise Unreachable(f"helpscout: conversation {own_id} was merged again and again")

    async def _own_id(self) -> str:
        if not self._known_id:
            self._known_id = _user(await self._api.me())
        return self._known_id

    def _is_given(self, inbox: int | None) -> bool:
        return not self._settings.inbox_ids or inbox in self._settings.inbox_ids


def _user(me: dict[str, object]) -> str:
    found = id_from(me.get("id"))
    if found is None:
        raise Unreachable("helpscout GET users/me: no id in the answer")
    return any_text(found)
