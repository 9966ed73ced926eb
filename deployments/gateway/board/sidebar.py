"""GET /sidebar/{vendor}/{name}/{ticket}: what the board says of the incident of one ticket, as JSON, for the app that a
helpdesk shows beside the ticket.

Only who has the helpdesk's token reads it (`Authorization: Bearer`), and of that helpdesk's tickets alone. Nothing can
be done here: the app writes commands as its agent's private notes, which are heard and answered as all others are.

    200  the ticket and, if it belongs to one, its incident; a ticket that we have never seen belongs to none
    401  no token, or one that does not count (any more) for this helpdesk
    404  the path names no ticket
    405  another method than GET or HEAD
    503  we have our hands full
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime

from pydantic import TypeAdapter
from starlette.types import Scope

from deployments.gateway.answers import Headers, HookAnswer, busy
from deployments.gateway.board.sidebar_view import ShownTicket, shown_incident, shown_ticket
from incidents.basis import Basis
from incidents.errors import NotFound
from incidents.links.sidebar_links import PATH, read_sidebar_token
from incidents.models import TicketRef
from incidents.policy.policy import Policy
from incidents.store.board.reading import read_open_incident
from incidents.store.board.story import said_to_customers
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.tickets import known_tickets
from incidents.texts.team import team_reads

__all__ = ["PATH", "Sidebar"]

AT_ONCE = 3
ANSWER_SECONDS = 5.0
_TICKET = re.compile(r"(?P<connection>[a-z0-9]+/[a-z0-9-]+)/(?P<id>[A-Za-z0-9_-]{1,64})")
_HEADERS: Headers = (
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
_JSON = TypeAdapter(ShownTicket)

NO_TOKEN = HookAnswer(
    401,
    b"this needs the helpdesk's token, which `liaison sidebar` prints\n",
    headers=(*_HEADERS, (b"www-authenticate", b"Bearer")),
)
NO_TICKET = HookAnswer(404, b"tickets are at /sidebar/<vendor>/<name>/<ticket>\n", headers=_HEADERS)
ONLY_GET = HookAnswer(405, b"the sidebar only reads\n", headers=((b"allow", b"GET, HEAD"),))
TOO_BUSY = busy(b"we have our hands full; please try again\n")


class Sidebar:
    """Answers for the path. `policy` is asked for at each look."""

    def __init__(
        self,
        database: Database,
        key: str,
        *,
        policy: Callable[[], Policy],
        clock: Callable[[], datetime],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._database = database
        self._key = key
        self._policy = policy
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._free = asyncio.Semaphore(AT_ONCE)

    async def answer(self, path: str, scope: Scope) -> HookAnswer:
        """`path` is what follows /sidebar/."""
        named = _TICKET.fullmatch(path)
        if not self._may_read(scope, None if named is None else named["connection"]):
            return NO_TOKEN
        if named is None:
            return NO_TICKET
        if scope["method"] not in ("GET", "HEAD"):
            return ONLY_GET
        try:
            async with asyncio.timeout(self._answer_seconds), self._free:
                shown = await self._shown(TicketRef(connection=named["connection"], id=named["id"]))
        except TimeoutError:
            return TOO_BUSY
        body = b"" if scope["method"] == "HEAD" else _JSON.dump_json(shown)
        return HookAnswer(200, body, headers=_HEADERS, content_type="application/json")

    def _may_read(self, scope: Scope, connection: str | None) -> bool:
        since = self._policy().board.links_since
        for name, value in scope["headers"]:
            kind, _, token = value.decode("latin-1").partition(" ")
            if name != b"authorization" or kind.lower() != "bearer":
                continue
            found = read_sidebar_token(self._key, token.strip())
            if found is not None and found.name == connection and found.until > self._clock():
                return since is None or found.made >= since
        return False

    async def _shown(self, ref: TicketRef) -> ShownTicket:
        basis = Basis(self._policy(), self._clock())
        with team_reads(basis.policy.language.team):
            return await self._read(ref, basis)

    async def _read(self, ref: TicketRef, basis: Basis) -> ShownTicket:
        async with self._database.transaction() as tx:
            known = (await known_tickets(tx, [ref])).get(ref)
            if known is None or known.incident_id is None or known.is_forgotten:
                return shown_ticket(ref, None, basis)
            try:
                case = await load_case(tx, known.incident_id)
            except NotFound:
                # Pruned since.
                return shown_ticket(ref, None, basis)
            standing = await read_open_incident(tx, case.incident)
            said = await said_to_customers(tx, case.incident.id)
        return shown_ticket(ref, shown_incident(standing, case, said, basis), basis)
