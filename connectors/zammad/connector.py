"""Zammad as a helpdesk: read, answer, note, tag, know again what was done; and which webhooks it sends.

Facts: https://docs.zammad.org/en/latest/api/intro.html. Zammad honours no idempotency key: `once` is kept in the
article's preferences, `was_done` looks it up, and a call that may have been done is never repeated in place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from connectors.kit.fields import any_text, items, text, utc_time
from connectors.kit.one_by_one import one_by_one
from connectors.kit.pagination import ByCursor, pages
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme
from connectors.kit.webhooks.trial import trial_webhook
from connectors.zammad.api import EXPANDED, ZammadApi
from connectors.zammad.conversation.articles import comments_from
from connectors.zammad.conversation.changes import ZammadChanges
from connectors.zammad.conversation.reader import ZammadReader
from connectors.zammad.mapping import id_from, name_of
from connectors.zammad.settings import ZammadSettings
from connectors.zammad.subscriptions.api import ZammadWebhooks
from connectors.zammad.webhook import events_from, verified_from
from incidents.errors import NotAllowed, NotFound
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Departure, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk, WebhookSource, WebhookSubscriptions
from incidents.subscriptions import MadeSubscription, TriedByWebhook, WebhookSubscription

PAGE = 200  # the most that a search gives, in Zammad's TicketsController#search
MOST_PAGES = 20_000
LAST = 20
"""So many of a page are asked for again with the next one."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


def _since(moment: datetime) -> str:
    """A search for what changed from then on: https://user-docs.zammad.org/en/latest/advanced/search.html."""
    at = moment.astimezone(UTC)
    return f"updated_at:[{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z TO *]"


def _reached(found: Sequence[dict[str, Any]]) -> datetime:
    """How far a page went. The search takes tickets in its index's order, and tells each as it is now: one that changed
    since it was indexed has a later time than its place. So the earliest of the last ones counts.

    https://github.com/zammad/zammad/blob/develop/app/models/concerns/can_search.rb (`search_result`)
    """
    times = [utc_time(one.get("updated_at"), of="zammad") for one in found]
    place = min(times[-LAST:])
    # A page of one moment has to end somewhere.
    return place if place > min(times) else times[-1]


# By the time reached rather than by number: a ticket that changes while the list is read moves to its end, and would
# take another one's place on a page that was read.
_BY_TIME: ByCursor[list[dict[str, Any]]] = ByCursor(
    cursor=lambda found: _since(_reached(found)) if len(found) >= PAGE else "",
    param="query",
)

CALLS_A_TICKET = 8
"""To read it with its articles, tags and customer, to write an article, and to see what became of it."""


class Zammad(Helpdesk, Budgeted, TriedByWebhook, WebhookSource, WebhookSubscriptions):
    """One Zammad. `name` is the connection's (`zammad/support`)."""

    vendor: ClassVar[str] = "zammad"
    lane = Lane.INTAKE
    index_lag = 5.0

    def __init__(
        self,
        name: str,
        settings: ZammadSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = settings.secrets
        self._own_user_id = (
            None if settings.integration_user_id is None else str(settings.integration_user_id)
        )
        self._api = ZammadApi(settings, transport)
        self._reader = ZammadReader(self._api, name, settings)
        self._changes = ZammadChanges(self._reader, settings, clock)
        self._webhooks = ZammadWebhooks(self._api, settings)

    async def check(self) -> str:
        """Who we are there. Raises `NotAllowed` if that is no agent, and where searches find nothing by time."""
        user = await self._learn_who_we_are()
        if self._own_user_id is None or not {"Agent", "Admin"} & set(map(text, items(user.get("roles")))):
            raise NotAllowed("zammad GET users/me: not an agent; check the token and the user's roles")
        some = await self._api.entries("tickets", {"per_page": "1", "page": "1"})
        if some and not await self._search({"query": _since(datetime(1970, 1, 1, tzinfo=UTC))}):
            raise NotAllowed(
                "zammad: its search finds no ticket by its time: it needs Elasticsearch, and its index"
            )
        return f"{name_of(user)} (user {self._own_user_id}) at {self._settings.base_url}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our user id, once it is known."""
        return self._own_user_id or ""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, secrets=self._secrets)

    def events(self, verified: Verified) -> Sequence[Event]:
        """What we did is marked as ours once our user id is known: by setting, `check` or the first `read`."""
        return events_from(verified, connection=self.name, own_user_id=self._own_user_id)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return trial_webhook(SignatureScheme(scheme=Scheme.HUB_SHA1), self._secrets[0], now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        if self._own_user_id is None:
            await self._learn_who_we_are()
        return await self._reader.all_of(plausible(ids, id_from))

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """By Zammad's search, which is behind by its index: ask each time from a little before the last time.

        Deleted ones are in no list of Zammad's.
        """
        seen: set[tuple[str, str]] = set()
        asked = {"query": _since(since)}
        async for page in pages(self._page, "tickets/search", asked, by=_BY_TIME, most=MOST_PAGES):
            for data in page:
                state = (any_text(data.get("id")), any_text(data.get("updated_at")))
                if state in seen:
                    continue
                seen.add(state)
                try:
                    yield await self._reader.whole(data)
                except NotFound:
                    continue

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """From the ticket's articles."""
        if self._own_user_id is None:
            await self._learn_who_we_are()
        if ticket.gone is Departure.DELETED or id_from(ticket.ref.id) is None:
            return []
        try:
            articles = await self._reader.articles(ticket.ref.id)
        except NotFound:
            return []
        return comments_from(articles, own_user_id=self._own_user_id, since=since)

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One ticket after the other: Zammad has no call for many."""
        outcomes = await one_by_one(
            plausible(ids, id_from), partial(self._changes.change, change=change, once=once)
        )
        return for_each(ids, outcomes, otherwise="not a Zammad ticket id")

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CALLS_A_TICKET,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without an article leaves no mark and is answered False: repeating it is harmless."""
        if id_from(id) is None:
            return False
        try:
            return await self._changes.was_done(id, once)
        except NotFound:
            return False

    async def subscriptions(self) -> Sequence[WebhookSubscription]:
        return await self._webhooks.rows()

    async def subscribe(self, address: str, *, title: str, scope: str = "") -> MadeSubscription:
        """It signs with the first of our secrets. Zammad limits a webhook to nothing: `scope` is not looked at."""
        return await self._webhooks.make(address, title)

    async def mend_subscription(self, id: str, *, address: str) -> SecretStr | None:
        await self._webhooks.mend(id, address)
        return None

    async def unsubscribe(self, id: str) -> None:
        """With the triggers that `mend_subscription` made for it; others keep it: `Refused`."""
        await self._webhooks.remove(id)

    async def _learn_who_we_are(self) -> dict[str, Any]:
        user = await self._api.record("users/me", **EXPANDED)
        if self._own_user_id is None:
            self._own_user_id = id_from(user.get("id"))
        return user

    async def _search(self, params: dict[str, str]) -> list[dict[str, Any]]:
        return await self._page("tickets/search", params)

    async def _page(self, path: str, params: dict[str, str]) -> list[dict[str, Any]]:
        order = {"sort_by": "updated_at", "order_by": "asc", "per_page": str(PAGE), "page": "1"}
        return await self._api.entries(path, {**params, **order, **EXPANDED})
