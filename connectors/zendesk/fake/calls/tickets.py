"""The fake Zendesk's calls on tickets: read, write, comments, audits, tags.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.calls.ticket_writes import TicketWrites
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.limits import CallWindow
from connectors.zendesk.fake.records import FakeAudit, FakeTicket, FakeUser
from connectors.zendesk.fake.wire import (
    audit_json,
    comment_json,
    metric_json,
    ticket_json,
    tickets_json,
    user_json,
)

Endpoint = Callable[[Request], Awaitable[Response]]
KEYS_KEPT = timedelta(hours=2)
"""https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency"""
SCORES = ("offered", "unoffered", "good", "bad")


class TicketsApi:
    """`me` is the agent whose token is used."""

    def __init__(
        self,
        desk: Desk,
        me: FakeUser,
        writes: TicketWrites,
        *,
        updates: CallWindow,
        clock: Callable[[], datetime],
    ) -> None:
        self._desk = desk
        self._me = me
        self._writes = writes
        self._updates = updates
        self._clock = clock
        self._created: dict[str, tuple[datetime, bytes, dict[str, Any]]] = {}
        self._per_ticket: dict[int, CallWindow] = {}

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint. Those with words where others have ids come first."""
        one = "tickets/{id:int}"
        return [
            ("GET", "tickets", self._list),
            ("POST", "tickets", self._create),
            ("GET", "tickets/show_many", self._show_many),
            ("GET", "tickets/recent", self._recent),
            ("GET", "tickets/count", self._count),
            ("POST", "imports/tickets", self._import),
            ("GET", one, self._show),
            ("PUT", one, self._update),
            ("GET", f"{one}/comments", self._comments),
            ("PUT", f"{one}/comments/{{comment:int}}/redact", self._redact),
            ("PUT", f"{one}/comments/{{comment:int}}/make_private", self._make_private),
            ("GET", f"{one}/audits", self._audits),
            ("GET", f"{one}/audits/{{audit:int}}", self._audit),
            ("GET", f"{one}/metrics", self._metrics),
            ("GET", f"{one}/incidents", self._incidents),
            ("GET", f"{one}/related", self._related),
            ("POST", f"{one}/satisfaction_rating", self._rate),
            *((method, f"{one}/tags", self._tags) for method in ("GET", "PUT", "POST", "DELETE")),
            ("GET", "ticket_metrics", self._all_metrics),
            ("GET", "ticket_audits", self._all_audits),
            ("GET", "satisfaction_ratings", self._ratings),
            ("GET", "users/{user:int}/tickets/{part}", self._of_user),
            ("GET", "organizations/{organization:int}/tickets", self._of_organization),
        ]

    # Reading

    def _page(self, request: Request, found: Sequence[FakeTicket]) -> Response:
        where = asking.address(request)
        side = side_loads(request, found, self._desk)
        return asking.page(request, "tickets", found, lambda ticket: ticket_json(ticket, where), **side)

    def _known(self, request: Request) -> FakeTicket:
        ticket = self._desk.tickets.get(request.path_params["id"])
        if ticket is None:
            raise Unacceptable(asking.missing())
        return ticket

    async def _list(self, request: Request) -> Response:
        found = list(self._desk.tickets.values())
        if "external_id" in request.query_params:
            found = [one for one in found if one.external_id == request.query_params["external_id"]]
        sort = request.query_params.get("sort_by") or request.query_params.get("sort", "id").lstrip("-")
        if sort in ("created_at", "updated_at"):
            found.sort(key=lambda one: getattr(one, sort))
        is_descending = request.query_params.get("sort_order") == "desc"
        if is_descending or request.query_params.get("sort", "").startswith("-"):
            found.reverse()
        return self._page(request, found)

    async def _recent(self, request: Request) -> Response:
        ids = list(self._desk.changed)[::-1][: asking.MAX_PAGE]
        return self._page(request, [self._desk.tickets[one] for one in ids if one in self._desk.tickets])

    async def _count(self, request: Request) -> Response:
        now = self._clock().isoformat()
        return JSONResponse({"count": {"value": len(self._desk.tickets), "refreshed_at": now}})

    async def _of_user(self, request: Request) -> Response:
        user, part = request.path_params["user"], request.path_params["part"]
        if user not in self._desk.users:
            return asking.missing()
        is_of: dict[str, Callable[[FakeTicket], bool]] = {
            "requested": lambda ticket: ticket.requester_id == user,
            "assigned": lambda ticket: ticket.assignee_id == user,
            "ccd": lambda ticket: user in (*ticket.collaborator_ids, *ticket.email_cc_ids),
            "followed": lambda ticket: user in ticket.follower_ids,
        }
        if part not in is_of:
            return asking.nowhere()
        return self._page(request, [ticket for ticket in self._desk.tickets.values() if is_of[part](ticket)])

    async def _of_organization(self, request: Request) -> Response:
        organization = request.path_params["organization"]
        if organization not in self._desk.organizations:
            return asking.missing()
        every = self._desk.tickets.values()
        return self._page(request, [ticket for ticket in every if ticket.organization_id == organization])

    async def _show_many(self, request: Request) -> Response:
        known = self._desk.tickets
        if "external_ids" in request.query_params:
            wanted = request.query_params["external_ids"].split(",")
            found = [ticket for ticket in known.values() if ticket.external_id in wanted]
        else:
            found = [known[one] for one in asking.ids(request) if one in known]
        side_loads = request.query_params.get("include", "")
        return JSONResponse(
            tickets_json(found, self._desk, asking.address(request), side_loads) | {"count": len(found)}
        )

    async def _show(self, request: Request) -> Response:
        where = asking.address(request)
        answer = tickets_json(
            [self._known(request)], self._desk, where, request.query_params.get("include", "")
        )
        return JSONResponse({"ticket": answer.pop("tickets")[0], **answer})

    async def _metrics(self, request: Request) -> Response:
        return JSONResponse({"ticket_metric": metric_json(self._known(request), asking.address(request))})

    async def _all_metrics(self, request: Request) -> Response:
        found, where = list(self._desk.tickets.values())[::-1], asking.address(request)
        return asking.page(request, "ticket_metrics", found, lambda ticket: metric_json(ticket, where))

    async def _incidents(self, request: Request) -> Response:
        problem = self._known(request)
        every = self._desk.tickets.values()
        return self._page(request, [ticket for ticket in every if ticket.problem_id == problem.id])

    async def _related(self, request: Request) -> Response:
        ticket = self._known(request)
        followed = [str(one.id) for one in self._desk.tickets.values() if one.followup_of == ticket.id]
        incidents = sum(one.problem_id == ticket.id for one in self._desk.tickets.values())
        related = {
            "topic_id": None,
            "jira_issue_ids": [],
            "followup_source_ids": followed,
            "incidents": incidents,
        }
        return JSONResponse({"ticket_related": related})

    # Comments and audits

    async def _comments(self, request: Request) -> Response:
        ticket, where = self._known(request), asking.address(request)
        found = ticket.comments
        if (
            request.query_params.get("sort_order") == "desc"
            or request.query_params.get("sort", "")[:1] == "-"
        ):
            found = found[::-1]
        more: dict[str, Any] = {}
        if "users" in request.query_params.get("include", ""):
            authors = dict.fromkeys(comment.author_id for comment in found)
            more["users"] = [user_json(self._desk.users[author], where) for author in authors]
        return asking.page(request, "comments", found, lambda comment: comment_json(comment, where), **more)

    async def _redact(self, request: Request) -> Response:
        ticket = self._known(request)
        text = str((await asking.whole_body(request)).get("text") or "")
        for comment in ticket.comments:
            if comment.id == request.path_params["comment"]:
                try:
                    black = self._desk.redact(ticket, comment, text)
                except KeyError:
                    return asking.refused(400, "BadRequest", "The text is not in the comment")
                return JSONResponse({"comment": comment_json(black, asking.address(request))})
        return asking.missing()

    async def _make_private(self, request: Request) -> Response:
        ticket = self._known(request)
        for comment in ticket.comments:
            if comment.id == request.path_params["comment"]:
                self._desk.hide(ticket, comment)
                return Response(status_code=200)
        return asking.missing()

    async def _audits(self, request: Request) -> Response:
        ticket = self._known(request)
        audits = ticket.audits
        if request.query_params.get("sort_order") == "desc":
            audits = audits[::-1]
        more: dict[str, Any] = {}
        if "users" in request.query_params.get("include", ""):
            authors = dict.fromkeys(audit.author_id for audit in audits)
            where = asking.address(request)
            more["users"] = [user_json(self._desk.users[author], where) for author in authors]
        return asking.page(request, "audits", audits, lambda audit: audit_json(ticket, audit), **more)

    async def _audit(self, request: Request) -> Response:
        ticket = self._known(request)
        for audit in ticket.audits:
            if audit.id == request.path_params["audit"]:
                return JSONResponse({"audit": audit_json(ticket, audit)})
        return asking.missing()

    async def _all_audits(self, request: Request) -> Response:
        found: list[tuple[FakeTicket, FakeAudit]] = [
            (ticket, audit) for ticket in self._desk.tickets.values() for audit in ticket.audits
        ]
        found.sort(key=lambda pair: pair[1].id)
        return asking.page(request, "audits", found, lambda pair: audit_json(*pair))

    # Writing

    async def _create(self, request: Request) -> Response:
        """An `Idempotency-Key` brings the first answer again for two hours; with another body it is an error."""
        raw = await request.body()
        key, now = request.headers.get("idempotency-key"), self._clock()
        if key is not None and key in self._created and now - self._created[key][0] < KEYS_KEPT:
            _, first, answer = self._created[key]
            if first != raw:
                return asking.refused(400, "IdempotentRequestError", "the key was used with other parameters")
            return JSONResponse(answer, 201, {"x-idempotency-lookup": "hit"})
        ticket = self._writes.create(await asking.body(request, "ticket"))
        answer = self._with_audit(request, ticket)
        if key is None:
            return JSONResponse(answer, 201)
        self._created[key] = (now, raw, answer)
        return JSONResponse(answer, 201, {"x-idempotency-lookup": "miss"})

    def _with_audit(self, request: Request, ticket: FakeTicket) -> dict[str, Any]:
        return {
            "ticket": ticket_json(ticket, asking.address(request)),
            "audit": audit_json(ticket, ticket.audits[-1]),
        }

    async def _import(self, request: Request) -> Response:
        """A ticket with its comments, as another system had them; nobody is told of it but the subscribers."""
        body = await asking.body(request, "ticket")
        comments = [one for one in body.pop("comments", None) or [] if isinstance(one, dict)]
        if comments and "comment" not in body:
            body["comment"] = comments.pop(0)
        ticket = self._writes.create(body, channel="api")
        for comment in comments:
            self._writes.change(
                ticket, {"comment": comment | {"body": comment.get("body") or comment.get("value")}}
            )
        return JSONResponse({"ticket": ticket_json(ticket, asking.address(request))}, 201)

    async def _update(self, request: Request) -> Response:
        ticket = self._may_update(request)
        self._writes.change(ticket, await asking.body(request, "ticket"))
        return JSONResponse(self._with_audit(request, ticket))

    def _may_update(self, request: Request) -> FakeTicket:
        """The ticket of an update that is within the limits of the account and of the ticket."""
        now = self._clock()
        if (wait := self._updates.take(now)) is not None:
            raise Unacceptable(asking.too_many(wait))
        ticket = self._known(request)
        window = self._per_ticket.setdefault(ticket.id, CallWindow(30, 600))
        if (wait := window.take(now)) is not None:
            raise Unacceptable(asking.too_many(wait))
        return ticket

    async def _tags(self, request: Request) -> Response:
        """PUT adds, POST sets, DELETE takes away; the answer is what there is then."""
        ticket = self._known(request) if request.method == "GET" else self._may_update(request)
        if request.method == "GET":
            return JSONResponse({"tags": ticket.tags})
        given = (await asking.whole_body(request)).get("tags")
        change = {"PUT": "additional_tags", "POST": "tags", "DELETE": "remove_tags"}[request.method]
        self._writes.change(ticket, {change: given}, is_of_many=True)
        return JSONResponse({"tags": ticket.tags}, 201 if request.method == "POST" else 200)

    async def _rate(self, request: Request) -> Response:
        ticket = self._known(request)
        rating = await asking.body(request, "satisfaction_rating")
        if rating.get("score") not in SCORES:
            return asking.invalid("score", "Score: is invalid", "InvalidValue")
        if ticket.status not in ("solved", "closed"):
            return asking.invalid("base", "A ticket that is not solved cannot be rated")
        ticket.satisfaction = {
            "id": ticket.id,
            "ticket_id": ticket.id,
            "requester_id": ticket.requester_id,
            "score": rating["score"],
            "comment": rating.get("comment"),
        }
        return JSONResponse({"satisfaction_rating": ticket.satisfaction})

    async def _ratings(self, request: Request) -> Response:
        found = [ticket.satisfaction for ticket in self._desk.tickets.values() if ticket.satisfaction]
        if score := request.query_params.get("score"):
            found = [rating for rating in found if rating["score"] == score]
        return asking.page(request, "satisfaction_ratings", found, lambda rating: rating)


def side_loads(request: Request, found: Sequence[FakeTicket], desk: Desk) -> dict[str, Any]:
    """What was asked for beside tickets; nothing costs nothing."""
    include = request.query_params.get("include", "")
    if not include:
        return {}
    side = tickets_json(found, desk, asking.address(request), include)
    del side["tickets"]
    return side
