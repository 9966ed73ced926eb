"""The calls on one HubSpot portal.

Records by the dated API (https://developers.hubspot.com/docs/api-reference/2026-03/overview), conversations by version
3 (https://developers.hubspot.com/docs/api-reference/legacy/conversations/conversations/guide): its dated successor is
described as a beta. The search has limits of its own and sees changes late, so it only finds what changed:
https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import httpx

from connectors.hubspot.calls.answers import explain
from connectors.hubspot.mapping import (
    CONTACT_PROPERTIES,
    MODIFIED,
    PROPERTIES,
    PipelineStage,
    id_from,
    stages_from,
)
from connectors.hubspot.settings import HubSpotSettings
from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import any_text, record, records, utc_time
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import SPARED, Pace
from connectors.kit.pagination import ByCursor, pages
from incidents.errors import Unreachable, Unrecognised
from incidents.fan_out.budget import Limit

VERSION = "2026-03"
"""Supported for 18 months: https://developers.hubspot.com/docs/api-reference/2026-03/overview."""
OBJECTS, THREADS = f"/crm/objects/{VERSION}", "/conversations/v3/conversations/threads"
A_BATCH, A_PAGE = 100, 100
MOST_PAGES, MOST_PAGES_OF_THREADS, MOST_ROUNDS = 100, 5, 100
NOTE_TO_TICKET = 228
"""https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide"""
NOTE_PROPERTIES = (
    "hs_note_body", "hs_timestamp", "hs_createdate", "hs_object_source", "hs_object_source_id", "hs_created_by_user_id",
)  # fmt: skip


class SearchLimits(NamedTuple):
    """What one search gives, and how often one may be made: four times of the portal's five a second."""

    a_second: float = 4
    a_page: int = 200
    most: int = 10_000


SEARCH = SearchLimits()


