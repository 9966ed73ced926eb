"""GET /reports/{token}/{name}: the files of reports, for people who follow a link from the Prefect UI.

The token is all that guards them. Nothing may come of it that keeps webhooks waiting: only a few are read at once.
"""

from __future__ import annotations

import asyncio

from deployments.gateway.answers import HookAnswer, busy
from incidents.report_file import PNG, ReportFile
from incidents.store.database import Database
from incidents.store.reports import can_be_file, read_report_file

PATH = "/reports/"
AT_ONCE = 2
ANSWER_SECONDS = 5.0

NO_SUCH_FILE = HookAnswer(404, b"there is no such file\n")
ONLY_GET = HookAnswer(405, b"reports are only read\n", headers=((b"allow", b"GET, HEAD"),))
TOO_BUSY = busy(b"we have our hands full; please try again\n")


class Reports:
    """Reads report files from the store; what takes longer than `answer_seconds` is answered 503."""

    def __init__(self, database: Database, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._database = database
        self._answer_seconds = answer_seconds
        self._free = asyncio.Semaphore(AT_ONCE)

    async def answer(self, path: str, *, method: str) -> HookAnswer:
        """`path` is what follows /reports/. A wrong token and a wrong name look the same."""
        if method not in ("GET", "HEAD"):
            return ONLY_GET
        token, _, name = path.partition("/")
        if not can_be_file(token, name):
            return NO_SUCH_FILE
        try:
            async with asyncio.timeout(self._answer_seconds), self._free, self._database.transaction() as tx:
                file = await read_report_file(tx, token, name)
        except TimeoutError:
            return TOO_BUSY
        return NO_SUCH_FILE if file is None else _served(file)


def _served(file: ReportFile) -> HookAnswer:
    """Pictures are shown, all else is saved; a report made again must not be hidden by the old one in a cache."""
    shown = b"inline" if file.media_type == PNG else b"attachment"
    headers = (
        (b"content-disposition", shown + b'; filename="' + file.name.encode() + b'"'),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"private, no-cache"),
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"referrer-policy", b"no-referrer"),
    )
    return HookAnswer(200, file.content, headers=headers, content_type=file.media_type)
