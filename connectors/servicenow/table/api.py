"""The Table API as calls: https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from connectors.kit.answers import VendorAnswer, retry_after_seconds
from connectors.kit.auth.grants import ClientCredentials, RefreshToken
from connectors.kit.auth.ways import BasicLogin
from connectors.kit.fields import record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByOffset, pages
from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.queries import OURSELVES, id_from
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.fan_out.budget import Limit

PAGE = 100
MOST_PAGES = 1_000
Row = dict[str, str]
"""A record's columns: every value is a text, and an empty one is none."""
Asked = Callable[[Row], bool]
"""Whether a row is one that was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TablePage:
    """Rows from `offset` on. The instance counts `total` and cuts the page before it leaves out what we may not see: a
    page may hold few rows, or none, and be followed by others all the same."""

    rows: list[Row]
    offset: int
    total: int | None

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        if self.total is None:
            return bool(self.rows)
        return self.offset + PAGE < self.total

    @property
    def is_withheld(self) -> bool:
        """Whether there are rows, and we are shown none of them."""
        return not self.rows and bool(self.total)


class ServiceNowApi:
    """One instance as one user. All raise `incidents.errors`."""

    def __init__(self, settings: ServiceNowSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._user = settings.user
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._http = VendorHttp(
            vendor="servicenow",
            base_url=settings.base_url,
            headers={"Accept": "application/json"},
            auth=_proof(settings),
            transport=transport,
            pace=self._pace,
            explain=_explain,
        )

    def limit(self) -> Limit:
        """How many calls are made, and how many more fit."""
        return self._pace.limit()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def user(self) -> Row:
        """Our own user. Raises `NotAllowed` where the credentials are another one's: its comments would not be known as
        ours."""
        page = await self.page("sys_user", OURSELVES, "sys_id,user_name,name,time_zone", lambda _: True)
        if len(page.rows) != 1:
            raise NotAllowed(
                "servicenow: the instance does not show us our own user; give it the role snc_internal"
            )
        (found,) = page.rows
        if found.get("user_name", "").casefold() != self._user.casefold():
            raise NotAllowed(
                f"servicenow: the credentials are those of {found.get('user_name', '')[:100]!r}, and user says"
                f" {self._user!r}; correct user, or the OAuth Application User of the client"
            )
        return found

    async def page(
        self, table: str, query: str, fields: str, asked: Asked, *, offset: int = 0, most: int = PAGE
    ) -> TablePage:
        """One page; every row must be one that was asked for. Raises `Refused` for others: a column of the query is
        unknown to the instance, which left the condition out."""
        params = {
            "sysparm_query": query,
            "sysparm_fields": fields,
            "sysparm_limit": str(most),
            "sysparm_offset": str(offset),
            "sysparm_display_value": "false",
            "sysparm_exclude_reference_link": "true",
        }
        path = f"/api/now/table/{table}"
        try:
            answer = await self._http.call("GET", path, params=params)
        except _Forbidden as error:
            raise NotAllowed(
                f"{error}; {self._user!r} may not read {table}: give it a role that may"
            ) from error
        result = _result(answer, f"servicenow GET {path}", Unreachable)
        if not isinstance(result, list):
            raise Unreachable(f"servicenow GET {path}: the answer is not a list of records")
        rows = [_row(one) for one in records(result)]
        if not all(asked(row) for row in rows):
            raise Refused(
                f"servicenow: {table} has rows in its answer that were not asked for: the instance left a condition"
                " out, because a column is not there or may not be read. Nothing of it was believed"
            )
        return TablePage(rows=rows, offset=offset, total=_total(answer))

    async def rows(self, table: str, query: str, fields: str, asked: Asked) -> AsyncIterator[list[Row]]:
        """Page after page, in the order of the query, which must not change while they are read."""

        async def read(_: str, params: Mapping[str, str]) -> TablePage:
            return await self.page(table, query, fields, asked, offset=int(params["sysparm_offset"]))

        by: ByOffset[TablePage] = ByOffset(
            # By as many as were asked for: what we may not see takes its place on the page.
            count=lambda _: PAGE,
            has_more=lambda page: page.has_more,
            param="sysparm_offset",
        )
        async for page in pages(read, table, {}, by=by, most=MOST_PAGES):
            yield page.rows

    async def one(self, table: str, sys_id: str, fields: str) -> Row:
        """One record. Raises `NotFound` for one that is no more, or that we may not see."""
        if id_from(sys_id) is None:
            raise NotFound(f"servicenow: not the sys_id of a record of {table}")
        page = await self.page(
            table, f"sys_id={sys_id}", fields, lambda row: row.get("sys_id") == sys_id, most=1
        )
        if not page.rows:
            raise NotFound(f"servicenow: {table} has no record {sys_id} that {self._user!r} may see")
        return page.rows[0]

    async def change(
        self, table: str, sys_id: str, body: Mapping[str, str], *, is_repeatable: bool = False
    ) -> Row:
        """Set columns of a record; what it says of them afterwards. A column that we may not write is left as it was,
        with success: read back."""
        if id_from(sys_id) is None:
            raise NotFound(f"servicenow: not the sys_id of a record of {table}")
        path = f"/api/now/table/{table}/{sys_id}"
        return await self._written("PATCH", path, body, is_repeatable=is_repeatable)

    async def create(self, table: str, body: Mapping[str, str]) -> Row:
        """A new record. A lost answer is `Unknown`."""
        return await self._written("POST", f"/api/now/table/{table}", body, is_repeatable=False)

    async def _written(self, method: str, path: str, body: Mapping[str, str], *, is_repeatable: bool) -> Row:
        params = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}
        what = f"servicenow {method} {path}"
        call = self._http.call(method, path, json=dict(body), params=params, is_repeatable=is_repeatable)
        answer = await self._permitted(call)
        return _row(record(_result(answer, what, Unreachable if is_repeatable else Unknown)))

    async def _permitted(self, call: Awaitable[VendorAnswer]) -> VendorAnswer:
        """403 is said of one record, by its access rules, a data policy or a business rule, where our login is as good
        as ever."""
        try:
            return await call
        except _Forbidden as error:
            await self.user()
            raise Refused(
                f"{error}; our user is known and may not do this: look at the record's state, its access controls,"
                " data policies (mandatory columns) and business rules"
            ) from error


class _Forbidden(NotAllowed):
    """403: who we are is known, perhaps."""


def _proof(settings: ServiceNowSettings) -> BasicLogin | ClientCredentials | RefreshToken:
    token_url = f"{settings.base_url}/oauth_token.do"
    if settings.refresh_token is not None:
        return RefreshToken(token_url, settings.client_id, settings.client_secret, settings.refresh_token)
    if settings.client_id:
        # ServiceNow reads the client's id and secret in the form.
        return ClientCredentials(token_url, settings.client_id, settings.client_secret, secret_in_form=True)
    return BasicLogin(settings.user, settings.password or SecretStr(""))


def _explain(answer: VendorAnswer, what: str) -> None:
    """https://www.servicenow.com/docs/r/api-reference/rest-api-explorer/inbound-REST-API-rate-limiting.html: a refusal
    by a rate limit rule has `Retry-After` in seconds and `X-RateLimit-Reset` in Unix time."""
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.status == 429 and "retry-after" not in answer.headers and reset.isdecimal():
        now = datetime.now(UTC)
        left = str(int(reset[:12]) - now.timestamp())
        raise Busy(f"{what}: HTTP 429", retry_after=retry_after_seconds(left, now=now))
    if answer.status == 403:
        raise _Forbidden(f"{what}: HTTP 403")


def _result(answer: VendorAnswer, what: str, lost: type[Unreachable] | type[Unknown]) -> Any:
    """A call that the instance gives up halfway (its transaction quota) answers 200 with an error beside the rows; one
    that waits in a full queue is answered 202 with nothing."""
    data = record(answer.data)
    if "result" not in data or "error" in data:
        raise lost(f"{what}: HTTP {answer.status}, and the answer is none or was cut off by the instance")
    return data["result"]


def _total(answer: VendorAnswer) -> int | None:
    total = answer.headers.get("x-total-count", "")
    return int(total) if total.isdecimal() and len(total) < 12 else None


def _row(value: Mapping[str, Any]) -> Row:
    # A reference is an object where somebody made the instance show links all the same.
    return {
        text(name): text(record(one).get("value")) if isinstance(one, dict) else text(one)
        for name, one in value.items()
    }


def columns(*names: str | Sequence[str]) -> str:
    """For `sysparm_fields`: each once, empty ones left out. Unknown ones are left out by the instance."""
    flat = [one for name in names for one in ([name] if isinstance(name, str) else name)]
    return ",".join(dict.fromkeys(one for one in flat if one))
