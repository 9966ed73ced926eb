"""A small RT 5.0.3: as much of REST 2 as the connector speaks, and the scrip's signed calls.

    fake = FakeRequestTracker(clock=clock, secret=SECRET)
    connector = RequestTracker("requesttracker/support", settings, transport=InProcessTransport(fake.app))
    fake.customer_reply(1, "It is still broken")

What it does and does not stands in README.md; the real RT is asked the same in tests/real/test_requesttracker.py.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.requesttracker.fake import records
from connectors.requesttracker.fake.desk import FakeDesk, FakeTransaction, StoredTicket, w3c
from connectors.requesttracker.fake.scrip import FakeScrip
from connectors.requesttracker.fake.search import BadQuery, search

USER, PASSWORD = "liaison", "fake-rt-password"
VERSION = "5.0.3"
_KINDS = {"correspond": "Correspond", "comment": "Comment"}
Answer = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeRequestTracker:
    """One RT with one queue. `is_superuser`: the bot sees mails that RT sent, and totals; `sees_comments`: it has
    the right ShowTicketComments."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now, secret: str = "") -> None:
        self.desk = FakeDesk(clock)
        self.faults = Faults()
        self.is_superuser = False
        self.sees_comments = True
        self.scrip = FakeScrip(clock, secret.encode())
        self.bot = self.desk.add_user(USER, "liaison@desk.example", "Liaison", is_privileged=True)
        self.desk.add_user("agent", "agent@desk.example", "Grace Agent", is_privileged=True)
        self.app: ASGIApp = FaultyApp(Starlette(routes=self._routes()), self.faults)

    def create_ticket(self, name: str, email: str, subject: str, body: str) -> int:
        """A customer's mail."""
        self.desk.add_user(email, email, name)
        ticket = self.desk.create(subject, body, requester=email, by=email)
        self._tell()
        return ticket.id

    def customer_reply(self, ticket: int, text: str, headers: str = "") -> None:
        """By the ticket's first requestor; `headers` are lines that his mail brought along."""
        found = self.desk.tickets[self.desk.tickets[ticket].effective_id]
        self.desk.say(
            found,
            "Correspond",
            self.desk.part(text, headers=headers),
            by=self.desk.tickets[ticket].requesters[0],
        )
        self._tell()

    def agent_message(self, ticket: int, kind: str, text: str, *, way: str = "Web") -> None:
        """`kind` is Correspond or Comment, `way` how RT says that it came: Web, REST2, Email."""
        part = self.desk.part(text, headers=f"X-RT-Interface: {way}\n")
        self.desk.say(self.desk.tickets[ticket], kind, part, by="agent")
        self._tell()

    def set_status(self, ticket: int, status: str) -> None:
        """By an agent, by RT's word."""
        self.desk.set_status(self.desk.tickets[ticket], status, by="agent")
        self._tell()

    def merge(self, ticket: int, into: int) -> None:
        """By an agent."""
        self.desk.merge(self.desk.tickets[ticket], self.desk.tickets[into], by="agent")
        self._tell()

    def texts(self, ticket: int, kind: str, *, by: Sequence[str] = ()) -> list[str]:
        """Of a kind of transaction; by anybody where nobody is named."""
        return [
            part.content
            for one in self.desk.history(self.desk.tickets[ticket])
            if one.kind == kind and (not by or one.creator in by)
            for part in one.parts
        ]

    def _tell(self) -> None:
        self.scrip.tell(self.desk)

    def _routes(self) -> list[Route]:
        known: list[tuple[str, Answer, str]] = [
            ("/rt", self._rt, "GET"),
            ("/user/{id}", self._user, "GET"),
            ("/queue/{id}", self._queue, "GET"),
            ("/tickets", self._search, "GET"),
            ("/ticket", self._create, "POST"),
            ("/ticket/{id:int}", self._ticket, "GET"),
            ("/ticket/{id:int}", self._change, "PUT"),
            ("/ticket/{id:int}/history", self._history, "GET"),
            ("/ticket/{id:int}/attachments", self._attachments, "GET"),
            ("/ticket/{id:int}/{kind}", self._message, "POST"),
            ("/transaction/{id:int}", self._transaction, "GET"),
            ("/transaction/{id:int}/attachments", self._transaction_parts, "GET"),
            ("/attachment/{id:int}", self._attachment, "GET"),
        ]
        return [
            Route(f"/REST/2.0{path}", self._known(answer), methods=[method]) for path, answer, method in known
        ]

    def _known(self, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            if not _is_login(request.headers.get("authorization", "")):
                return _error(401, "Unauthorized")
            response = await answer(request)
            self._tell()
            return response

        return answered

    async def _rt(self, _: Request) -> Response:
        return JSONResponse({"Version": VERSION, "Plugins": []})

    async def _user(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        for user in self.desk.users.values():
            if wanted in (user.name, str(user.id)):
                return JSONResponse(records.user(user, sees_zone=user.name == USER))
        return _error(404, "Not Found")

    async def _queue(self, request: Request) -> Response:
        name = request.path_params["id"]
        is_known = name in self.desk.queues
        return JSONResponse({"Name": name, "Lifecycle": "default"}) if is_known else _error(403, "Forbidden")

    async def _search(self, request: Request) -> Response:
        try:
            found = search(self.desk, self.bot, request.query_params.get("query", ""))
        except BadQuery as error:
            return _error(400, f"Error parsing the query: {error}")
        is_by_time = request.query_params.get("orderby") == "LastUpdated"
        found.sort(key=lambda one: (one.updated_at.timestamp() if is_by_time else 0, one.id))
        if request.query_params.get("order") == "DESC":
            found.reverse()
        return JSONResponse(records.page(request, [records.listed(self.desk, one) for one in found]))

    async def _create(self, request: Request) -> Response:
        wanted = await request.json()
        if wanted.get("Queue") not in self.desk.queues:
            return _error(403, "Forbidden")
        if wanted.get("Content") and not wanted.get("ContentType"):
            return _error(400, "ContentType is a required field for application/json")
        name, email = parseaddr(str(wanted.get("Requestor") or ""))
        if email:
            self.desk.add_user(email, email, name)
        ticket = self.desk.create(
            str(wanted.get("Subject") or ""), str(wanted.get("Content") or ""), requester=email, by=USER
        )
        ticket.tags = list(wanted.get("CustomFields", {}).get(records.TAG_FIELD, []))
        url = f"{request.base_url}REST/2.0/ticket/{ticket.id}"
        return JSONResponse({"id": str(ticket.id), "type": "ticket", "_url": url}, 201, {"location": url})

    async def _ticket(self, request: Request) -> Response:
        ticket = self.desk.load(request.path_params["id"])
        if ticket is None:
            return _error(404, "Not Found")
        if ticket.is_restricted:
            return _error(403, "Forbidden")
        return JSONResponse(records.whole(self.desk, ticket))

    async def _change(self, request: Request) -> Response:
        ticket = self._changeable(request)
        if isinstance(ticket, Response):
            return ticket
        if self.desk.is_deaf:
            return JSONResponse([])
        wanted, said = await request.json(), []
        # What RT does not know it passes over, and says nothing: `status` in lower case, too.
        if "Status" in wanted:
            said.append(self.desk.set_status(ticket, wanted["Status"], by=USER))
        if records.TAG_FIELD in wanted.get("CustomFields", {}):
            ticket.tags = list(wanted["CustomFields"][records.TAG_FIELD])
            self.desk.note(ticket, "CustomField", USER, field_name="1")
            said.append(f"{records.TAG_FIELD} changed")
        return JSONResponse([one for one in said if one is not None])

    async def _message(self, request: Request) -> Response:
        ticket, kind = self._changeable(request), _KINDS.get(request.path_params["kind"])
        if isinstance(ticket, Response):
            return ticket
        if kind is None:
            return _error(404, "Not Found")
        message = await request.json()
        if message.get("Content") and not message.get("ContentType"):
            return _error(400, "ContentType is a required field for application/json")
        part = self.desk.part(
            message.get("Content", ""), message.get("ContentType", "application/octet-stream")
        )
        done = 999_999_999 if self.desk.is_deaf else self.desk.say(ticket, kind, part, by=USER).id
        location = {"location": f"/REST/2.0/transaction/{done}"}
        return JSONResponse(["Message recorded"], status_code=201, headers=location)

    def _changeable(self, request: Request) -> StoredTicket | Response:
        ticket = self.desk.load(request.path_params["id"])
        if ticket is None:
            return _error(404, "Not Found")
        return _error(403, "Forbidden") if ticket.is_locked or ticket.is_restricted else ticket

    async def _history(self, request: Request) -> Response:
        ticket = self.desk.load(request.path_params["id"])
        found = [] if ticket is None or ticket.is_restricted else self.desk.history(ticket)
        shown = [None if self._hides(one) else records.transaction(self.desk, one) for one in found]
        return JSONResponse(records.page(request, shown, tells_total=self.is_superuser))

    async def _attachments(self, request: Request) -> Response:
        ticket = self.desk.load(request.path_params["id"])
        is_shown = ticket is not None and not ticket.is_restricted
        return self._parts(request, self.desk.history(ticket) if ticket is not None and is_shown else [])

    async def _transaction_parts(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        return self._parts(request, [one for one in self.desk.transactions if one.id == wanted])

    def _parts(self, request: Request, found: Sequence[FakeTransaction]) -> Response:
        shown = [
            None if self._hides(one) else records.part(self.desk, one, part)
            for one in sorted(found, key=lambda one: one.id)
            for part in one.parts
        ]
        return JSONResponse(records.page(request, shown, tells_total=self.is_superuser))

    async def _transaction(self, request: Request) -> Response:
        for one in self.desk.transactions:
            if one.id == request.path_params["id"]:
                if self._hides(one):
                    return _error(403, "Forbidden")
                return JSONResponse({"id": one.id, "Type": one.kind, "Created": w3c(one.at)})
        return _error(404, "Not Found")

    async def _attachment(self, request: Request) -> Response:
        for part in (part for one in self.desk.transactions for part in one.parts):
            if part.id == request.path_params["id"]:
                content = base64.encodebytes(part.content.encode()).decode()
                return JSONResponse({"id": part.id, "Content": content})
        return _error(404, "Not Found")

    def _hides(self, transaction: FakeTransaction) -> bool:
        if transaction.kind == "Comment" and not self.sees_comments:
            return True
        return transaction.is_hidden and not self.is_superuser


def _is_login(authorization: str) -> bool:
    kind, _, word = authorization.partition(" ")
    if kind == "token":
        return word == PASSWORD
    try:
        return kind == "Basic" and base64.b64decode(word).decode() == f"{USER}:{PASSWORD}"
    except (binascii.Error, ValueError):
        return False


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)
