"""Pages through PagerDuty, and says what became of a page.

Two APIs are used, each for what it does best. The Events API pages, acknowledges and resolves: it knows our
key, deduplicates while the alert is open, and an acknowledgement through it leaves the engineer assigned
(through the REST API the user in `From` would take the incident over). It is asynchronous: 202 means queued.
The REST API reads and writes notes.

https://developer.pagerduty.com/docs/events-api-v2-overview
https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

import httpx
from pydantic import SecretStr

from connectors.kit.answers import VendorAnswer
from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import items, record
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByOffset, pages
from connectors.kit.webhooks.signatures import usable_secret
from connectors.pagerduty import mapping, webhook
from connectors.pagerduty.settings import PagerDutySettings
from connectors.pagerduty.subscriptions import rows
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unreachable
from incidents.events import Event, Lane, PageEvent, TrialWebhook, Verified
from incidents.models import Page, PageState, PageStatus
from incidents.ports import NotedPages, Pager, WebhookSource, WebhookSubscriptions
from incidents.subscriptions import MadeSubscription, TriedByWebhook, WebhookSubscription

EVENTS_A_MINUTE = 120  # for each routing key; https://developer.pagerduty.com/docs/events-api-v2-rate-limits
REQUESTS_A_MINUTE = 960  # for each API key; https://developer.pagerduty.com/docs/rest-api-rate-limits
LISTED_A_PAGE = 100  # the most that PagerDuty lists
LISTED_PAGES = (
    100  # offset and limit together reach to 10,000: https://developer.pagerduty.com/docs/pagination
)
PROBE_KEY = "liaison-check"


def _by_offset(name: str) -> ByOffset[VendorAnswer]:
    return ByOffset(
        count=lambda answer: len(items(record(answer.data).get(name))),
        has_more=lambda answer: record(answer.data).get("more") is True,
    )


_SERVICES = _by_offset("services")
_SUBSCRIPTIONS = _by_offset("webhook_subscriptions")
_PAGE_ID = re.compile(r"[0-9A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class _Integration:
    """Where one routing key leads: the pace is its own, so a client is too."""

    target: str
    routing_key: str
    http: VendorHttp


class PagerDuty(NotedPages, Pager, TriedByWebhook, WebhookSource, WebhookSubscriptions):
    """One PagerDuty account. `name` is the connection's, such as `pagerduty/main`.

    `Page.target` names one of `settings.routing_keys`; "" means `settings.routing_key`.
    """

    vendor: ClassVar[str] = "pagerduty"
    lane = Lane.STATUS_SYNC
    # Seconds until a queued event shows as an incident. Not documented; a few as a rule.
    index_lag = 15.0

    def __init__(
        self, name: str, settings: PagerDutySettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._from = settings.from_email
        self._secrets = tuple(usable_secret(secret) for secret in settings.signing_secrets)
        self._rest = VendorHttp(
            vendor=self.vendor,
            base_url=settings.api_url,
            headers={"Accept": "application/vnd.pagerduty+json;version=2"},
            auth=BearerToken(settings.api_token, before="Token token="),
            transport=transport,
            pace=Pace(REQUESTS_A_MINUTE, 60.0),
        )
        keys: dict[str, SecretStr] = {**settings.routing_keys, "": settings.routing_key}
        self._integrations = {
            target: _Integration(
                target,
                key.get_secret_value(),
                VendorHttp(
                    vendor=self.vendor,
                    base_url=settings.events_url,
                    transport=transport,
                    pace=Pace(EVENTS_A_MINUTE, 60.0),
                ),
            )
            for target, key in keys.items()
        }

    async def page(self, page: Page, *, once: str) -> None:
        """Wake whoever is on call behind `page.target`.

        While the alert is open the same `once` pages nobody again; after it was resolved it would. A lost
        reply is therefore `Unknown`, never repeated here: `read(once)` tells whether it was done.
        """
        integration = self._integrations.get(page.target)
        if integration is None:
            raise NotAllowed(
                f"pagerduty: connection {self.name} has no target {page.target!r}; add it to routing_keys"
            )
        event = mapping.trigger(page, once, integration.routing_key)
        await self._enqueue(integration, event, is_repeatable=False)

    async def read(self, key: str) -> PageState | None:
        """The open incident whose alert has this key, else the newest, else None; however old."""
        answer = await self._rest.call(
            "GET",
            "/incidents",
            params={
                "incident_key": mapping.dedup_key(key),
                "date_range": "all",  # the default leaves out what is older than a month
                "sort_by": "created_at:desc",
            },
        )
        incident = mapping.newest(answer.data)
        return None if incident is None else await self._state(incident, key)

    async def read_by_id(self, page_id: str) -> PageState | None:
        if _PAGE_ID.fullmatch(page_id) is None:
            return None  # not an incident's id, and it could lead the call to another path
        path = f"/incidents/{page_id}"
        try:
            found = await self._rest.call("GET", path)
            alerts = await self._rest.call("GET", f"{path}/alerts", params={"sort_by": "created_at:asc"})
        except NotFound:
            return None
        incident = record(found.data).get("incident")
        return await self._state(incident, mapping.key_of(incident, alerts.data))

    async def _state(self, incident: object, key: str) -> PageState:
        """How it stands; whether somebody snoozed it stands only in its log, which is asked when time will wake it."""
        state = mapping.page_state(incident, key)
        wakes_at = mapping.wakes_at(incident)
        if state.status is not PageStatus.ACKNOWLEDGED or wakes_at is None:
            return state
        try:
            log = await self._rest.call("GET", f"/incidents/{state.page_id}/log_entries")
        except NotFound:
            return state
        by = mapping.snoozer(log.data)
        return state if by is None else replace(state, snoozed_until=wakes_at, snoozed_by=by)

    async def obstacle(self, target: str) -> str:
        """Whether the service behind the target's routing key is in maintenance or disabled; each makes PagerDuty take
        events and drop them. "" for a service that works, and where it cannot be asked."""
        integration = self._integrations.get(target)
        if integration is None:
            return ""
        asked = {"include[]": "integrations", "limit": str(LISTED_A_PAGE)}
        services = pages(self._read, "/services", asked, by=_SERVICES, most=LISTED_PAGES, stops_at_most=True)
        try:
            async for answer in services:
                found = mapping.obstacle(answer.data, integration.routing_key)
                if found is not None:
                    return found
        except (Refused, Busy, Unreachable):
            pass
        return ""

    async def _read(self, path: str, params: dict[str, str]) -> VendorAnswer:
        return await self._rest.call("GET", path, params=params)

    async def acknowledge(self, key: str, *, once: str) -> None:
        """Acknowledge; done already, or no longer open, is as good."""
        await self._follow_up("acknowledge", key)

    async def resolve(self, key: str, *, once: str) -> None:
        """Resolve; done already is as good."""
        await self._follow_up("resolve", key)

    async def add_note(self, key: str, text: str, *, once: str) -> None:
        """Add a note, unless one with the marker of `once` is there.

        Raises `Busy` when no incident with this key shows (yet): paging is asynchronous.
        """
        state = await self.read(key)
        if state is None:
            raise Busy("pagerduty: no incident shows for this key yet", retry_after=self.index_lag)
        path = f"/incidents/{state.page_id}/notes"
        present = await self._rest.call("GET", path)
        if not mapping.has_note(present.data, once):
            await self._rest.call("POST", path, json=mapping.note(text, once), headers={"From": self._from})

    async def notes(self, key: str) -> Sequence[PageEvent]:
        """What is written on the incident, oldest first."""
        state = await self.read(key)
        if state is None:
            return ()
        present = await self._rest.call("GET", f"/incidents/{state.page_id}/notes")
        return mapping.noted(present.data, self.name, state)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return webhook.verify(headers, body, self._secrets)

    def events(self, verified: Verified) -> Sequence[Event]:
        return webhook.events(self.name, verified.body)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return webhook.trial(self._secrets[0], now=now)

    async def subscriptions(self) -> Sequence[WebhookSubscription]:
        found = pages(
            self._read,
            rows.PATH,
            {"limit": str(LISTED_A_PAGE)},
            by=_SUBSCRIPTIONS,
            most=LISTED_PAGES,
        )
        return [row async for answer in found for row in rows.rows_of(answer.data)]

    async def subscribe(self, address: str, *, title: str, scope: str = "") -> MadeSubscription:
        """PagerDuty chooses the secret and shows it this once."""
        body = rows.new_subscription(address, title, scope)
        answer = await self._rest.call("POST", rows.PATH, json=body, is_repeatable=False)
        return rows.made(answer.data)

    async def mend_subscription(self, id: str, *, address: str) -> SecretStr | None:
        """The address stays what it is: PagerDuty changes none."""
        path = rows.path_of(id)
        found = await self._rest.call("GET", path)
        if rows.is_temporarily_disabled(found.data):
            await self._rest.call("POST", f"{path}/enable", is_repeatable=True)
        await self._rest.call("PUT", path, json=rows.completed(found.data), is_repeatable=True)
        return None

    async def unsubscribe(self, id: str) -> None:
        with contextlib.suppress(NotFound):
            await self._rest.call("DELETE", rows.path_of(id), is_repeatable=True)

    async def check(self) -> str:
        """Try the API key, the user of the notes and every routing key, waking nobody.

        A routing key is tried by resolving a key that nothing was paged with, which PagerDuty drops. Whether
        the API key may write is not seen; a first note will tell.
        """
        answer = await self._rest.call("GET", "/users", params={"query": self._from})
        user = mapping.user_named(answer.data, self._from)
        if user is None:
            raise NotAllowed(f"pagerduty: no user with the address {self._from}; correct from_email")
        await self._follow_up("resolve", PROBE_KEY)
        named = ", ".join(sorted(target for target in self._integrations if target)) or "none"
        return f"PagerDuty, notes as {user}; default target and named targets: {named}"

    async def aclose(self) -> None:
        await self._rest.aclose()
        for integration in self._integrations.values():
            await integration.http.aclose()

    @property
    def actor(self) -> str:
        """In whose name notes are written; pages are an integration's."""
        return self._from

    async def _follow_up(self, action: str, key: str) -> None:
        """Send to every routing key.

        Only the one that triggered can acknowledge or resolve; behind the others there is no open alert with
        this key, and PagerDuty drops the event. All are tried before the first failure is raised.
        """
        results = await asyncio.gather(
            *(
                self._enqueue(
                    integration,
                    mapping.follow_up(action, key, integration.routing_key),
                    is_repeatable=True,
                )
                for integration in self._integrations.values()
            ),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _enqueue(
        self, integration: _Integration, event: dict[str, object], *, is_repeatable: bool
    ) -> None:
        try:
            await integration.http.call("POST", "/v2/enqueue", json=event, is_repeatable=is_repeatable)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            # Our events keep to the documented limits, so what PagerDuty refuses is the routing key.
            raise NotAllowed(
                f"{error}; check the routing key of target {integration.target or '(default)'!r}"
            ) from error
