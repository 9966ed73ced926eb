"""GET /board/...: what is open, for whoever may see it.

    GET  /board/             the board; with ?q=, what was looked for
    GET  /board/INC-7        one incident's story
    GET  /board/answer-INC-7 what is asked about it, for those who may answer
    POST /board/answer-INC-7 their yes or no
    GET  /board/events       server-sent events: something has changed
    GET  /board/enter?link=  by a link of ours: the reader is remembered, and sent on
    POST /board/enter        by the secret that a team shares
    GET  /board/board.css, /board/board.js

Nothing here changes anything but such an answer. Nothing may come of it that keeps webhooks waiting: a few pages are
made at once, and the board at most once a second, however many look.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.types import Receive, Scope, Send

from deployments.gateway.answers import Headers, HookAnswer, busy
from deployments.gateway.board.answering import ANSWER, BoardAnswers, is_of_the_board
from deployments.gateway.board.live import ChangeFeed
from deployments.gateway.board.readers import COOKIE, Readers
from deployments.gateway.board.views import (
    ShownStory,
    answer_page,
    board_page,
    found_page,
    plain_page,
    sign_in_page,
    story_page,
)
from deployments.gateway.bodies import Bodies, TooLarge, TooMuch
from deployments.gateway.notices import Notices
from incidents.basis import Basis
from incidents.errors import NotFound
from incidents.links.board_links import ENTER, LINK, PATH
from incidents.notes.context import links
from incidents.policy.policy import Policy
from incidents.store.board.change import change_stamp
from incidents.store.board.reading import read_board, read_open_incident
from incidents.store.board.search import find_incidents
from incidents.store.board.story import bound_links, said_to_customers, stuck_effects
from incidents.store.cases import incident_number, load_case
from incidents.store.database import Database
from incidents.store.timeline import read_timeline
from incidents.texts.team import sentence, team_reads, worded, worded_as

__all__ = ["PATH", "BoardPages"]

AT_ONCE = 3
ANSWER_SECONDS = 5.0
FRESH_SECONDS = 1.0
_INCIDENT = re.compile(r"INC-[0-9]{1,18}", re.IGNORECASE)
_FILES = {"board.css": "text/css; charset=utf-8", "board.js": "text/javascript; charset=utf-8"}
_HTML = "text/html; charset=utf-8"
MAY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'"
)
"""What a browser may do for the board: nothing that is not the gateway's own."""
_HEADERS: Headers = (
    (b"cache-control", b"private, no-store"),
    (b"content-security-policy", MAY),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
)

# A form's page says where it comes from: with no-referrer a browser's Origin would be "null".
_FORM_HEADERS: Headers = (*_HEADERS[:2], (b"referrer-policy", b"same-origin"), *_HEADERS[3:])

ONLY_GET = HookAnswer(405, b"the board is only read\n", headers=((b"allow", b"GET, HEAD"),))
NOT_NAMED = sentence(
    "You may read the board. Who may say yes or no here is named in the policy, under board.may_act."
)
FOREIGN = sentence(
    "Your browser does not say that a page of the board sent this. Open the incident there, and answer there."
)
STALE = sentence(
    "This form is not valid any more, or the question is gone. Open the incident again and look what is asked."
)


