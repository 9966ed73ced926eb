"""The fake Zendesk's search over tickets, users, organizations and groups.

Understood are words and "phrases", `type:`, and for tickets: status, priority, ticket_type, tags, requester, assignee,
group, organization, subject, description, external_id, created, updated, solved and custom_field_N, with `:` `<` `>`
`<=` `>=` and a `-` before what must not be. Several values of one keyword are alternatives. What else is asked for
finds nothing. A thousand results are the most, as at Zendesk.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.desk import STATUSES, Desk
from connectors.zendesk.fake.records import FakeTicket, FakeUser
from connectors.zendesk.fake.wire import group_json, organization_json, stamp, ticket_json, user_json

Endpoint = Callable[[Request], Awaitable[Response]]
MOST = 1000
PRIORITIES = ("low", "normal", "high", "urgent")
_TERM = re.compile(r'(-?)(?:([a-z_0-9]+)(<=|>=|:|<|>))?("[^"]*"|\S+)', re.ASCII)
_TIMES = {"created": "created_at", "updated": "updated_at", "solved": "solved_at"}
_TOO_FAR = "Invalid search: Requested response size was greater than Search Response Limits"


@dataclass(frozen=True, slots=True)
class Term:
    """One piece of a query; without a keyword a word that must occur."""

    keyword: str
    operator: str
    value: str
    is_unwanted: bool


def terms_of(query: str) -> list[Term]:
    """The pieces of a query."""
    return [
        Term(keyword or "", operator or "", value.strip('"').casefold(), bool(minus))
        for minus, keyword, operator, value in _TERM.findall(query)
    ]


class Searching:
    """`me` is whom the word `me` stands for."""

    def __init__(self, desk: Desk, me: FakeUser) -> None:
        self._desk = desk
        self._me = me

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return [
            ("GET", "search", self._search),
            ("GET", "search/count", self._count),
            ("GET", "search/export", self._export),
        ]

    def tickets(self, query: str) -> list[FakeTicket]:
        """The tickets that a query finds, the newest first."""
        wanted: dict[tuple[str, str], list[Term]] = defaultdict(list)
        for number, term in enumerate(terms_of(query)):
            # Alternatives only where one keyword is asked for equality more than once.
            is_alone = term.is_unwanted or term.operator != ":"
            wanted[term.keyword, f"{number}" if is_alone else ":"].append(term)
        wanted.pop(("type", ":"), None)
        found = [
            ticket
            for ticket in self._desk.tickets.values()
            if all(any(self._fits(ticket, term) for term in terms) for terms in wanted.values())
        ]
        return found[::-1]

    async def _search(self, request: Request) -> Response:
        found = self._found(request)
        query = request.query_params
        number, size = (
            asking.whole(query.get("page"), 1),
            asking.whole(query.get("per_page"), asking.MAX_PAGE),
        )
        if (number - 1) * size >= MOST:
            return asking.refused(422, "invalid", _TOO_FAR)
        return asking.page(request, "results", found, lambda one: one, facets=None)

    async def _count(self, request: Request) -> Response:
        return JSONResponse({"count": len(self._found(request))})

    async def _export(self, request: Request) -> Response:
        if "filter[type]" not in request.query_params:
            return asking.refused(400, "BadRequest", "filter[type] is required")
        found = self._found(request, kind=request.query_params["filter[type]"])
        if "page[size]" not in request.query_params:
            request.scope["query_string"] += b"&page[size]=100"
            request = Request(request.scope)
        return asking.page(request, "results", found, lambda one: one, facets=None)

    def _found(self, request: Request, *, kind: str = "") -> Sequence[dict[str, Any]]:
        query = request.query_params.get("query", "")
        kinds = [term.value for term in terms_of(query) if term.keyword == "type"] or [kind]
        found: list[dict[str, Any]] = []
        where = asking.address(request)
        if kinds[0] in ("ticket", ""):
            tickets = self._sorted(request, self.tickets(query))
            found += [ticket_json(ticket, where) | {"result_type": "ticket"} for ticket in tickets]
        others = [*self._users(where), *self._organizations(where), *self._groups(where)]
        found += [
            one
            for one in others
            if one["result_type"] in (kinds[0] or one["result_type"]) and _is_meant(one, query)
        ]
        return found

    def _users(self, where: str) -> list[dict[str, Any]]:
        return [
            user_json(one, where) | {"result_type": "user"} for one in self._desk.users.values() if one.active
        ]

    def _organizations(self, where: str) -> list[dict[str, Any]]:
        every = self._desk.organizations.values()
        return [organization_json(one, where) | {"result_type": "organization"} for one in every]

    def _groups(self, where: str) -> list[dict[str, Any]]:
        return [group_json(one, where) | {"result_type": "group"} for one in self._desk.groups.values()]

    def _sorted(self, request: Request, found: list[FakeTicket]) -> list[FakeTicket]:
        sort = request.query_params.get("sort_by", "")
        keys: dict[str, Callable[[FakeTicket], Any]] = {
            "created_at": lambda one: one.created_at,
            "updated_at": lambda one: one.updated_at,
            "priority": lambda one: PRIORITIES.index(one.priority) if one.priority in PRIORITIES else -1,
            "status": lambda one: STATUSES.index(one.status),
        }
        if sort not in keys:
            return found
        return sorted(found, key=keys[sort], reverse=request.query_params.get("sort_order", "desc") == "desc")

    def _fits(self, ticket: FakeTicket, term: Term) -> bool:
        return self._is(ticket, term) is not term.is_unwanted

    def _is(self, ticket: FakeTicket, term: Term) -> bool:
        if not term.keyword:
            return term.value == str(ticket.id) or term.value in _text(ticket)
        if term.keyword in _TIMES:
            return _is_when(getattr(ticket, _TIMES[term.keyword]), term)
        if term.keyword == "status":
            return _is_in_order(STATUSES, ticket.status, term)
        if term.keyword == "priority":
            return _is_in_order(("none", *PRIORITIES), ticket.priority or "none", term)
        if term.keyword in ("requester", "assignee", "submitter"):
            person = ticket.assignee_id if term.keyword == "assignee" else ticket.requester_id
            return self._is_person(person, term.value)
        return term.value in self._values(ticket, term.keyword)

    def _is_person(self, user_id: int | None, value: str) -> bool:
        user = self._desk.users.get(user_id or 0)
        if user is None:
            return value == "none"
        names = (str(user.id), user.name.casefold(), user.email.casefold())
        return value in names or (value == "me" and user.id == self._me.id) or value in names[1].split()

    def _values(self, ticket: FakeTicket, keyword: str) -> Sequence[str]:
        """What a ticket has for a keyword, in small letters."""
        organization = self._desk.organizations.get(ticket.organization_id or 0)
        group = self._desk.groups.get(ticket.group_id or 0)
        facts: dict[str, Sequence[Any]] = {
            "tags": ticket.tags or ["none"],
            "ticket_type": [ticket.type or "none"],
            "external_id": [ticket.external_id],
            "group": [ticket.group_id, group.name if group else "none"],
            "organization": [ticket.organization_id, organization.name if organization else "none"],
            "via": [ticket.channel],
            "custom_status_id": [ticket.custom_status_id],
            "subject": [*ticket.subject.split(), ticket.subject],
            "description": [*ticket.description.split(), ticket.description],
        }
        if keyword.startswith("custom_field_"):
            value = ticket.custom_fields.get(int(keyword.removeprefix("custom_field_") or 0))
            return [str(one).casefold() for one in (value if isinstance(value, list) else [value])]
        return [str(one).casefold() for one in facts.get(keyword, ()) if one is not None]


def _text(ticket: FakeTicket) -> str:
    return "\n".join(
        [ticket.subject, *(comment.body for comment in ticket.comments), *ticket.tags]
    ).casefold()


def _is_in_order(order: Sequence[str], has: str, term: Term) -> bool:
    if term.value not in order:
        return False
    return _compared(order.index(has), order.index(term.value), term.operator)


def _is_when(has: datetime | None, term: Term) -> bool:
    if has is None:
        return False
    try:
        wanted = datetime.fromisoformat(term.value.upper())
    except ValueError:
        return False
    if term.operator == ":":
        return stamp(has).casefold().startswith(term.value)
    return _compared(has, wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC), term.operator)


def _compared(has: Any, wanted: Any, operator: str) -> bool:
    return bool(
        (has == wanted and operator in (":", "<=", ">="))
        or (has < wanted and operator in ("<", "<="))
        or (has > wanted and operator in (">", ">="))
    )


def _is_meant(record: dict[str, Any], query: str) -> bool:
    """Whether a user, organization or group has everything that is asked for."""
    for term in terms_of(query):
        if term.keyword == "type":
            continue
        has = (
            str(record.get(term.keyword, ""))
            if term.keyword
            else f"{record['name']}\n{record.get('email', '')}"
        )
        if (term.value in has.casefold()) is term.is_unwanted:
            return False
    return True
