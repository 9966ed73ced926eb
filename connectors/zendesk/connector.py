"""Zendesk as a helpdesk: read in bulk, update one or many, know again what was done.

Facts: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ (show_many, update,
update_many), `.../ticket-management/incremental_exports/`, `.../ticket-management/job_statuses/`,
`.../tickets/ticket_audits/`, limits https://developer.zendesk.com/api-reference/introduction/rate-limits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from connectors.kit.auth.ways import BasicLogin
from connectors.kit.fields import any_text, record
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByCursor, pages
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme
from connectors.kit.webhooks.trial import trial_webhook
from connectors.zendesk.comments.reader import read_comments
from connectors.zendesk.comments.visibility import Visibility
from connectors.zendesk.jobs.bulk import BULK, JOBS_AT_ONCE, BulkUpdate
from connectors.zendesk.jobs.updates import Updates
from connectors.zendesk.mapping import SIDE_LOADS, ticket_id_from, tickets_from
from connectors.zendesk.outbound.customers import open_as_customer
from connectors.zendesk.outbound.tickets import OutboundTickets, require_done
from connectors.zendesk.service_levels.reader import read_service_levels
from connectors.zendesk.settings import ZendeskSettings
from connectors.zendesk.subscriptions.api import ZendeskWebhooks
from connectors.zendesk.webhook import events_from, verified_from
from incidents.errors import NotAllowed, NotFound, Unreachable
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.fan_out.standing_back import standing_back
from incidents.models import (
    Comment,
    Contact,
    PublicText,
    Ticket,
    TicketChange,
    TicketOutcome,
    TicketStatus,
)
from incidents.ports import Helpdesk, Mailbox, ServiceLevelSource, WebhookSource, WebhookSubscriptions
from incidents.rehearsals.opener import TicketOpener
from incidents.service_levels import ServiceLevels
from incidents.subscriptions import MadeSubscription, TriedByWebhook, WebhookSubscription

CALLS_A_JOB = 5
"""Its tickets are read, it is started, and looked at until it is over."""
EXPORT_PAGE = 250
EXPORT_PAGES = 20_000  # five million tickets
EXPORT_AGE = timedelta(seconds=65)


_BY_CURSOR: ByCursor[dict[str, Any]] = ByCursor(
    cursor=lambda data: any_text(data.get("after_cursor")) if data.get("end_of_stream") is False else "",
    only_first=frozenset({"start_time"}),
)


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class Zendesk(
    Helpdesk,
    Budgeted,
    Mailbox,
    ServiceLevelSource,
    TicketOpener,
    TriedByWebhook,
    WebhookSource,
    WebhookSubscriptions,
):
    """One Zendesk account.

    `name` is the connection's (`zendesk/support-eu`). Zendesk honours no idempotency key on updates: `once`
    travels as audit metadata, `was_done` looks it up, and a call that may have been done is never repeated
    in place.
    """

    vendor: ClassVar[str] = "zendesk"
    lane = Lane.INTAKE
    index_lag = 5.0

    def __init__(
        self,
        name: str,
        settings: ZendeskSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._secrets = settings.secrets
        self._own_user_id = (
            None if settings.integration_user_id is None else str(settings.integration_user_id)
        )
        # The paces stand before the calls, not inside their deadline: waiting for one's turn is no time-out.
        self._requests = Pace.of_helpdesk(settings.requests_per_minute)
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.address,
            auth=BasicLogin(f"{settings.email}/token", settings.api_token),
            transport=transport,
        )
        bulk = BulkUpdate(
            self._call, wait_seconds=settings.job_wait_seconds, poll_seconds=settings.job_poll_seconds
        )
        self._webhooks = ZendeskWebhooks(self._get, self._call, self._secrets)
        self._visibility = Visibility(self._get, self._call)
        self._outbound = OutboundTickets(self._get, self._call)
        self._updates = Updates(self._get, self._call, bulk, Pace(settings.updates_per_minute, 60))

    async def check(self) -> str:
        """Who we are there. Raises `NotAllowed` if that is nobody who may change tickets."""
        user = await self._learn_who_we_are()
        role = user.get("role")
        # Zendesk answers users/me for anonymous callers too, as an end user without an id.
        if self._own_user_id is None or role not in ("agent", "admin"):
            raise NotAllowed("zendesk GET users/me: not an agent; check e-mail and API token")
        return f"{user.get('name')} ({role}, user {self._own_user_id}) at {self._settings.address}"

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def actor(self) -> str:
        """Our user id, once it is known."""
        return self._own_user_id or ""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, secrets=self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """What we did is marked as ours once our user id is known: by setting, `check` or the first `read`."""
        return events_from(verified, connection=self.name, own_user_id=self._own_user_id)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return trial_webhook(SignatureScheme(scheme=Scheme.ZENDESK), self._secrets[0], now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        if self._own_user_id is None:
            await self._learn_who_we_are()
        wanted = plausible(ids, ticket_id_from)
        tickets: dict[str, Ticket] = {}
        for start in range(0, len(wanted), BULK):
            chunk = ",".join(wanted[start : start + BULK])
            data = await self._get("tickets/show_many.json", ids=chunk, include=SIDE_LOADS)
            tickets |= {ticket.ref.id: ticket for ticket in tickets_from(data, self.name, self._settings)}
        return [tickets[ticket_id] for ticket_id in wanted if ticket_id in tickets]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """May begin with some earlier tickets, and leaves out the last minute: Zendesk exports neither
        a start nor a change younger than that. Ask each time from a little before the last time.
        """
        start = min(since, self._clock() - EXPORT_AGE)
        asked = {
            "start_time": str(int(start.timestamp())),
            "include": SIDE_LOADS,
            "per_page": str(EXPORT_PAGE),
        }
        path = "incremental/tickets/cursor.json"
        async for data in pages(self._page, path, asked, by=_BY_CURSOR, most=EXPORT_PAGES):
            for ticket in tickets_from(data, self.name, self._settings, with_deleted=True):
                yield ticket

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """From the ticket's audits."""
        if self._own_user_id is None:
            await self._learn_who_we_are()
        return await read_comments(self._get, ticket, own_user_id=self._own_user_id, since=since)

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """Over 100 ids make several calls: when only some of those succeed, the ids of the others come back
        `unknown` rather than the whole call failing, so that what was done is never forgotten.
        """
        with standing_back():
            with self._visibility.change():
                updated = await self._updates.update(plausible(ids, ticket_id_from), change, once=once)
            checked = await self._visibility.checked(updated, change, once)
        return for_each(ids, checked, otherwise="not a Zendesk ticket id")

    def budget(self) -> Budget:
        return Budget(
            limits=(self._updates.limit(), self._requests.limit()),
            # With a look at whether customers see it, at most: those of the same moment share one.
            alone=(1, 2),
            together=(0, CALLS_A_JOB + 1),
            most=BULK,
            at_once=JOBS_AT_ONCE,
        )

    async def was_done(self, id: str, once: str) -> bool:
        """An update that changed nothing, or only added tags, leaves no mark and is answered False: repeating it is
        harmless. Of a ticket with more than 10,000 audits the newest are looked at.
        """
        if ticket_id_from(id) is None:
            return False
        try:
            audit = await self._visibility.find(id, once)
        except NotFound:
            return False
        if audit is not None:
            await self._visibility.require_private(id, audit)
            self._visibility.require_shown(id, audit)
        return audit is not None

    async def send(
        self, to: Contact, subject: PublicText, text: PublicText, *, once: str, ends: str = ""
    ) -> str:
        """By a ticket of the account's own, which its trigger for proactive tickets mails to the customer."""
        earlier = await self._outbound.find(ends, is_writable=True) if ends else None
        if earlier is not None:
            if not await self.was_done(earlier, once):
                change = TicketChange(public_reply=text, status=TicketStatus.SOLVED)
                require_done(await self.update([earlier], change, once=once))
            return earlier
        if self._own_user_id is None:
            await self._learn_who_we_are()
        return await self._outbound.open(to, subject, text, once=once, submitter=self.actor)

    async def open_ticket(self, customer: Contact, subject: str, text: str, *, tag: str) -> str:
        return await open_as_customer(self._call, customer, subject, text, tag=tag)

    async def service_levels(self) -> ServiceLevels:
        return await read_service_levels(self._get, self._settings)

    async def subscriptions(self) -> Sequence[WebhookSubscription]:
        return await self._webhooks.list()

    async def subscribe(self, address: str, *, title: str, scope: str = "") -> MadeSubscription:
        """Zendesk limits a webhook to nothing: `scope` is not looked at."""
        return await self._webhooks.make(address, title)

    async def mend_subscription(self, id: str, *, address: str) -> SecretStr | None:
        return await self._webhooks.mend(id, address)

    async def unsubscribe(self, id: str) -> None:
        await self._webhooks.remove(id)

    async def _learn_who_we_are(self) -> dict[str, Any]:
        user = record((await self._get("users/me.json")).get("user"))
        if self._own_user_id is None and user.get("id") is not None:
            self._own_user_id = str(user["id"])
        return user

    async def _page(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        return await self._get(path, **params)

    async def _get(self, path: str, **params: str) -> dict[str, Any]:
        data = await self._call("GET", path, params=params)
        if not isinstance(data, dict):
            raise Unreachable(f"zendesk GET {path}: the answer is not a JSON object")
        return data

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: Any = None,
        headers: dict[str, str] | None = None,
        is_repeatable: bool | None = None,
    ) -> Any:
        await self._requests.wait()
        answer = await self._http.call(
            method, f"/api/v2/{path}", params=params, json=json, headers=headers, is_repeatable=is_repeatable
        )
        return answer.data
