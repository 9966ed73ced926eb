"""Roundup as an issue tracker.

It honours no idempotency key, but each message has a Message-ID that we may choose: `once` stands there, out of
readers' sight, and is looked up among what our own user made. A change needs the ETag of what it changes; two of one
moment may both be answered 200 all the same, so what the tracker holds afterwards decides. An issue that was retired is
still answered by its number, as if it were there: only lists leave it out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.kit.answers import VendorAnswer
from connectors.kit.auth.ways import BasicLogin
from connectors.kit.fields import any_text, record, records
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber, pages
from connectors.kit.read_back import read_back
from connectors.roundup.mapping import (
    inert,
    issue_from,
    key_from,
    message_ids,
    note_id,
    opening_id,
    title_line,
)
from connectors.roundup.settings import RoundupSettings
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker

PAGE = 100
MOST_PAGES = 1_000
MOST_TRIES = 5
OVERLAP = timedelta(seconds=2)
FIELDS = "title,status,status.name,activity,creator,messages"
Change = Callable[[Mapping[str, Any]], dict[str, Any] | None]
"""What to change, by the issue as it is now; None for nothing."""


class Roundup(IssueTracker):
    """One tracker. `name` is the connection's (`roundup/engineering`); keys are numbers of issues."""

    vendor: ClassVar[str] = "roundup"
    index_lag = 0.0

    def __init__(
        self, name: str, settings: RoundupSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._pace = Pace(settings.requests_per_minute, 60)
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.address,
            # Roundup takes no change without these two: a browser could be made to send the rest.
            headers={"X-Requested-With": "rest", "Origin": settings.origin, "Accept": "application/json"},
            auth=BasicLogin(settings.user, settings.password),
            transport=transport,
            explain=_explain,
        )

    async def check(self) -> str:
        """Who we are. Raises `Refused` for a setting that names what the tracker has not."""
        await self._own_id()
        known = {word.casefold() for word in await self._words("status")}
        unknown = [one for one in self._settings.closed_statuses if one.strip().casefold() not in known]
        if unknown:
            raise Refused(f"roundup: no status {unknown[0]!r}; correct closed_statuses")
        wanted = self._settings.priority
        if wanted and wanted not in await self._words("priority"):
            raise Refused(f"roundup: no priority {wanted!r}; correct priority")
        # What each look-up asks for; 400 in a tracker whose schema has it not.
        await self._list("issue", {"id": "1", "@fields": FIELDS})
        await self._find(note_id("check"), "0")
        return f"{self._settings.user} at {self._settings.address}; comments are read by all who may see the issue"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def open_issue(self, title: str, text: InternalText, *, once: str) -> str:
        own_id = await self._own_id()
        message, key = await self._opened(once, own_id)
        if key is not None:
            return key
        if message is None:
            message = await self._write(text, opening_id(once), own_id)
        issue = {"title": title_line(title), "messages": [message]}
        if self._settings.priority:
            issue["priority"] = self._settings.priority
        made = await self._call("POST", "issue", issue)
        opened = key_from(made.get("id"))
        if opened is None:
            raise Unknown("roundup POST issue: the answer names no issue")
        await read_back(
            lambda: self._issue(opened),
            lambda seen: message in message_ids(seen),
            what=f"roundup: issue {opened}",
            cure="its first message should be ours",
        )
        return opened

    async def find_issue(self, once: str) -> str | None:
        _, key = await self._opened(once, await self._own_id())
        return key

    async def read(self, key: str) -> Issue:
        return self._as_issue(await self._issue(key))

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """Read from the newest change back: Roundup takes a time in the user's own zone, and answers in UTC."""
        found: dict[str, Issue] = {}
        # What changes while we read goes to the front, where we have been: we look there again until nothing is new.
        while await self._read_back_to(since - OVERLAP, found):
            pass
        for issue in sorted(found.values(), key=lambda one: (one.updated_at, int(one.key))):
            yield issue

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        own_id = await self._own_id()
        issue = await self._issue(key)
        written = await self._find(note_id(once), own_id)
        if any(one in message_ids(issue) for one in written):
            return
        # One that was written, and whose way to the issue was lost, is not written again.
        message = written[0] if written else await self._write(text, note_id(once), own_id)
        await self._attach(key, message)

    async def was_done(self, key: str, once: str) -> bool:
        messages = message_ids(await self._issue(key))
        return any(one in messages for one in await self._find(note_id(once), await self._own_id()))

    async def transition(self, key: str, status: str, *, once: str) -> None:
        issue = await self._issue(key)
        if any_text(issue.get("status.name")).casefold() == status.strip().casefold():
            return
        words = await self._words("status")
        wanted = next(
            (key for word, key in words.items() if word.casefold() == status.strip().casefold()), None
        )
        if wanted is None:
            raise Refused(
                f"roundup: issue {key} cannot go to {status!r}; the tracker knows: {', '.join(words) or 'none'}"
            )
        await self._change(key, lambda _: {"status": wanted})
        await read_back(
            lambda: self._issue(key),
            lambda seen: seen.get("status") == wanted,
            what=f"roundup: issue {key} to {status!r}",
            cure="a detector of the tracker, or somebody of the same moment, had it otherwise",
        )

    async def _attach(self, key: str, message: str) -> None:
        """Put a message of ours below the issue, and leave its status: to a message alone, Roundup says `chatting`."""

        def change(seen: Mapping[str, Any]) -> dict[str, Any] | None:
            known = message_ids(seen)
            if message in known:
                return None
            status = key_from(seen.get("status"))
            return {"messages": [*known, message], **({"status": status} if status else {})}

        await self._change(key, change)
        await read_back(
            lambda: self._issue(key),
            lambda seen: message in message_ids(seen),
            what=f"roundup: comment on issue {key}",
            cure="look at the tracker's detectors and at what our role may edit",
        )

    async def _change(self, key: str, change: Change) -> None:
        """Change an issue as it is now; anew, where somebody changed it in between."""
        for _ in range(MOST_TRIES):
            answer = await self._read(f"issue/{key}", {"@verbose": "0"})
            wanted = change(record(answer.get("attributes")))
            if wanted is None:
                return
            etag = any_text(answer.get("@etag"))
            try:
                # In the content, not in the header: a proxy that compresses changes ETags in headers.
                await self._call("PATCH", f"issue/{key}", {**wanted, "@etag": etag, "@op": "replace"})
            except _ChangedMeanwhile:
                continue
            return
        raise Unreachable(f"roundup: issue {key} was changed by others {MOST_TRIES} times while we tried")

    async def _opened(self, once: str, own_id: str) -> tuple[str | None, str | None]:
        """The message with which we opened an issue, and the issue; both None before."""
        written = await self._find(opening_id(once), own_id)
        for message in written:
            for issue in await self._list(
                "issue", {"messages": message, "@fields": "creator", "@sort": "id"}
            ):
                key = key_from(issue.get("id"))
                if key is not None and any_text(issue.get("creator")) == own_id:
                    return message, key
        return (written[0] if written else None), None

    async def _find(self, message_id: str, own_id: str) -> list[str]:
        """The messages with this Message-ID that our user made; anybody may write any Message-ID."""
        asked = {"messageid:": message_id, "@fields": "messageid,creator", "@sort": "id"}
        found = await self._list("msg", asked)
        return [
            key
            for one in found
            if (key := key_from(one.get("id"))) is not None
            and one.get("messageid") == message_id
            and any_text(one.get("creator")) == own_id
        ]

    async def _write(self, text: InternalText, message_id: str, own_id: str) -> str:
        """A message that is nowhere yet. Without its author no issue takes it."""
        message = {"content": inert(text), "author": own_id, "messageid": message_id, "date": "."}
        key = key_from((await self._call("POST", "msg", message)).get("id"))
        if key is None:
            raise Unknown("roundup POST msg: the answer names no message")
        return key

    async def _read_back_to(self, start: datetime, found: dict[str, Issue]) -> bool:
        """Read from the newest change back to `start`, or to where an earlier look began; whether it was new."""
        seen_to = max((issue.updated_at for issue in found.values()), default=start) - OVERLAP
        is_new = False
        async for page in self._pages("issue", {"@fields": FIELDS, "@sort": "-activity,-id"}):
            for issue in map(self._as_issue, page):
                if issue.updated_at < max(start, seen_to):
                    return is_new
                is_new = is_new or found.get(issue.key) != issue
                found[issue.key] = issue
        return is_new

    def _as_issue(self, data: Mapping[str, Any]) -> Issue:
        return issue_from(data, self._settings.address, self._settings.closed_statuses)

    async def _issue(self, key: str) -> dict[str, Any]:
        """By the list, since by its number a retired issue is answered as if it were there."""
        if key_from(key) is None:
            raise NotFound("roundup: not the number of an issue")
        found = await self._list("issue", {"id": key, "@fields": FIELDS})
        mine = next((one for one in found if key_from(one.get("id")) == key), None)
        if mine is None:
            raise NotFound(f"roundup: issue {key} is no more, or we may not see it")
        return mine

    async def _own_id(self) -> str:
        """Our user's number. Raises `NotAllowed` where our role does not even show us ourselves."""
        found = await self._list("user", {"username:": self._settings.user, "@fields": "username"})
        if not found:
            raise NotAllowed(f"roundup: our role may not see the user name {self._settings.user!r}, its own")
        own_id = key_from(found[0].get("id"))
        if own_id is None:
            raise Unreachable("roundup GET user: the answer names nobody")
        return own_id

    async def _words(self, of: str) -> dict[str, str]:
        """The tracker's words for a status or a priority, each with its number."""
        found = await self._list(of, {"@fields": "name"})
        return {
            any_text(one.get("name")): key for one in found if (key := key_from(one.get("id"))) is not None
        }

    async def _list(self, of: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        return [one async for page in self._pages(of, asked) for one in page]

    async def _pages(self, of: str, asked: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        by: ByNumber[dict[str, Any]] = ByNumber(
            has_more=lambda data: "next" in record(data.get("@links")), param="@page_index"
        )
        params = {**asked, "@verbose": "0", "@page_size": str(PAGE)}
        async for data in pages(self._read, of, params, by=by, most=MOST_PAGES):
            yield records(data.get("collection"))

    async def _read(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        await self._pace.wait()
        answer = await self._http.call("GET", f"/rest/data/{path}", params=params)
        data = record(answer.data).get("data")
        if not isinstance(data, dict):
            raise Unreachable(f"roundup GET {path}: the answer holds no data")
        return data

    async def _call(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        await self._pace.wait()
        answer = await self._http.call(method, f"/rest/data/{path}", json=body)
        return record(record(answer.data).get("data"))


class _ChangedMeanwhile(Refused):
    """412: what we read is not what is there any more; nothing was done."""


def _explain(answer: VendorAnswer, what: str) -> None:
    told = any_text(record(record(answer.data).get("error")).get("msg"))
    if told in ("Required Header Missing", "Client is not allowed to use Rest Interface."):
        raise Refused(
            f"{what}: Roundup takes us for a foreign page; base_url must be what its config.ini calls web"
        )
    if answer.status == 412:
        raise _ChangedMeanwhile(f"{what}: changed by somebody else meanwhile")
    if answer.status == 405:
        raise Refused(f"{what}: HTTP 405: a detector of the tracker refuses it")
