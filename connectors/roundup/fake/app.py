"""A small Roundup 2.6.0: as much of its REST API as the connector speaks.

    fake = FakeRoundup(clock=clock)
    connector = Roundup("roundup/engineering", settings, transport=InProcessTransport(fake.app))

What it does and does not stands in README.md; the real Roundup is asked the same in tests/real/test_roundup.py.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.roundup.fake.tracker import PRIORITIES, STATUSES, FakeItems, Item, etag, stamp

USER, OWN_ID, PASSWORD = "liaison", "3", "fake-roundup-password"
ORIGIN = "https://bugs.acme.test"
Answer = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeRoundup:
    """One tracker of the classic template at `ORIGIN`, and our user in it."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.tracker = FakeItems(clock)
        self.faults = Faults()
        known: list[tuple[str, Answer, str]] = [
            ("/rest/data/{of}", self._collection, "GET"),
            ("/rest/data/issue/{id}", self._element, "GET"),
            ("/rest/data/issue/{id}", self._change, "PATCH"),
            ("/rest/data/issue", self._open, "POST"),
            ("/rest/data/msg", self._write, "POST"),
        ]
        routes = [Route(path, _guarded(answer), methods=[method]) for path, answer, method in known]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    async def _collection(self, request: Request) -> Response:
        of, asked = request.path_params["of"], request.query_params
        if of not in ("issue", "msg", "user", "status", "priority"):
            return _error(404, f"Class {of} not found")
        found = self._items(of)
        for name, value in asked.items():
            if name.startswith("@"):
                continue
            plain = name.removesuffix(":")
            if plain not in ("id", "messages", "messageid", "username", "creator"):
                return _error(400, f"Field {plain} is not valid for {of} class.")
            found = [one for one in found if _has(one.get(plain), value)]
        for name in reversed(asked.get("@sort", "id").split(",")):
            found.sort(key=_by(name.lstrip("-")), reverse=name.startswith("-"))
        size, index = int(asked.get("@page_size", "100000")), int(asked.get("@page_index", "1"))
        rest = found[(index - 1) * size :]
        links = {"next": [{"rel": "next"}]} if len(rest) > size else {}
        fields = [name for name in asked.get("@fields", "").split(",") if name]
        page = [{"id": one["id"]} | {name: _field(one, name) for name in fields} for one in rest[:size]]
        return _data({"collection": page, "@links": links, "@total_size": len(found)})

    def _items(self, of: str) -> list[Item]:
        names = {"user": self.tracker.people, "status": STATUSES, "priority": PRIORITIES}
        if of in names:
            return [{"id": number, "name": name, "username": name} for number, name in names[of].items()]
        items = self.tracker.issues if of == "issue" else self.tracker.messages
        return [one for one in items.values() if not one["is_retired"]]

    async def _element(self, request: Request) -> Response:
        """A retired one, too, and nothing says so."""
        issue = self.tracker.issues.get(request.path_params["id"])
        if issue is None:
            return _error(404, "no such issue")
        attributes = {name: issue[name] for name in ("title", "messages", "status", "priority")}
        return _data({"id": issue["id"], "attributes": attributes, "@etag": etag(issue)})

    async def _change(self, request: Request) -> Response:
        while self.tracker.before_change:
            self.tracker.before_change.pop()()
        issue, wanted = self.tracker.issues.get(request.path_params["id"]), await request.json()
        if issue is None:
            return _error(404, "no such issue")
        if etag(issue) not in (wanted.pop("@etag", None), request.headers.get("if-match")):
            return _error(412, "If-Match is missing or does not match.")
        if issue["is_retired"]:
            return _error(409, "issue is retired")
        values = {name: value for name, value in wanted.items() if not name.startswith("@")}
        if wanted.get("@op") == "add":
            # Lists grow, and texts are joined: also those that are an item's number.
            values = {name: issue[name] + value for name, value in values.items()}
        if values.get("status", "1") not in STATUSES:
            return _error(409, "status has no such node")
        if not self.tracker.is_deaf:
            self.tracker.change(issue["id"], **values)
        return _data({"id": issue["id"], "attribute": values})

    async def _open(self, request: Request) -> Response:
        wanted = await request.json()
        messages, priority = wanted.get("messages", []), wanted.get("priority")
        if any(
            one not in self.tracker.messages or not self.tracker.messages[one]["author"] for one in messages
        ):
            return _error(409, "no such msg")
        if priority is not None and priority not in PRIORITIES.values():
            return _error(400, f"property priority: {priority!r} is not a priority.")
        return _data({"id": self.tracker.issue(OWN_ID, wanted["title"], messages, priority)}, 201)

    async def _write(self, request: Request) -> Response:
        wanted = await request.json()
        made = self.tracker.message(
            OWN_ID, wanted["content"], author=wanted.get("author"), messageid=wanted.get("messageid", "")
        )
        return _data({"id": made}, 201)


def _guarded(answer: Answer) -> Answer:
    """Who may not log in gets a text, not JSON; a change needs two headers that no foreign page can send."""
    expected = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"

    async def guarded(request: Request) -> Response:
        if request.headers.get("authorization") != expected:
            return PlainTextResponse("Invalid Login - Invalid login", status_code=401)
        origin = request.headers.get("origin")
        if origin not in (None, ORIGIN):
            return _error(400, "Client is not allowed to use Rest Interface.")
        if request.method != "GET" and (origin is None or "x-requested-with" not in request.headers):
            return _error(400, "Required Header Missing")
        return await answer(request)

    return guarded


def _has(value: Any, wanted: str) -> bool:
    return wanted in value if isinstance(value, list) else value == wanted


def _by(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda one: int(one["id"]) if name == "id" else one[name]


def _field(item: Item, name: str) -> Any:
    if name == "status.name":
        return STATUSES[item["status"]]
    value = item.get(name)
    return stamp(value) if isinstance(value, datetime) else value


def _data(data: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse({"data": data}, status_code=status)


def _error(status: int, msg: str) -> Response:
    return JSONResponse({"error": {"status": status, "msg": msg}}, status_code=status)
