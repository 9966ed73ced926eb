"""The fake Freshdesk's HTTP: who may call and how often, pages, filters, what is embedded, refusals in its words."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.freshdesk.fake.desk import (
    NOTE,
    REPLY,
    AtAnotherAddress,
    Denied,
    FreshdeskDesk,
    Invalid,
    NotThere,
    TakesNoChange,
    stamp,
)
from connectors.freshdesk.fake.limits import AccountLimits

Endpoint = Callable[[Request], Awaitable[Response]]
METHODS = ["GET", "POST", "PUT", "DELETE"]
MOST_PAGES = 300
DEFAULT_DAYS = 30
_UNLISTED = ("description", "requester", "attachments", "deleted")


class FreshdeskHttp:
    """`me` is the agent whose key is used. `lists_tags`: the documentation's example of a list has no tags."""

    def __init__(self, desk: FreshdeskDesk, limits: AccountLimits, me: dict[str, Any], key: str) -> None:
        self._desk = desk
        self._limits = limits
        self._me = me
        self._key = key
        self.lists_tags = True
        self.calls: list[str] = []

    def app(self) -> Starlette:
        """The paths below `/api/v2/`."""
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "agents/me", self._who),
            ("GET", "ticket_fields", self._fields),
            ("GET", "contacts/{id:int}", self._contact),
            ("GET", "tickets", self._tickets),
            ("POST", "tickets", self._create),
            ("GET", "tickets/{id:int}", self._ticket),
            ("PUT", "tickets/{id:int}", self._change),
            ("DELETE", "tickets/{id:int}", self._delete),
            ("PUT", "tickets/{id:int}/restore", self._restore),
            ("GET", "tickets/{id:int}/conversations", self._conversations),
            ("POST", "tickets/{id:int}/notes", self._note),
            ("POST", "tickets/{id:int}/reply", self._reply),
            ("PUT", "conversations/{id:int}", self._edit),
        ]
        known = [
            Route(f"/api/v2/{path}", self._guarded(endpoint), methods=[method])
            for method, path, endpoint in routes
        ]
        return Starlette(routes=[*known, Route("/{path:path}", self._guarded(_nowhere), methods=METHODS)])

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            is_list = request.method == "GET" and request.url.path.rstrip("/").endswith("/tickets")
            cost = _cost(request, is_list)
            wait = self._limits.take(cost, is_list=is_list)
            if wait is not None:
                return _error(429, "You have exceeded the limit of requests per minute", retry_after=wait)
            if _key_shown(request) != self._key:
                return _error(401, "You have to be logged in to perform this action.", "invalid_credentials")
            answer = await _answered(endpoint, request)
            for name, value in self._limits.headers(cost).items():
                answer.headers[name] = value
            return answer

        return guarded

    async def _who(self, request: Request) -> Response:
        return JSONResponse(self._me)

    async def _fields(self, request: Request) -> Response:
        status = {"id": 5, "name": "status", "type": "default_status", "default": True}
        own = [
            {"id": 100 + number, "name": name, "label": name, "type": "custom_text", "default": False}
            for number, name in enumerate(self._desk.custom_fields)
        ]
        choices = {str(number): words for number, words in self._desk.statuses.items()}
        return JSONResponse([{**status, "label": "Status", "choices": choices}, *own])

    async def _contact(self, request: Request) -> Response:
        if (found := self._desk.contacts.get(request.path_params["id"])) is None:
            raise NotThere
        return JSONResponse(found)

    async def _tickets(self, request: Request) -> Response:
        """Without `updated_since` only what was created lately; deleted ones and spam by their filters alone."""
        asked = request.query_params
        number, size = _page_asked(asked)
        found = [one for one in self._desk.tickets.values() if one["id"] not in self._desk.hidden]
        among = asked.get("filter", "")
        if among not in ("", "deleted", "spam", "new_and_my_open", "watching"):
            raise Invalid("filter", "invalid_value", "It should be one of these values: ...")
        if among in ("deleted", "spam"):
            found = [one for one in found if one[among]]
        else:
            found = [one for one in found if not one["deleted"] and not one["spam"]]
        found = [one for one in found if one["id"] not in self._desk.archived]
        if "updated_since" in asked:
            since = _since(asked["updated_since"])
            found = [one for one in found if one["updated_at"] >= since]
        else:
            recent = stamp(self._desk.clock() - timedelta(days=DEFAULT_DAYS))
            found = [one for one in found if one["created_at"] >= recent]
        order = asked.get("order_by", "created_at")
        if order not in ("created_at", "due_by", "updated_at", "status"):
            raise Invalid("order_by", "invalid_value", "It should be one of these values: ...")
        found.sort(key=lambda one: (one[order], one["id"]), reverse=asked.get("order_type", "desc") == "desc")
        embedded = asked.get("include", "").split(",")
        chosen = found[(number - 1) * size : number * size] if number <= MOST_PAGES else []
        answer = JSONResponse([self._listed(one, embedded) for one in chosen])
        return _linked(request, answer, number, has_more=number * size < len(found) and number < MOST_PAGES)

    async def _create(self, request: Request) -> Response:
        fields = await _body(request)
        email = fields.pop("email", None)
        if not email:
            raise Invalid("email", "missing_field", "It should not be blank")
        requester = self._desk.contact(str(fields.pop("name", "")), str(email))
        fields.pop("cc_emails", None)
        return JSONResponse(self._shown(self._desk.create(requester, fields)), 201)

    async def _ticket(self, request: Request) -> Response:
        ticket = self._desk.ticket(request.path_params["id"])
        shown = self._shown(ticket)
        embedded = request.query_params.get("include", "").split(",")
        if "requester" in embedded:
            shown["requester"] = self._desk.contacts[ticket["requester_id"]]
        if "conversations" in embedded:
            shown["conversations"] = self._desk.written_on(ticket["id"])[:10]
        return JSONResponse(shown)

    async def _change(self, request: Request) -> Response:
        fields = await _body(request)
        return JSONResponse(self._shown(self._desk.change(request.path_params["id"], fields)))

    async def _delete(self, request: Request) -> Response:
        ticket = self._desk.writable(request.path_params["id"])
        ticket["deleted"] = True
        self._desk.touch(ticket)
        return Response(status_code=204)

    async def _restore(self, request: Request) -> Response:
        ticket = self._desk.ticket(request.path_params["id"])
        ticket["deleted"] = False
        self._desk.touch(ticket)
        return Response(status_code=204)

    async def _conversations(self, request: Request) -> Response:
        number, size = _page_asked(request.query_params)
        found = self._desk.written_on(request.path_params["id"])
        answer = JSONResponse(found[(number - 1) * size : number * size])
        return _linked(request, answer, number, has_more=number * size < len(found))

    async def _note(self, request: Request) -> Response:
        fields = await _body(request)
        made = self._desk.write(
            request.path_params["id"],
            self._me["id"],
            fields.get("body", ""),
            source=NOTE,
            is_private=fields.get("private", True) is True,
        )
        return JSONResponse(made, 201)

    async def _reply(self, request: Request) -> Response:
        fields = await _body(request)
        made = self._desk.write(
            request.path_params["id"],
            self._me["id"],
            fields.get("body", ""),
            source=REPLY,
            is_private=False,
        )
        # A reply's own answer has another shape than a list of conversations gives.
        shown = {
            name: made[name]
            for name in ("body", "body_text", "id", "user_id", "ticket_id", "created_at", "updated_at")
        }
        return JSONResponse({**shown, "replied_to": made["to_emails"]}, 201)

    async def _edit(self, request: Request) -> Response:
        found = self._desk.conversations.get(request.path_params["id"])
        if found is None or found["source"] != NOTE:
            raise NotThere
        fields = await _body(request)
        for name in fields:
            if name not in ("body", "attachments"):
                raise Invalid(name, "invalid_field", "Unexpected/invalid field in request")
        found |= fields
        return JSONResponse(found)

    def _shown(self, ticket: Mapping[str, Any]) -> dict[str, Any]:
        shown = {**ticket, "description_text": ticket["description"]}
        if not ticket["deleted"]:
            del shown["deleted"]
        return shown

    def _listed(self, ticket: Mapping[str, Any], embedded: list[str]) -> dict[str, Any]:
        row = {name: value for name, value in ticket.items() if name not in _UNLISTED}
        if not self.lists_tags:
            del row["tags"]
        if "description" in embedded:
            row |= {"description": ticket["description"], "description_text": ticket["description"]}
        if "requester" in embedded:
            row["requester"] = self._desk.contacts[ticket["requester_id"]]
        return row


