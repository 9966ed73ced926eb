"""A small Salesforce: as much of OAuth, the REST API and outbound messages as connector and common client speak.

    fake = FakeSalesforce(clock=clock, public_key=pem)
    connector = Salesforce("salesforce/support", settings, transport=InProcessTransport(fake.app))
    fake.org.comment(case, "It is still broken", by=customer, is_published=True)

What it does and does not stands in README.md; it was made from Salesforce's documentation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.salesforce.fake.org import BOT_NAME, FIELDS, PREFIXES, STATUSES, FakeOrg, Refusal, Row, wire
from connectors.salesforce.fake.outbound import FakeOutbound
from connectors.salesforce.fake.soql import Malformed, Select
from connectors.salesforce.rest.ids import id_of

ADDRESS = "https://acme.my.salesforce.com"
CLIENT = "3MVG9fake.consumer.key"
AUDIENCES = ("https://login.salesforce.com", ADDRESS)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST = 300
"""Seconds that an assertion may live."""
PAGE = 2_000
CALLS_A_DAY = 100_000
Answer = Callable[[Request], Awaitable[Response]]


class NoToken(Exception):
    """A refusal by the token's address."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeSalesforce:
    """One organization at `ADDRESS`. `approved`: users who may use the app; `calls_a_day`: what all may call;
    `is_crowded`: too many long calls at once; `drops_cursors`: a list ends while it is read."""

    def __init__(self, *, public_key: str, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self.org = FakeOrg(clock)
        self.outbound = FakeOutbound(self.org, lambda: ADDRESS)
        self.faults = Faults()
        self.approved = {BOT_NAME}
        self.calls = 0
        self.calls_a_day = CALLS_A_DAY
        self.is_crowded = False
        self.drops_cursors = False
        self.tokens: dict[str, str] = {}
        self.requests: list[str] = []
        self._public_key = public_key
        self._cursors: dict[str, tuple[Select, list[Row], bool]] = {}
        self._given = 0
        data = "/services/data/{version}"
        routes = [
            Route("/services/oauth2/token", self._token, methods=["POST"]),
            Route(f"{data}/query", self._guarded(self._query), methods=["GET"]),
            Route(f"{data}/query/", self._guarded(self._query), methods=["GET"]),
            Route(f"{data}/queryAll", self._guarded(self._query_all), methods=["GET"]),
            Route(f"{data}/queryAll/", self._guarded(self._query_all), methods=["GET"]),
            Route(f"{data}/query/{{cursor}}", self._guarded(self._more), methods=["GET"]),
            Route(f"{data}/queryAll/{{cursor}}", self._guarded(self._more), methods=["GET"]),
            Route(f"{data}/limits", self._guarded(self._limits), methods=["GET"]),
            Route(f"{data}/limits/", self._guarded(self._limits), methods=["GET"]),
            Route(f"{data}/sobjects/{{name}}/describe", self._guarded(self._describe), methods=["GET"]),
            Route(f"{data}/sobjects/{{name}}", self._guarded(self._create), methods=["POST"]),
            Route(f"{data}/sobjects/{{name}}/", self._guarded(self._create), methods=["POST"]),
            Route(f"{data}/sobjects/{{name}}/{{id}}", self._guarded(self._one), methods=["GET"]),
            Route(f"{data}/sobjects/{{name}}/{{id}}", self._guarded(self._change), methods=["PATCH"]),
            Route(f"{data}/sobjects/{{name}}/{{id}}", self._guarded(self._delete), methods=["DELETE"]),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def expire_tokens(self) -> None:
        """The session's time-out has passed for the access tokens that were given."""
        self.tokens.clear()

    def _guarded(self, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            self.requests.append(f"{request.method} {request.url.path}")
            if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
                return _error("INVALID_SESSION_ID", "Session expired or invalid", status=401)
            if self.calls >= self.calls_a_day:
                return _error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
            if self.is_crowded:
                return _error("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", status=403)
            self.calls += 1
            try:
                response = await answer(request)
            except Refusal as error:
                response = _error(error.code, error.message, status=error.status, fields=error.fields)
            except Malformed as error:
                response = _error("MALFORMED_QUERY", str(error))
            response.headers["Sforce-Limit-Info"] = f"api-usage={self.calls}/{self.calls_a_day}"
            return response

        return answered

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            user = self._user_of(form)
        except NoToken as error:
            return JSONResponse({"error": error.code, "error_description": str(error)}, 400)
        self._given += 1
        token = f"00D5e000000Abcd!fake.{self._given}"
        self.tokens[token] = user
        return JSONResponse(
            {
                "access_token": token, "scope": "api", "instance_url": ADDRESS, "token_type": "Bearer",
                "id": "https://login.salesforce.com/id/00D5e000000AbcdEAC/0055e",
            }
        )  # fmt: skip

    def _user_of(self, form: Mapping[str, str]) -> str:
        """Who an assertion is of. Raises `NoToken`."""
        if form.get("grant_type") != JWT_BEARER:
            raise NoToken("unsupported_grant_type", "grant type not supported")
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                self._public_key,
                algorithms=["RS256"],
                audience=AUDIENCES,
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidAudienceError:
            raise NoToken("invalid_grant", "audience is invalid") from None
        except jwt.PyJWTError:
            raise NoToken("invalid_grant", "invalid assertion") from None
        if claims.get("iss") != CLIENT:
            raise NoToken("invalid_client_id", "client identifier invalid")
        # The common client says no `iat`, and its end as a text.
        end = int(claims["exp"])
        if not 0 < end - int(claims.get("iat", end - LONGEST)) <= LONGEST:
            raise NoToken("invalid_grant", "expired authorization code")
        user: str = claims["sub"]
        if user not in self.approved:
            raise NoToken("invalid_app_access", "user is not admin approved to access this app")
        return user

    async def _query(self, request: Request) -> Response:
        return self._asked(request, with_deleted=False)

    async def _query_all(self, request: Request) -> Response:
        return self._asked(request, with_deleted=True)

    def _asked(self, request: Request, *, with_deleted: bool) -> Response:
        query, rows = self.org.found(request.query_params.get("q", ""), with_deleted=with_deleted)
        self._given += 1
        cursor = f"01g5e{self._given:010d}AAA"
        self._cursors[cursor] = (query, list(rows), with_deleted)
        return self._page(request, cursor, 0)

    async def _more(self, request: Request) -> Response:
        cursor, _, start = request.path_params["cursor"].partition("-")
        if cursor not in self._cursors or self.drops_cursors:
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(request, cursor, int(start))

    def _page(self, request: Request, cursor: str, start: int) -> Response:
        query, rows, with_deleted = self._cursors[cursor]
        asked = request.headers.get("sforce-query-options", "").removeprefix("batchSize=")
        size = max(200, min(PAGE, int(asked))) if asked.isdecimal() else PAGE
        version, end = request.path_params["version"], start + size
        shown = [
            self.org.shown(query, query.source, row, version, with_deleted=with_deleted)
            for row in rows[start:end]
        ]
        answer: Row = {"totalSize": len(rows), "done": end >= len(rows), "records": shown}
        if end < len(rows):
            # Also for queryAll.
            answer["nextRecordsUrl"] = f"/services/data/{version}/query/{cursor}-{end}"
        return JSONResponse(answer)

    async def _limits(self, request: Request) -> Response:
        left = self.calls_a_day - self.calls
        return JSONResponse({"DailyApiRequests": {"Max": self.calls_a_day, "Remaining": left}})

    async def _describe(self, request: Request) -> Response:
        name = self._object(request)
        fields: list[Row] = [
            {"name": one, "updateable": f"{name}.{one}" not in self.org.read_only, "picklistValues": []}
            for one in sorted(FIELDS[name])
            if self.org.knows(name, one)
        ]
        for one in fields:
            if (name, one["name"]) == ("Case", "Status"):
                one["picklistValues"] = [{"value": word, "label": word, "active": True} for word in STATUSES]
        return JSONResponse({"name": name, "keyPrefix": PREFIXES[name], "fields": fields})

    async def _create(self, request: Request) -> Response:
        name, fields = self._object(request), await request.json()
        self.org.require_fields(name, fields)
        if name == "CaseComment":
            case = id_of(fields.get("ParentId"), PREFIXES["Case"]) or ""
            self.org.living(case)
            self.org.refuse_if_locked(case)
            own_id = self.org.comment(
                case,
                fields.get("CommentBody", ""),
                by=self.org.bot,
                is_published=fields.get("IsPublished", False) is True,
                notifies=fields.get("IsNotificationSelected", False) is True,
            )
        elif name == "Case":
            own_id = self.org.case(fields, by=self.org.bot)
        else:
            own_id = self.org.add(name, fields, by=self.org.bot)
        return JSONResponse({"id": own_id, "success": True, "errors": []}, 201)

    async def _one(self, request: Request) -> Response:
        name, row = self._record(request)
        asked = request.query_params.get("fields", "")
        fields = (
            asked.split(",")
            if asked
            else sorted(one for one in FIELDS[name] | set(row) if self.org.knows(name, one))
        )
        self.org.require_fields(name, fields)
        shown = {one: wire(row.get(one)) for one in {*fields, "Id"}}
        return JSONResponse({"attributes": {"type": name, "url": request.url.path}, **shown})

    async def _change(self, request: Request) -> Response:
        name, row = self._record(request)
        fields = await request.json()
        self.org.require_fields(name, fields)
        if name == "Case":
            self.org.change_case(row["Id"], fields, by=self.org.bot)
        else:
            if name == "CaseComment" and set(fields) - {"IsPublished", "IsNotificationSelected"}:
                raise Refusal(
                    "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", status=403
                )
            row |= fields | {"SystemModstamp": self.clock()}
        return Response(status_code=204)

    async def _delete(self, request: Request) -> Response:
        name, row = self._record(request)
        if name == "Case":
            self.org.remove(row["Id"])
        else:
            row |= {"IsDeleted": True, "SystemModstamp": self.clock()}
        return Response(status_code=204)

    def _object(self, request: Request) -> str:
        name: str = request.path_params["name"]
        if name not in FIELDS or name in self.org.hidden_objects:
            raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
        return name

    def _record(self, request: Request) -> tuple[str, Row]:
        name = self._object(request)
        row = self.org.tables[name].get(id_of(request.path_params["id"], PREFIXES[name]) or "")
        if row is None:
            raise Refusal(
                "NOT_FOUND", "Provided external ID field does not exist or is not accessible", status=404
            )
        if row["IsDeleted"]:
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return name, row


def _error(code: str, message: str, *, status: int = 400, fields: list[str] | None = None) -> Response:
    said: Row = {"message": message, "errorCode": code}
    return JSONResponse([said | ({"fields": fields} if fields is not None else {})], status)