class BoardPages:
    """Answers for the board, in the language of the policy's team. `policy` is asked for at each look."""

    def __init__(
        self,
        database: Database,
        readers: Readers,
        *,
        policy: Callable[[], Policy],
        notices: Notices,
        bodies: Bodies,
        clock: Callable[[], datetime],
        answers: BoardAnswers | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self._database = database
        self._readers = readers
        self._policy = policy
        self._bodies = bodies
        self._answers = answers
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._fresh_seconds = fresh_seconds
        self._free = asyncio.Semaphore(AT_ONCE)
        self._changes = ChangeFeed(self._stamp, notices)
        self._board: HookAnswer | None = None
        self._board_at = float("-inf")
        self._making = asyncio.Lock()
        folder = Path(__file__).parent / "templates"
        self._files = {
            name: HookAnswer(
                200,
                (folder / name).read_bytes(),
                headers=((b"cache-control", b"no-cache"), (b"x-content-type-options", b"nosniff")),
                content_type=kind,
            )
            for name, kind in _FILES.items()
        }

    async def end(self) -> None:
        """Let go whoever listens."""
        await self._changes.end()

    async def answer(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """`path` is what follows /board/."""
        if path == "events" and scope["method"] == "GET" and self._readers.may_see(scope):
            await self._changes.tell(receive, send)
            return
        answer = await self._answer(path, scope, receive)
        await (answer if scope["method"] != "HEAD" else _head(answer)).send(send)

    async def _answer(self, path: str, scope: Scope, receive: Receive) -> HookAnswer:
        if path in self._files and scope["method"] in ("GET", "HEAD"):
            return self._files[path]
        with team_reads(self._policy().language.team):
            return await self._worded(path, scope, receive)

    async def _worded(self, path: str, scope: Scope, receive: Receive) -> HookAnswer:
        method: str = scope["method"]
        if path == ENTER:
            return await self._enter(method, scope, receive)
        asked = ANSWER.fullmatch(path)
        if method not in ("GET", "HEAD") and not (asked and method == "POST"):
            return ONLY_GET
        if not self._readers.may_see(scope):
            return self._sign_in(was_wrong=False)
        try:
            async with asyncio.timeout(self._answer_seconds), self._free:
                if asked is not None:
                    return await self._asked(asked[1].upper(), scope, receive)
                return await self._page(path, scope)
        except TimeoutError:
            return _too_busy()

    async def _asked(self, name: str, scope: Scope, receive: Receive) -> HookAnswer:
        answers, reader = self._answers, self._readers.who(scope)
        if answers is None or reader is None or not answers.may_answer(reader):
            return self._said(403, worded("Not yours to answer"), worded_as(NOT_NAMED))
        try:
            if scope["method"] == "POST":
                return await self._answered(answers, name, reader, scope, receive)
            case, asked = await answers.questions(incident_number(name), reader)
        except NotFound:
            return self._said(404, worded("Not here"), worded("There is no {name} (any more).", name=name))
        page = answer_page(case, asked, Basis(self._policy(), self._clock()))
        return _html(200, page, headers=_FORM_HEADERS)

    async def _answered(
        self, answers: BoardAnswers, name: str, reader: str, scope: Scope, receive: Receive
    ) -> HookAnswer:
        if not is_of_the_board(scope, self._policy().links.gateway):
            return self._said(403, worded("Not from the board"), worded_as(FOREIGN))
        form = await self._form(scope, receive)
        found = None if form is None else await answers.answered(incident_number(name), form, reader)
        if found is None:
            return self._said(403, worded("Not taken"), worded_as(STALE))
        # What is sent for it is found by whoever looks for what is due, within seconds.
        return _sent_on(name) if found.counts else self._said(409, worded("Too late"), found.said)

    def _said(self, status: int, title: str, words: str) -> HookAnswer:
        return _html(status, plain_page(title, words, now=self._clock()))

    async def _enter(self, method: str, scope: Scope, receive: Receive) -> HookAnswer:
        if method == "POST":
            return await self._by_secret(scope, receive)
        return self._by_link(_asked(scope, LINK), scope) if method in ("GET", "HEAD") else ONLY_GET

    async def _page(self, path: str, scope: Scope) -> HookAnswer:
        sought = _asked(scope, "q")
        if path == "" and sought:
            return await self._found(sought)
        if path == "":
            return await self._whole_board()
        if _INCIDENT.fullmatch(path):
            return await self._story(path, self._readers.who(scope))
        return self._said(404, worded("Not here"), worded("There is no such page on the board."))

    async def _whole_board(self) -> HookAnswer:
        async with self._making:
            if self._board is None or _seconds() - self._board_at >= self._fresh_seconds:
                began = _seconds()
                async with self._reading() as tx:
                    board = await read_board(tx, now=self._clock())
                # Beside the event loop, which has webhooks to take.
                page = await asyncio.to_thread(board_page, board, self._policy())
                self._board, self._board_at = _html(200, page), began
            return self._board

    async def _story(self, name: str, reader: str | None) -> HookAnswer:
        basis = Basis(self._policy(), self._clock())
        try:
            async with self._reading() as tx:
                case = await load_case(tx, incident_number(name.upper()))
                number = case.incident.id
                story = ShownStory(
                    shown=await read_open_incident(tx, case.incident),
                    case=case,
                    entries=await read_timeline(tx, number),
                    said=await said_to_customers(tx, number),
                    stuck=await stuck_effects(tx, number),
                    links=(*links(case, basis.policy), *await bound_links(tx, number)),
                )
        except NotFound:
            words = worded(
                "There is no {name} (any more): what is over long ago is pruned.", name=name.upper()
            )
            return self._said(404, worded("Not here"), words)
        may_answer = self._answers is not None and self._answers.may_answer(reader)
        return _html(200, await asyncio.to_thread(story_page, story, basis, may_answer=may_answer))

    async def _found(self, sought: str) -> HookAnswer:
        policy = self._policy()
        async with self._reading() as tx:
            found = await find_incidents(tx, sought, helpdesks=policy.helpdesks)
        if len(found) == 1:
            return _sent_on(found[0].name)
        return _html(200, found_page(sought, found, policy, now=self._clock()))

    def _by_link(self, token: str, scope: Scope) -> HookAnswer:
        if self._readers.link(token) is None:
            words = worded(
                "The link may have been cut off, be too old, or not count any more. Ask for a new one."
            )
            return self._said(401, worded("This link does not open the board"), words)
        return _remembered(token, scope)

    async def _by_secret(self, scope: Scope, receive: Receive) -> HookAnswer:
        form = await self._form(scope, receive)
        if form is None:
            return _too_busy()
        token = self._readers.token_for(form.get("secret", ""))
        return self._sign_in(was_wrong=True) if token is None else _remembered(token, scope)

    async def _form(self, scope: Scope, receive: Receive) -> Mapping[str, str] | None:
        """What a form says; None where it is too large, or we hold too much."""
        try:
            body = await self._bodies.read(scope, receive, connection="board")
        except (TooLarge, TooMuch):
            return None
        try:
            given = parse_qs(body.decode("latin-1"), max_num_fields=8, encoding="utf-8", errors="replace")
        except ValueError:
            given = {}
        finally:
            self._bodies.release(body)
        return {key: values[0] for key, values in given.items()}

    def _sign_in(self, *, was_wrong: bool) -> HookAnswer:
        page = sign_in_page(has_secret=self._readers.has_secret, was_wrong=was_wrong, now=self._clock())
        return _html(401, page)

    async def _stamp(self) -> str:
        async with self._reading() as tx:
            return await change_stamp(tx)

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.transaction()


def _asked(scope: Scope, name: str) -> str:
    """What the address asks by this name; "" for nothing, and for what is no question."""
    query: bytes = scope.get("query_string", b"")
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=5).get(name, [""])[0].strip()
    except ValueError:
        return ""


def _html(status: int, page: str, *, headers: Headers = _HEADERS) -> HookAnswer:
    return HookAnswer(status, page.encode("utf-8", "replace"), headers=headers, content_type=_HTML)


def _too_busy() -> HookAnswer:
    return busy(f"{worded('We have our hands full; please try again.')}\n".encode())


def _sent_on(where: str) -> HookAnswer:
    return HookAnswer(303, headers=(*_HEADERS, (b"location", where.encode())))


def _remembered(token: str, scope: Scope) -> HookAnswer:
    """Without a path the cookie is for what is beside /enter, wherever a proxy has put the board."""
    is_https = any(
        key == b"x-forwarded-proto" and value.strip() == b"https" for key, value in scope["headers"]
    )
    cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Lax; Max-Age=31536000{'; Secure' if is_https else ''}"
    return HookAnswer(303, headers=(*_HEADERS, (b"location", b"./"), (b"set-cookie", cookie.encode())))


def _head(answer: HookAnswer) -> HookAnswer:
    return HookAnswer(answer.status, headers=answer.headers)


def _seconds() -> float:
    return asyncio.get_running_loop().time()
