"""A small ServiceNow: as much of the Table API and of OAuth as the connector and its common client speak.

    fake = FakeServiceNow(clock=clock)
    connector = ServiceNowHelpdesk("servicenow/support", settings, transport=InProcessTransport(fake.app))
    fake.instance.say("incident", sys_id, "It is still broken", by="ada")

What it does and does not stands in README.md; it was made from ServiceNow's documentation.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.servicenow.fake.encoded import Row, found
from connectors.servicenow.fake.instance import (
    BOT,
    COLUMNS,
    COMMENTS,
    JOURNAL,
    REFERS,
    STATES,
    USERS,
    WORK_NOTES,
    FakeInstance,
)
from connectors.servicenow.fake.rule import FakeRule

ADDRESS = "https://acme.service-now.com"
PASSWORD = "fake-servicenow-password"
CLIENT, CLIENT_SECRET, REFRESH = "fake-client", "fake-client-secret", "fake-refresh-token"
LIMIT = 10_000
Answer = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeServiceNow:
    """One instance at `ADDRESS`. `hidden`: records that our user may not see, which take their place on a page;
    `closed_tables`: tables that it may not read at all; `is_asleep`: it hibernates; `quota`: calls until a rate limit
    rule refuses, None for no rule; `cuts_off`: a transaction quota ends each list halfway."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now, secret: str = "") -> None:
        self.clock = clock
        self.instance = FakeInstance(clock)
        self.faults = Faults()
        self.rule = FakeRule(self.instance, clock, secret.encode())
        self.hidden: set[str] = set()
        self.hidden_tables: set[str] = set()
        self.closed_tables: set[str] = set()
        self.is_strict = False
        self.is_asleep = False
        self.cuts_off = False
        self.quota: int | None = None
        self.user_of_client = BOT
        self.tokens: set[str] = set()
        self._given = 0
        table = "/api/now/table/{table}"
        routes = [
            Route("/oauth_token.do", self._token, methods=["POST"]),
            Route(table, self._guarded(self._list), methods=["GET"]),
            Route(table, self._guarded(self._create), methods=["POST"]),
            Route(f"{table}/{{sys_id}}", self._guarded(self._one), methods=["GET"]),
            Route(f"{table}/{{sys_id}}", self._guarded(self._change), methods=["PATCH", "PUT"]),
            Route(f"{table}/{{sys_id}}", self._guarded(self._delete), methods=["DELETE"]),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def expire_tokens(self) -> None:
        """Half an hour has passed for the access tokens that were given."""
        self.tokens.clear()

    def _guarded(self, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            if self.is_asleep:
                return HTMLResponse("<html><body class='instance-hibernating-page'>Hibernating</body></html>")
            if not self._is_login(request.headers.get("authorization", "")):
                return _error(401, "User Not Authenticated", "Required to provide Auth information")
            table = request.path_params["table"]
            if self.quota is not None:
                self.quota -= 1
                if self.quota < 0:
                    return self._over_the_limit()
            if table not in COLUMNS:
                return _error(400, f"Invalid table {table}", None)
            if table in self.closed_tables:
                return _error(403, "User Not Authorized", "Failed API level ACL Validation")
            return await answer(request)

        return answered

    def _over_the_limit(self) -> Response:
        reset = int(self.clock().timestamp()) + 1800
        response = _error(
            429, "Rate limit exceeded", "Rate limit of 10 requests per hour for Table API exceeded"
        )
        response.headers["Retry-After"] = "1800"
        response.headers["X-RateLimit-Limit"] = "10"
        response.headers["X-RateLimit-Reset"] = str(reset)
        response.headers["X-RateLimit-Rule"] = "f" * 32
        return response

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        is_client = (form.get("client_id"), form.get("client_secret")) == (CLIENT, CLIENT_SECRET)
        grant = form.get("grant_type")
        is_good = grant == "client_credentials" or (
            grant == "refresh_token" and form.get("refresh_token") == REFRESH
        )
        if not (is_client and is_good):
            return JSONResponse({"error_description": "access_denied", "error": "server_error"}, 401)
        self._given += 1
        token = f"fake-access-token-{self._given}"
        self.tokens.add(token)
        return JSONResponse(
            {"access_token": token, "scope": "useraccount", "token_type": "Bearer", "expires_in": 1799}
        )

    def _is_login(self, authorization: str) -> bool:
        kind, _, word = authorization.partition(" ")
        if kind == "Bearer":
            return word in self.tokens
        try:
            return kind == "Basic" and base64.b64decode(word).decode() == f"{BOT}:{PASSWORD}"
        except (binascii.Error, ValueError):
            return False

    async def _list(self, request: Request) -> Response:
        table, params = request.path_params["table"], request.query_params
        rows = found(
            list(self.instance.tables[table].values()),
            params.get("sysparm_query", ""),
            read=self.instance.value,
            knows=lambda column: self.instance.knows(table, column),
            script=self._script,
            is_strict=self.is_strict,
        )
        limit, offset = int(params.get("sysparm_limit", LIMIT)), int(params.get("sysparm_offset", 0))
        page = rows[offset : offset + limit]
        # Counted and cut first, and only then looked at by the access controls.
        shown = [self._shown(table, row, request) for row in page if self._may_see(table, row)]
        headers = {"X-Total-Count": str(len(rows))}
        if params.get("sysparm_suppress_pagination_header") != "true" and offset + limit < len(rows):
            following = request.url.include_query_params(sysparm_offset=offset + limit)
            headers["Link"] = f'<{following}>;rel="next"'
        if self.cuts_off:
            why = "Transaction cancelled: maximum execution time exceeded"
            body = {"result": shown[:1], "error": {"message": why, "detail": why}, "status": "failure"}
            return JSONResponse(body, headers=headers)
        return JSONResponse({"result": shown}, headers=headers)

    def _script(self, script: str) -> str:
        user = self.instance.user_named(self.user_of_client)
        return user["sys_id"] if script == "gs.getUserID()" else ""

    def _may_see(self, table: str, row: Row) -> bool:
        return row["sys_id"] not in self.hidden and table not in self.hidden_tables

    def _shown(self, table: str, row: Row, request: Request) -> dict[str, object]:
        params = request.query_params
        names = [one for one in params.get("sysparm_fields", "").split(",") if one] or sorted(COLUMNS[table])
        how = params.get("sysparm_display_value", "false")
        has_links = params.get("sysparm_exclude_reference_link", "false") != "true"
        answer: dict[str, object] = {}
        for name in names:
            if not self.instance.knows(table, name):
                continue
            value = "" if name in (COMMENTS, WORK_NOTES) else self.instance.value(row, name) or ""
            display = self._display(table, row, name, value)
            link = f"{ADDRESS}/api/now/table/{REFERS[name]}/{value}" if name in REFERS and value else ""
            if how == "all":
                answer[name] = {"display_value": display, "value": value} | (
                    {"link": link} if has_links and link else {}
                )
            elif how == "true":
                answer[name] = {"display_value": display, "link": link} if has_links and link else display
            else:
                answer[name] = {"link": link, "value": value} if has_links and link else value
        return answer

    def _display(self, table: str, row: Row, name: str, value: str) -> str:
        """As people see it: labels, names, times in the user's own zone, and the journal in one text."""
        if name in (COMMENTS, WORK_NOTES):
            label = "Additional comments" if name == COMMENTS else "Work notes"
            entries = reversed(self.instance.entries(row["sys_id"], name))
            return "".join(
                f"{one['sys_created_on']} - {one['sys_created_by']} ({label})\n{one['value']}\n\n"
                for one in entries
            )
        if name == "state" and table in STATES:
            return STATES[table].get(value, value)
        if name.endswith("_on") and value:
            at = datetime.fromisoformat(value).replace(tzinfo=UTC)
            return at.astimezone(ZoneInfo("US/Pacific")).strftime("%Y-%m-%d %H:%M:%S")
        if name in REFERS:
            return self.instance.tables[REFERS[name]].get(value, {}).get("name", value)
        return value

    async def _one(self, request: Request) -> Response:
        table, row = self._record(request)
        if row is None:
            return _none()
        return JSONResponse({"result": self._shown(table, row, request)})

    async def _create(self, request: Request) -> Response:
        table, fields = request.path_params["table"], await request.json()
        if table in (JOURNAL, USERS):
            return _error(403, "Operation Failed", "ACL Exception Insert Failed due to security constraints")
        row = self.instance.insert(table, {name: str(value) for name, value in fields.items()}, by=BOT)
        return JSONResponse({"result": self._shown(table, row, request)}, 201)

    async def _change(self, request: Request) -> Response:
        table, row = self._record(request)
        if row is None:
            return _none()
        while self.instance.before_change:
            self.instance.before_change.pop()()
        fields = {name: str(value) for name, value in (await request.json()).items()}
        if row["sys_id"] in self.instance.locked:
            return _error(403, "Operation Failed", "ACL Exception Update Failed due to security constraints")
        if self.instance.lacks_code(table, row, fields):
            return _error(403, "Operation Failed", "Data Policy Exception: Resolution code is mandatory")
        for name in self.instance.frozen_columns:
            fields.pop(name, None)
        if not self.instance.is_deaf:
            self.instance.update(table, row, fields, by=BOT)
        return JSONResponse({"result": self._shown(table, row, request)})

    async def _delete(self, request: Request) -> Response:
        _, row = self._record(request)
        if row is None:
            return _none()
        return _error(403, "Operation Failed", "ACL Exception Delete Failed due to security constraints")

    def _record(self, request: Request) -> tuple[str, Row | None]:
        table = request.path_params["table"]
        row = self.instance.tables[table].get(request.path_params["sys_id"])
        return table, row if row is not None and self._may_see(table, row) else None


def _none() -> Response:
    return _error(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


def _error(status: int, message: str, detail: str | None) -> Response:
    return JSONResponse({"error": {"message": message, "detail": detail}, "status": "failure"}, status)
