"""The calls on one organization: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/.

What is refused says why by a code (`errorCode`) in its content; the status tells little: 403 is a day's limit that is
used up, or one record that we may not change, and 400 a row that somebody else holds at this moment.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from connectors.kit.answers import VendorAnswer
from connectors.kit.fields import items, record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByAddress, pages
from connectors.salesforce.rest.ids import COMMENT, USER, id_of
from connectors.salesforce.rest.soql import quoted, select
from connectors.salesforce.settings import SalesforceSettings
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.fan_out.budget import Limit

Row = dict[str, Any]
VERSION = "v62.0"
ROOT = f"/services/data/{VERSION}"
PAGE = 200
"""Records to a page: the fewest that can be asked for. A description alone has up to 32,000 letters."""
MOST_PAGES = 1_000
USED_UP = 1_800.0
"""Seconds until it is tried again where the calls of 24 hours are used up; they come back little by little."""
TOO_MANY_AT_ONCE = 10.0
COMMENT_FIELDS = "Id,ParentId,CommentBody,IsPublished,CreatedById"
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,79}", re.ASCII)
_NO_COLUMN = re.compile(r"No such column '([\w.]{1,120})' on entity '(\w{1,80})'", re.ASCII)
_NO_RELATION = re.compile(r"Didn't understand relationship '(\w{1,80})'", re.ASCII)
_USAGE = re.compile(r"api-usage=(\d{1,12})/(\d{1,12})", re.ASCII)
_GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})
_FORBIDDEN = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED"})


class SalesforceApi:
    """One organization as one user. All raise `incidents.errors`."""

    def __init__(self, settings: SalesforceSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._user_name = settings.user
        self._own_id = ""
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._by: ByAddress[VendorAnswer] = ByAddress(address=_next, base_url=settings.base_url)
        self.usage = ""
        """How many calls of 24 hours are used, of how many; "" while nobody said."""
        self._http = VendorHttp(
            vendor="salesforce",
            base_url=settings.base_url,
            headers={"Accept": "application/json", "Sforce-Query-Options": f"batchSize={PAGE}"},
            auth=settings.grant(),
            transport=transport,
            pace=self._pace,
            explain=_explain,
        )

    def limit(self) -> Limit:
        """How many calls are made, and how many more fit."""
        return self._pace.limit()

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def known_id(self) -> str:
        """Our user's id, once it is known."""
        return self._own_id

    async def own_id(self) -> str:
        """The same, asked for where it is not."""
        if not self._own_id:
            await self.user()
        return self._own_id

    async def user(self) -> Row:
        """Our own user. Raises `NotAllowed` where we are not shown it."""
        found = await self.rows(select("Id, Username, Name", "User", f"Username = {quoted(self._user_name)}"))
        own_id = id_of(found[0].get("Id"), USER) if found else None
        if own_id is None:
            raise NotAllowed(
                f"salesforce: the organization does not show {self._user_name!r} its own user; give it the permission"
                " View Setup and Configuration or a profile that reads users"
            )
        self._own_id = own_id
        return found[0]

    async def rows(self, soql: str, *, with_deleted: bool = False) -> list[Row]:
        """All records that a query finds; `with_deleted`: those in the Recycle Bin among them."""
        return [row async for page in self.pages(soql, with_deleted=with_deleted) for row in page]

    async def pages(self, soql: str, *, with_deleted: bool = False) -> AsyncIterator[list[Row]]:
        """The same, page after page. Raises `Unreachable` rather than leave one out."""
        path = f"{ROOT}/{'queryAll' if with_deleted else 'query'}"
        async for answer in pages(self._read, path, {"q": soql}, by=self._by, most=MOST_PAGES):
            yield _records(answer)

    async def describe_case(self) -> Row:
        """The fields of cases, with the values of picklists."""
        return await self._record(f"{ROOT}/sobjects/Case/describe")

    async def comment(self, comment: str) -> Row:
        """One comment. Raises `NotFound`."""
        return await self._record(f"{ROOT}/sobjects/CaseComment/{comment}", {"fields": COMMENT_FIELDS})

    async def change_case(self, case: str, fields: Mapping[str, Any]) -> None:
        """Set fields of a case. Twice is as once."""
        path = f"{ROOT}/sobjects/Case/{case}"
        self._noted(await self._http.call("PATCH", path, json=dict(fields), is_repeatable=True))

    async def add_comment(self, fields: Mapping[str, Any]) -> str:
        """Its id. A lost answer is `Unknown`."""
        answer = self._noted(await self._http.call("POST", f"{ROOT}/sobjects/CaseComment", json=dict(fields)))
        found = id_of(record(answer.data).get("id"), COMMENT)
        if found is None:
            raise Unknown("salesforce POST CaseComment: answered with success, and without the comment's id")
        return found

    async def hide_comment(self, comment: str) -> None:
        """Take it from customers' sight."""
        path = f"{ROOT}/sobjects/CaseComment/{comment}"
        await self._http.call("PATCH", path, json={"IsPublished": False}, is_repeatable=True)

    async def _record(self, path: str, params: Mapping[str, str] | None = None) -> Row:
        answer = self._noted(await self._http.call("GET", path, params=params))
        if not isinstance(answer.data, dict):
            raise Unreachable(f"salesforce GET {path}: the answer is not a JSON object")
        return answer.data

    async def _read(self, path: str, params: dict[str, str]) -> VendorAnswer:
        return self._noted(await self._http.call("GET", path, params=params))

    def _noted(self, answer: VendorAnswer) -> VendorAnswer:
        if found := _USAGE.search(answer.headers.get("sforce-limit-info", "")[:400]):
            self.usage = f"{found[1]} of {found[2]}"
        return answer


