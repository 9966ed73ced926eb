"""The fake Zendesk's suspended mail: held back, recovered into tickets, or thrown away.

https://developer.zendesk.com/api-reference/ticketing/tickets/suspended_tickets/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.wire import stamp, ticket_json

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class SuspendedMail:
    """A mail that Zendesk took for spam or a machine's."""

    id: int
    author: str
    email: str
    subject: str
    content: str
    cause_id: int
    created_at: datetime


class SuspendedMails:
    """What is held back, by id."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime]) -> None:
        self.held: dict[int, SuspendedMail] = {}
        self._desk = desk
        self._clock = clock

    def hold(self, author: str, email: str, subject: str, content: str, cause_id: int) -> int:
        """A mail comes in and is held back; returns its id."""
        mail = SuspendedMail(self._desk.next_id(), author, email, subject, content, cause_id, self._clock())
        self.held[mail.id] = mail
        return mail.id

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return [
            ("GET", "suspended_tickets", self._list),
            ("PUT", "suspended_tickets/recover_many", self._recover),
            ("DELETE", "suspended_tickets/destroy_many", self._delete),
            ("GET", "suspended_tickets/{id:int}", self._show),
            ("PUT", "suspended_tickets/{id:int}/recover", self._recover),
            ("DELETE", "suspended_tickets/{id:int}", self._delete),
        ]

    async def _list(self, request: Request) -> Response:
        return asking.page(request, "suspended_tickets", list(self.held.values()), _shown)

    async def _show(self, request: Request) -> Response:
        mail = self.held.get(request.path_params["id"])
        return asking.missing() if mail is None else JSONResponse({"suspended_ticket": _shown(mail)})

    async def _recover(self, request: Request) -> Response:
        ids = [request.path_params["id"]] if "id" in request.path_params else asking.ids(request)
        mails = [mail for mail in (self.held.pop(one, None) for one in ids) if mail is not None]
        if not mails:
            return asking.missing()
        tickets = []
        for mail in mails:
            requester = self._desk.user(mail.author, mail.email)
            ticket = self._desk.create(requester, mail.subject, mail.content, channel="email")
            tickets.append(ticket_json(ticket, asking.address(request)))
        one = {"ticket": tickets[0]} if "id" in request.path_params else {}
        return JSONResponse({"tickets": tickets, **one})

    async def _delete(self, request: Request) -> Response:
        ids = [request.path_params["id"]] if "id" in request.path_params else asking.ids(request)
        gone = [one for one in ids if self.held.pop(one, None) is not None]
        return Response(status_code=204) if gone else asking.missing()


def _shown(mail: SuspendedMail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "author": {"id": None, "name": mail.author, "email": mail.email},
        "subject": mail.subject,
        "content": mail.content,
        "cause": "Detected email as being from a system user"
        if mail.cause_id != 3
        else "Automated response mail",
        "cause_id": mail.cause_id,
        "created_at": stamp(mail.created_at),
        "ticket_id": None,
        "via": {"channel": "email"},
    }
