"""A status page at Atlassian Statuspage: its incidents, what is said about them, and the components they hit.

Statuspage honours no key of ours, so the key travels in the incident's metadata: in the same call that opens it or says
something about it, so that either both are there or neither. https://developer.statuspage.io/
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx

from connectors.kit.answers import VendorAnswer, busy_until_reset
from connectors.kit.fields import record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber, pages
from connectors.kit.status_pages.components import PageComponent, components_for, gone, listed
from connectors.kit.status_pages.notified import is_told
from connectors.kit.status_pages.settings import is_id
from connectors.statuspage import mapping
from connectors.statuspage.settings import StatuspageSettings
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from incidents.status_page import StatusPage

LISTED = 100
"""The most that Statuspage lists on one page of a list, and what it lists when nothing is asked for."""
NEWEST_PAGES = 5
"""Among so many of the newest incidents one of ours is looked for, if it is not among the open ones."""
MOST_PAGES = 50
LIMIT_STATUSES = frozenset({420, 429})
"""Statuspage's own number came first, and was kept for those who know it:
https://community.atlassian.com/t5/Statuspage-articles/Upcoming-rate-limiting-changes-to-Statuspage-REST-API/ba-p/1455362
"""


class AtlassianStatuspage(StatusPage):
    """One page. `name` is the connection's (`statuspage/main`)."""

    vendor: ClassVar[str] = "statuspage"
    # Seconds until a list shows what was written. Not documented; a few as a rule.
    index_lag = 5.0

    def __init__(
        self, name: str, settings: StatuspageSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._page_path = f"pages/{settings.page_id}"
        self._one_at_a_time = asyncio.Lock()
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.base_url,
            auth=settings.auth,
            transport=transport,
            pace=Pace(settings.requests_per_minute, 60),
            explain=_explain,
        )

    async def check(self) -> str:
        """The page's name and address, who reads it, its components, and of what subscribers are told.

        Raises `NotAllowed` for a key or a page that is not ours, and `Refused` for components that are gone.
        """
        page = await self._page()
        components = await self._components()
        if lost := gone(components, self._settings.components):
            raise Refused(f"statuspage: the page has no component {lost}; correct components")
        readers = "team members only" if page.get("viewers_must_be_team_members") is True else "everybody"
        return (
            f"{text(page.get('name'))} ({text(page.get('url')) or self._settings.page_id}), read by {readers};"
            f" {listed(components)}; subscribers are told: {self._settings.notify.replace('_', ' ')}"
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def open(
        self, title: PublicText, text: PublicText, severity: Severity, *, services: Sequence[str], once: str
    ) -> str:
        written: dict[str, Any] = {
            "name": mapping.name_of(title),
            "body": mapping.body_of(text),
            "status": PublicState.INVESTIGATING.value,
            "impact_override": mapping.IMPACTS[severity],
            # Always said: left out, all subscribers are told.
            "deliver_notifications": is_told(self._settings.notify, is_in_between=False),
            "metadata": mapping.opened_with(once),
        }
        async with self._one_at_a_time:
            known = await self.find(once)
            if known is not None:
                return known
            hit = components_for(services, await self._components(), self._settings.components)
            try:
                return await self._create(written, hit, severity)
            except (NotAllowed, NotFound):
                raise
            except Refused:
                # Perhaps as a component was deleted meanwhile: the public is told all the same.
                there = {one.id for one in await self._components()}
                left = [one for one in hit if one.id in there]
                if len(left) == len(hit):
                    raise
                return await self._create(written, left, severity)

    async def post_update(self, id: str, text: PublicText, state: PublicState, *, once: str) -> None:
        await self._say(id, text, state, once=once)

    async def resolve(self, id: str, text: PublicText, *, once: str) -> None:
        await self._say(id, text, PublicState.RESOLVED, once=once)

    async def find(self, once: str) -> str | None:
        """The metadata is no field that can be searched, so the newest incidents are read, and all that are open."""
        path = f"{self._page_path}/incidents"
        by = ByNumber(has_more=_is_full)
        page: Sequence[Mapping[str, Any]] = ()
        async for page in pages(
            self._list, path, {"limit": str(LISTED)}, by=by, most=NEWEST_PAGES, stops_at_most=True
        ):
            for one in page:
                if mapping.is_opened_with(one, once) and is_id(text(one.get("id"))):
                    return text(one.get("id"))
        if not _is_full(page):
            return None
        for one in await self._unresolved():
            if mapping.is_opened_with(one, once) and is_id(text(one.get("id"))):
                return text(one.get("id"))
        return None

    async def was_done(self, id: str, once: str) -> bool:
        try:
            return mapping.is_said_with(await self._incident(id), once)
        except NotFound:
            return False

    async def restore(self) -> bool:
        """What a person deleted stays deleted; the page is only looked at, so that a key that ended is noticed."""
        await self._page()
        return False

    async def _create(
        self, written: Mapping[str, Any], hit: Sequence[PageComponent], severity: Severity
    ) -> str:
        body = {**written, "component_ids": [one.id for one in hit]}
        if statuses := mapping.faults(hit, severity):
            body["components"] = statuses
        try:
            answer = await self._http.call("POST", f"{self._page_path}/incidents", json={"incident": body})
        except NotFound as error:
            raise self._no_page() from error
        made = text(record(answer.data).get("id"))
        if not is_id(made):
            raise Unknown("statuspage: an incident was opened, and the answer does not say which")
        return made

    async def _say(self, id: str, words: PublicText, state: PublicState, *, once: str) -> None:
        written: dict[str, Any] = {"status": state.value, "body": mapping.body_of(words)}
        is_end = state is PublicState.RESOLVED
        written["deliver_notifications"] = is_told(self._settings.notify, is_in_between=not is_end)
        async with self._one_at_a_time:
            before = await self._incident(id)
            if mapping.is_said_with(before, once):
                return
            if mapping.is_over(before):
                raise Refused(
                    f"statuspage: incident {id} is resolved; nothing more can be said about it here"
                )
            written["metadata"] = mapping.said_with(before, once)
            if is_end and (works := mapping.mended(before, await self._unresolved())):
                written["components"] = works
            answer = await self._http.call(
                "PATCH", f"{self._page_path}/incidents/{id}", json={"incident": written}
            )
        after = record(answer.data)
        if after.get("id") != id:
            raise Unknown(f"statuspage: incident {id}: the answer is about something else")
        is_new = bool(mapping.update_ids(after) - mapping.update_ids(before))
        if not is_new and not mapping.is_said_with(after, once):
            raise Refused(f"statuspage: incident {id}: answered with success, and nothing was said")

    async def _incident(self, id: str) -> dict[str, Any]:
        """Raises `NotFound` for one that is no more or was never there."""
        if not is_id(id):
            raise NotFound("statuspage: not the id of an incident")
        try:
            found = record((await self._http.call("GET", f"{self._page_path}/incidents/{id}")).data)
        except NotFound as error:
            # It is also what a page that is not ours is answered with.
            await self._page()
            raise NotFound(
                f"statuspage: no incident {id} on the page; perhaps somebody deleted it"
            ) from error
        if found.get("id") != id:
            raise Unreachable(f"statuspage: incident {id}: the answer is about something else")
        return found

    async def _unresolved(self) -> list[Mapping[str, Any]]:
        path = f"{self._page_path}/incidents/unresolved"
        return [one for page in await self._all(path) for one in page]

    async def _components(self) -> list[PageComponent]:
        return mapping.components_from(
            [one for page in await self._all(f"{self._page_path}/components") for one in page]
        )

    async def _all(self, path: str) -> list[Sequence[Mapping[str, Any]]]:
        # Without `page` the components may be asked for once a minute only.
        asked = {"per_page": str(LISTED)}
        return [
            page
            async for page in pages(self._list, path, asked, by=ByNumber(has_more=_is_full), most=MOST_PAGES)
        ]

    async def _list(self, path: str, asked: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        try:
            data = (await self._http.call("GET", path, params=asked)).data
        except NotFound as error:
            raise self._no_page() from error
        if not isinstance(data, list) or records(data) != data:
            # Taken for an empty one, what it held would be done again.
            raise Unreachable(f"statuspage: {path.rpartition('/')[2]}: the answer is not a list")
        return data

    async def _page(self) -> dict[str, Any]:
        """Raises `NotAllowed` where the key does not reach it."""
        try:
            page = record((await self._http.call("GET", self._page_path)).data)
        except NotFound as error:
            raise self._no_page() from error
        if page.get("id") != self._settings.page_id:
            raise Unreachable("statuspage: the answer is not the page that was asked for")
        return page

    def _no_page(self) -> NotAllowed:
        return NotAllowed(
            f"statuspage: no page {self._settings.page_id} that the key reaches; correct page_id, or take a key of the"
            " organization that has it"
        )


def _explain(answer: VendorAnswer, what: str) -> None:
    if answer.status in LIMIT_STATUSES:
        # Where it does not say when: the limit is counted over the last minute.
        raise busy_until_reset(what, answer, reset=None)


def _is_full(page: Sequence[Mapping[str, Any]]) -> bool:
    return len(page) >= LISTED