def _records(answer: VendorAnswer) -> list[Row]:
    data = record(answer.data)
    found = data.get("records")
    if (
        not isinstance(found, list)
        or len(records(found)) != len(found)
        or not isinstance(data.get("done"), bool)
    ):
        raise Unreachable("salesforce: the answer to a query is not a list of records")
    return found


def _next(answer: VendorAnswer) -> str:
    """Where the next page is. Its address says `query` also for `queryAll`, and goes on with deleted ones."""
    data = record(answer.data)
    if data.get("done") is True:
        return ""
    address = text(data.get("nextRecordsUrl"))
    if not address:
        raise Unreachable("salesforce: a list goes on, and does not say where")
    return address


def _explain(answer: VendorAnswer, what: str) -> None:
    """What a refusal means, by its code; messages may quote anything, so of them only names of fields are told."""
    found = records(answer.data)
    code = _code(found[0].get("errorCode")) if found else ""
    message = text(found[0].get("message")) if found else ""
    if code == "REQUEST_LIMIT_EXCEEDED":
        is_day = message.startswith("TotalRequests")
        told = "all calls of 24 hours are used up" if is_day else "too many calls at once"
        raise Busy(f"{what}: {code}: {told}", retry_after=USED_UP if is_day else TOO_MANY_AT_ONCE)
    if code == "UNABLE_TO_LOCK_ROW":
        raise Unreachable(
            f"{what}: {code}: somebody else changes the record at this moment; nothing was done"
        )
    if code == "INVALID_QUERY_LOCATOR":
        raise Unreachable(f"{what}: {code}: the list ended while it was read")
    if code in _GONE:
        raise NotFound(f"{what}: {code}")
    if code in _FORBIDDEN:
        raise NotAllowed(
            f"{what}: {code}; give our user's profile the permission API Enabled, in an edition with the API"
        )
    if code in ("INVALID_FIELD", "INVALID_TYPE"):
        raise Refused(
            f"{what}: {code}{_named(message)}: it is not there, or our user's field-level security or object"
            " permissions hide it; correct the settings, or give the permission set that right"
        )
    if code and code != "INVALID_SESSION_ID" and answer.status in (400, 403):
        fields = [name for one in items(found[0].get("fields")) if (name := _name(one))]
        named = f" for {', '.join(fields[:5])}" if fields else ""
        raise Refused(
            f"{what}: {code}{named}; look at the record's validation rules, its sharing and our user's permissions"
        )


def _named(message: str) -> str:
    if found := _NO_COLUMN.search(message[:2_000]):
        return f" ({found[1]} of {found[2]})"
    relation = _NO_RELATION.search(message[:2_000])
    return f" ({relation[1]})" if relation else ""


def _code(value: Any) -> str:
    found = text(value)
    return found if _CODE.fullmatch(found) else ""


def _name(value: Any) -> str:
    found = text(value)
    return found if re.fullmatch(r"[A-Za-z]\w{0,79}", found, re.ASCII) else ""
