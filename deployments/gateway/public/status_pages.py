"""GET /status/{name}/{file}: the files of status pages, for anybody.

A page that says why nothing works is looked at by many at once: a file is read once a second at most, however many ask,
and never from the store.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from deployments.gateway.answers import HookAnswer, busy
from incidents.errors import LiaisonError
from incidents.status_page import PublicFiles

PATH = "/status/"
FRESH_SECONDS = 1.0
_NAME = re.compile(r"[a-z0-9-]{1,200}")
_FILE = re.compile(r"[a-z0-9.]{0,40}")

NO_SUCH_PAGE = HookAnswer(404, b"there is no such status page\n")
ONLY_GET = HookAnswer(405, b"a status page is only read\n", headers=((b"allow", b"GET, HEAD"),))
NOT_WRITTEN = busy(b"the status page is not written yet; please try again\n")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"public, max-age=15"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


@dataclass(frozen=True, slots=True)
class _Read:
    source: PublicFiles
    at: float
    answer: HookAnswer


class StatusPages:
    """`find` gives the page that is saved under a name and served by us."""

    def __init__(self, find: Callable[[str], PublicFiles | None]) -> None:
        self._find = find
        self._read: dict[tuple[str, str], _Read] = {}
        self._reading = asyncio.Lock()

    async def answer(self, path: str, *, method: str) -> HookAnswer:
        """`path` is what follows /status/. A page that is not served and one that never was look the same."""
        if method not in ("GET", "HEAD"):
            return ONLY_GET
        name, slash, file = path.partition("/")
        if not _NAME.fullmatch(name) or not _FILE.fullmatch(file):
            return NO_SUCH_PAGE
        page = self._find(name)
        if page is None:
            return NO_SUCH_PAGE
        if not slash:
            # Relative, as the proxy before us may have the page elsewhere; what the page links to is below it.
            return HookAnswer(301, headers=((b"location", f"{name}/".encode()),))
        return self._known(page, name, file) or await self._look(page, name, file)

    def _known(self, page: PublicFiles, name: str, file: str) -> HookAnswer | None:
        known = self._read.get((name, file))
        is_fresh = known is not None and known.source is page and _now() - known.at < FRESH_SECONDS
        return known.answer if known is not None and is_fresh else None

    async def _look(self, page: PublicFiles, name: str, file: str) -> HookAnswer:
        async with self._reading:
            known = self._known(page, name, file)
            if known is not None:
                return known
            try:
                found = await page.public_file(file)
                first = found if not file else await page.public_file("")
            except LiaisonError:
                return NOT_WRITTEN
            if found is None:
                # No name of a stranger's is kept: there are as many as he likes.
                return NO_SUCH_PAGE if first is not None else NOT_WRITTEN
            answer = HookAnswer(200, found.content, headers=HEADERS, content_type=found.media_type)
            self._read[name, file] = _Read(page, _now(), answer)
            return answer


def _now() -> float:
    return asyncio.get_running_loop().time()
