"""Pages through Opsgenie, and says what became of a page.

Each change is accepted (202) and done later: its fate is asked for by its `requestId` before it counts as done, since
an accepted request may still fail. An alias names an alert while that is open; what is closed is found by a search.
https://docs.opsgenie.com/docs/alert-api
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from connectors.kit.answers import VendorAnswer, retry_after_seconds
from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import record, records
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.webhooks.trial import trial_webhook
from connectors.opsgenie import mapping, webhook
from connectors.opsgenie.settings import OpsgenieSettings
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.models import Page, PageState, PageStatus
from incidents.ports import Pager, WebhookSource

# Opsgenie's own limits depend on plan and number of users and are counted per account and domain of calls; this keeps
# one process from taking all of a small account's: https://docs.opsgenie.com/docs/api-rate-limiting
REQUESTS_A_MINUTE = 240
LISTED = 100  # the most that Opsgenie lists
PROBE_ALIAS = "liaison-check"
PAUSES = (0.5, 1.0, 2.0)
"""Seconds between looks at what became of an accepted request."""
_BY_ALIAS = {"identifierType": "alias"}


class Opsgenie(Pager, WebhookSource):
    """One Opsgenie account. `name` is the connection's, such as `opsgenie/main`.

    `Page.target` names one of `settings.responders`; "" means `settings.responder`. `pause` waits so many seconds.
    """

    vendor: ClassVar[str] = "opsgenie"
    lane = Lane.STATUS_SYNC
    # Seconds until the search shows an alert. Not documented; a few as a rule.
    index_lag = 15.0

    def __init__(
        self,
        name: str,
        settings: OpsgenieSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self._secrets = settings.secrets
        self._responders = {**settings.responders, "": settings.responder}
        self._pause = pause
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.base_url,
            auth=BearerToken(settings.api_key, before="GenieKey "),
            transport=transport,
            pace=Pace(REQUESTS_A_MINUTE, 60.0),
            explain=_explain,
        )

    async def page(self, page: Page, *, once: str) -> None:
        """Wake whoever `page.target` names.

        While the alert is open the same `once` pages nobody again; after it was closed it would. What was accepted and
        whose fate is not seen is therefore `Unknown`, never repeated here: `read(once)` tells whether it was done.
        """
        responder = self._responders.get(page.target)
        if responder is None:
            raise NotAllowed(
                f"opsgenie: connection {self.name} has no target {page.target!r}; add it to responders"
            )
        alert = mapping.new_alert(page, once, responder)
        accepted = await self._http.call("POST", "/v2/alerts", json=alert, is_repeatable=False)
        if await self._was_done(accepted):
            return
        # Whether joining an open alert counts as done is not documented.
        try:
            stands = await self._stands(once, {PageStatus.TRIGGERED, PageStatus.ACKNOWLEDGED})
        except LiaisonError as error:
            raise Unknown(
                f"opsgenie: accepted and not done, and whether an alert is open does not show: {error}"
            ) from error
        if not stands:
            raise Refused("opsgenie: the page was accepted and then not made; see the integration's log")

    async def read(self, key: str) -> PageState | None:
        """The open alert with this alias, else the newest, else None."""
        alias = mapping.alias_of(key)
        found = []
        try:
            answer = await self._http.call("GET", f"/v2/alerts/{alias}", params=_BY_ALIAS)
            found = records([record(answer.data).get("data")])
        except NotFound:
            pass
        if not any(mapping.is_open(one) for one in found):
            query = {"query": f'alias: "{alias}"', "limit": str(LISTED), "sort": "createdAt", "order": "desc"}
            listed = await self._http.call("GET", "/v2/alerts", params=query)
            found += records(record(listed.data).get("data"))
        alert = mapping.newest(found, alias)
        return None if alert is None else mapping.page_state(alert)

    async def read_by_id(self, page_id: str) -> PageState | None:
        if not page_id.isascii() or not page_id.replace("-", "").isalnum():
            return None  # not an alert's id, and it could lead the call to another path
        try:
            found = await self._http.call("GET", f"/v2/alerts/{page_id}", params={"identifierType": "id"})
        except NotFound:
            return None
        return mapping.page_state(record(found.data).get("data"))

    async def obstacle(self, target: str) -> str:
        """Whether nobody is on call in the target's schedule: its alerts wake nobody. "" for a team, an escalation or a
        person, and where it cannot be asked."""
        kind, _, name = self._responders.get(target, "").partition(":")
        if kind != "schedule":
            return ""
        asked = {"scheduleIdentifierType": "name", "flat": "true"}
        try:
            path = f"/v2/schedules/{quote(name, safe='')}/on-calls"
            found = await self._http.call("GET", path, params=asked)
        except (Refused, Busy, Unreachable):
            return ""
        return f"nobody is on call in its schedule {name}" if mapping.nobody_on_call(found.data) else ""

    async def acknowledge(self, key: str, *, once: str) -> None:
        """Acknowledge, which stops the escalation; done already, or no longer open, is as good."""
        await self._follow_up("acknowledge", key, still={PageStatus.TRIGGERED})

    async def resolve(self, key: str, *, once: str) -> None:
        """Close; done already is as good."""
        await self._follow_up("close", key, still={PageStatus.TRIGGERED, PageStatus.ACKNOWLEDGED})

    async def add_note(self, key: str, text: str, *, once: str) -> None:
        """Add a note, unless one with the mark of `once` is among the newest hundred.

        Raises `Busy` when no alert with this key shows (yet): paging is done later than it is accepted.
        """
        state = await self.read(key)
        if state is None:
            raise Busy("opsgenie: no alert shows for this key yet", retry_after=self.index_lag)
        path = f"/v2/alerts/{quote(state.page_id, safe='')}/notes"
        asked = {"identifierType": "id", "limit": str(LISTED), "order": "desc"}
        present = await self._http.call("GET", path, params=asked)
        if mapping.has_note(present.data, once):
            return
        accepted = await self._http.call(
            "POST",
            path,
            params={"identifierType": "id"},
            json=mapping.note(text, once),
            is_repeatable=False,
        )
        if not await self._was_done(accepted):
            raise Refused("opsgenie: the note was accepted and then not added; see the integration's log")

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return webhook.verified_from(headers, body, secrets=self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return webhook.events_from(verified, connection=self.name)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        """With the first of the secrets."""
        return trial_webhook(webhook.SCHEME, self._secrets[0], now=now)

    async def check(self) -> str:
        """Try the key's rights to read and to change alerts, waking nobody: an alias that nothing has is closed.

        Whether the responders are there is not seen: an integration's key need not be let at the configuration.
        """
        await self._http.call("GET", "/v2/alerts", params={"limit": "1"})
        await self._change("close", PROBE_ALIAS)
        named = ", ".join(sorted(target for target in self._responders if target)) or "none"
        return f"Opsgenie until 2027-04-05, as an API integration; default target and named targets: {named}"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _follow_up(self, action: str, key: str, *, still: set[PageStatus]) -> None:
        """A change that was not done is no error but where the alert stands as it did."""
        try:
            was_done = await self._was_done(await self._change(action, mapping.alias_of(key)))
        except NotFound:
            was_done = False
        if was_done:
            return
        if await self._stands(key, still):
            raise Refused(f"opsgenie: {action} was accepted and not done; see the integration's log")

    async def _stands(self, key: str, so: set[PageStatus]) -> bool:
        state = await self.read(key)
        return state is not None and state.status in so

    async def _change(self, action: str, alias: str) -> VendorAnswer:
        path = f"/v2/alerts/{alias}/{action}"
        return await self._http.call("POST", path, params=_BY_ALIAS, json=mapping.by_us(), is_repeatable=True)

    async def _was_done(self, accepted: VendorAnswer) -> bool:
        """What became of an accepted request; `Unknown` if that does not show in a few seconds."""
        why = "it is not processed yet"
        try:
            path = f"/v2/alerts/requests/{mapping.request_id(accepted.data)}"
            for wait in (*PAUSES, None):
                outcome = await self._outcome(path)
                if outcome is not None:
                    return outcome
                if wait is not None:
                    await self._pause(wait)
        except LiaisonError as error:
            why = str(error)
        raise Unknown(f"opsgenie: accepted, and what became of it is not known: {why}")

    async def _outcome(self, path: str) -> bool | None:
        try:
            answer = await self._http.call("GET", path)
        except NotFound:
            return None
        return mapping.outcome(answer.data)


def _explain(answer: VendorAnswer, what: str) -> None:
    """429 names its period in a header of Opsgenie's own."""
    if answer.status == 429:
        headers: Any = answer.headers
        wait = headers.get("retry-after") or headers.get("x-ratelimit-period-in-sec")
        raise Busy(
            f"{what}: HTTP 429", retry_after=retry_after_seconds(wait, now=datetime.now().astimezone())
        )