def _key_shown(request: Request) -> str:
    """The key is the user of a basic login; any password will do."""
    try:
        shown = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
    except ValueError:
        return ""
    return shown.partition(":")[0]


async def _answered(endpoint: Endpoint, request: Request) -> Response:
    try:
        return await endpoint(request)
    except NotThere:
        return Response(status_code=404)
    except Denied:
        return _error(403, "You are not authorized to perform this action.", "access_denied")
    except TakesNoChange:
        return _error(405, "PUT method is not allowed. It should be one of these method(s): GET")
    except AtAnotherAddress:
        place = request.url.path.replace("/tickets/", "/tickets/archived/")
        return Response(status_code=301, headers={"location": place})
    except Invalid as error:
        said = {"field": error.field, "message": error.message, "code": error.code}
        return JSONResponse({"description": "Validation failed", "errors": [said]}, 400)


async def _nowhere(request: Request) -> Response:
    raise NotThere


async def _body(request: Request) -> dict[str, Any]:
    try:
        found = await request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid("body", "invalid_json", "Request parameter is not a valid JSON")
    return found


def _cost(request: Request, is_list: bool) -> int:
    embedded = [one for one in request.query_params.get("include", "").split(",") if one]
    return 1 + len(embedded) * (2 if is_list else 1)


def _page_asked(asked: Mapping[str, str]) -> tuple[int, int]:
    try:
        number, size = int(asked.get("page", "1")), int(asked.get("per_page", "30"))
    except ValueError:
        number = size = 0
    if number < 1:
        raise Invalid("page", "invalid_value", "It should be a Positive Integer")
    if not 1 <= size <= 100:
        raise Invalid(
            "per_page", "invalid_value", "It should be a Positive Integer less than or equal to 100"
        )
    return number, size


def _since(asked: str) -> str:
    try:
        return stamp(datetime.fromisoformat(asked))
    except ValueError:
        raise Invalid(
            "updated_since", "invalid_date", "It should be in the 'combined date and time' format"
        ) from None


def _linked(request: Request, answer: Response, number: int, *, has_more: bool) -> Response:
    if has_more:
        following = request.url.include_query_params(page=number + 1)
        answer.headers["link"] = f'<{following}>;rel="next"'
    return answer


def _error(status: int, message: str, code: str = "", *, retry_after: int | None = None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse({"code": code, "message": message}, status, headers=headers)