class HubSpotApi:
    """All raise `incidents.errors`."""

    def __init__(
        self,
        settings: HubSpotSettings,
        transport: httpx.AsyncBaseTransport | None,
        *,
        search: SearchLimits = SEARCH,
    ) -> None:
        calls = settings.calls_per_ten_seconds
        self._pace = Pace(calls, 10, spare=int(calls) // SPARED)
        self._search_limits = search
        self._search_pace = Pace(search.a_second, 1)
        self._settings = settings
        self._stages: list[PipelineStage] = []
        self._http = VendorHttp(
            vendor="hubspot",
            base_url=settings.base_url,
            auth=BearerToken(settings.access_token),
            transport=transport,
            pace=self._pace,
            explain=explain,
        )

    def limit(self) -> Limit:
        """How many calls are spent, and how many are left."""
        return self._pace.limit()

    async def who(self) -> dict[str, Any]:
        """Whose token this is: portal, app and scopes. The token stands in the body: the call wants it there."""
        said = {"tokenKey": self._settings.access_token.get_secret_value()}
        return await self._posted("/oauth/v2/private-apps/get/access-token-info", said)

    async def sender(self) -> dict[str, Any]:
        """The actor in whose name we write. Raises `NotFound`."""
        return await self._record(f"/conversations/v3/conversations/actors/{self._settings.sender}")

    async def tags_property(self) -> dict[str, Any]:
        """Raises `NotFound`."""
        return await self._record(f"/crm/properties/{VERSION}/tickets/{self._settings.tags_property}")

    async def stages(self, *, knows: str = "") -> Sequence[PipelineStage]:
        """All statuses of all pipelines; read again where `knows` is not among those that we know."""
        if not self._stages or (knows and not any(one.id == knows for one in self._stages)):
            found = await self._record(f"/crm/pipelines/{VERSION}/tickets")
            self._stages = stages_from(_rows(found, "the pipelines"))
        return self._stages

    def forget(self) -> None:
        """A stage may be gone."""
        self._stages = []

    async def ticket(self, own_id: str) -> dict[str, Any]:
        """With the ids of its contacts. Raises `NotFound`. Of one that was merged the survivor may come, under its own
        id."""
        params = {"properties": ",".join(self._properties), "associations": "contacts"}
        found = await self._record(f"{OBJECTS}/tickets/{own_id}", params)
        if id_from(found.get("id")) is None:
            raise Unreachable("hubspot: a ticket without its id")
        return found

    async def tickets(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those that are there, in no order, without their contacts."""
        return await self._batch("tickets", ids, self._properties)

    async def contacts(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those that are there, in no order."""
        return await self._batch("contacts", ids, CONTACT_PROPERTIES)

    async def contacts_of(self, tickets: Sequence[str]) -> dict[str, str]:
        """The first contact of each ticket that has one."""
        found: dict[str, str] = {}
        for some in _parts(tickets):
            said = {"inputs": [{"id": one} for one in some]}
            path = f"/crm/associations/{VERSION}/tickets/contacts/batch/read"
            for row in _rows(await self._posted(path, said), "the contacts of tickets"):
                ticket = id_from(record(row.get("from")).get("id"))
                ids = [id_from(one.get("toObjectId")) for one in records(row.get("to"))]
                if ticket is not None and (contact := next((one for one in ids if one), None)):
                    found[ticket] = contact
        return found

    async def changed_since(self, since: datetime) -> AsyncIterator[list[dict[str, Any]]]:
        """Tickets that changed then or later, oldest first, some at a time. A search ends at 10,000: the next one
        begins where it ended."""
        start, seen = since, set[tuple[str, str]]()
        for _ in range(MOST_ROUNDS):
            last, count = start, 0
            async for rows in self._search(start):
                count += len(rows)
                last = _modified(rows[-1]) if rows else last
                yield [row for row in rows if _version(row) not in seen]
                seen |= {_version(row) for row in rows}
            if count < self._search_limits.most:
                return
            if last <= start:
                raise Unreachable(
                    "hubspot: more tickets changed in one moment than a search gives; they cannot be listed"
                )
            start = last
        raise Unreachable("hubspot: the list of changed tickets goes on without an end")

    async def notes(self, ticket: str) -> list[dict[str, Any]]:
        """The notes that are associated with a ticket, in no order."""
        path = f"{OBJECTS}/tickets/{ticket}/associations/notes"
        rows = [row async for row in self._all(path, {"limit": "500"}, most=MOST_PAGES)]
        ids = [own_id for own_id in (id_from(row.get("toObjectId")) for row in rows) if own_id is not None]
        return await self._batch("notes", ids, NOTE_PROPERTIES)

    async def threads(self, ticket: str) -> list[dict[str, Any]]:
        """The conversations of a ticket, without spam. The filter stands in HubSpot's guide and not in its description:
        each is believed only where it says itself that it is this ticket's."""
        params = {"associatedTicketId": ticket, "association": "TICKET", "limit": str(A_PAGE)}
        return [
            row
            async for row in self._all(THREADS, params, most=MOST_PAGES_OF_THREADS)
            if id_from(record(row.get("threadAssociations")).get("associatedTicketId")) == ticket
            and row.get("spam") is not True
            and id_from(row.get("id")) is not None
        ]

    async def messages(self, thread: str) -> AsyncIterator[dict[str, Any]]:
        """All that happened on a thread, newest first."""
        params = {"limit": str(A_PAGE), "sort": "-createdAt"}
        async for row in self._all(f"{THREADS}/{thread}/messages", params, most=MOST_PAGES):
            yield row

    async def set(self, ticket: str, properties: Mapping[str, str]) -> None:
        """Its status and tags."""
        said = {"properties": dict(properties)}
        await self._http.call("PATCH", f"{OBJECTS}/tickets/{ticket}", json=said, is_repeatable=True)

    async def write_note(self, ticket: str, markup: str, now: datetime) -> None:
        """For colleagues, on the ticket's timeline; never sent again in place."""
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_TICKET}
        said = {
            "properties": {"hs_note_body": markup, "hs_timestamp": str(int(now.timestamp() * 1000))},
            "associations": [{"to": {"id": ticket}, "types": [link]}],
        }
        await self._http.call("POST", f"{OBJECTS}/notes", json=said, is_repeatable=False)

    async def write_message(self, thread: str, said: Mapping[str, Any]) -> None:
        """To the customer; never sent again in place."""
        await self._http.call("POST", f"{THREADS}/{thread}/messages", json=dict(said), is_repeatable=False)

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def _properties(self) -> tuple[str, ...]:
        return (*PROPERTIES, self._settings.tags_property)

    async def _batch(self, kind: str, ids: Sequence[str], properties: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for some in _parts(list(dict.fromkeys(ids))):
            said = {"properties": list(properties), "inputs": [{"id": one} for one in some]}
            found += _rows(await self._posted(f"{OBJECTS}/{kind}/batch/read", said), f"the {kind}")
        return found

    async def _search(self, since: datetime) -> AsyncIterator[list[dict[str, Any]]]:
        said: dict[str, Any] = {
            "filterGroups": [
                {
                    "filters": [
                        {
                            "propertyName": MODIFIED,
                            "operator": "GTE",
                            "value": str(int(since.timestamp() * 1000)),
                        }
                    ]
                }
            ],
            "sorts": [{"propertyName": MODIFIED, "direction": "ASCENDING"}],
            "properties": list(self._properties),
            "limit": self._search_limits.a_page,
        }
        for _ in range(self._search_limits.most // self._search_limits.a_page):
            await self._search_pace.wait()
            page = await self._posted(f"{OBJECTS}/tickets/search", said)
            yield _rows(page, "the tickets that changed")
            after = _cursor(page)
            if not after:
                return
            if after == said.get("after"):
                raise Unreachable("hubspot: the search's next page is the same one: its cursor does not move")
            said["after"] = after

    async def _all(self, path: str, params: Mapping[str, str], *, most: int) -> AsyncIterator[dict[str, Any]]:
        by: ByCursor[dict[str, Any]] = ByCursor(cursor=_cursor, param="after")
        async for page in pages(self._record, path, params, by=by, most=most):
            for row in _rows(page, path):
                yield row

    async def _posted(self, path: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """A reading that is asked by POST."""
        return _object((await self._http.call("POST", path, json=dict(said), is_repeatable=True)).data, path)

    async def _record(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return _object((await self._http.call("GET", path, params=params)).data, path)


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + A_BATCH] for start in range(0, len(ids), A_BATCH)]


def _object(data: Any, path: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Unreachable(f"hubspot {path}: the answer is not a JSON object")
    return data


def _rows(page: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """Who looks for something must see all there is: an answer without its list is none."""
    rows = page.get("results")
    if not isinstance(rows, list) or len(records(rows)) != len(rows):
        raise Unreachable(f"hubspot: the answer to {what} has no list")
    return rows


def _cursor(page: Mapping[str, Any]) -> str:
    return any_text(record(record(page.get("paging")).get("next")).get("after"))[:1_000]


def _modified(row: Mapping[str, Any]) -> datetime:
    value = record(row.get("properties")).get(MODIFIED) or row.get("updatedAt")
    try:
        return utc_time(value, of="hubspot")
    except Unrecognised as error:
        raise Unreachable("hubspot: a changed ticket does not say when") from error


def _version(row: Mapping[str, Any]) -> tuple[str, str]:
    return any_text(row.get("id")), _modified(row).isoformat()
