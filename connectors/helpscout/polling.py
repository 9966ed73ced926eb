"""What changed since a time: the list of conversations, whose default is the active ones alone.

Pages are numbered, 25 conversations each, and lists move while they are read. So the newest come first: what changes
meanwhile goes to the front, where the next poll finds it, and shifts the others backwards, where they are seen twice.
Only what leaves the list shifts them forwards, past our reading; the list is then shorter, and is read again.
https://developer.helpscout.com/mailbox-api/endpoints/conversations/list/ and `.../overview/pagination/`
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.helpscout.api import HelpScoutApi, ListPage
from connectors.helpscout.conversation.threads import id_from
from connectors.helpscout.settings import HelpScoutSettings
from incidents.errors import NotFound, Unreachable, Unrecognised

OVERLAP = timedelta(seconds=2)
"""Times are whole seconds, and nothing says whether "since" includes the second."""
MOST_READINGS = 3
_PATH, _NAME = "v2/conversations", "conversations"


async def changed_since(
    api: HelpScoutApi, settings: HelpScoutSettings, since: datetime
) -> AsyncIterator[dict[str, Any]]:
    """Conversations with what was written on them, in no certain order, perhaps one of them twice; a few from shortly
    before. Raises `Unreachable` rather than leave one out."""
    asked = {
        "status": "all",
        "sortField": "modifiedAt",
        "sortOrder": "desc",
        # With a fraction of a second it is refused.
        "modifiedSince": (since - OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if settings.inbox_ids:
        asked["mailbox"] = ",".join(str(one) for one in settings.inbox_ids)
    for _ in range(MOST_READINGS):
        total, is_whole = 0, True
        async for page in _pages(api, asked):
            is_whole = is_whole and page.total >= total
            total = page.total
            for row in page.rows:
                yield row
        if is_whole:
            return
    raise Unreachable("helpscout: the list of conversations grew shorter whenever it was read")


async def _pages(api: HelpScoutApi, asked: dict[str, str]) -> AsyncIterator[ListPage]:
    """With all that was written, in one call a page; where that is too much for one, conversation by conversation."""
    number = 0
    try:
        async for page in api.listed(_PATH, _NAME, {**asked, "embed": "threads"}):
            number = page.number
            yield page
    except Unreachable:
        async for page in api.listed(_PATH, _NAME, asked):
            if page.number > number:
                yield ListPage([one async for one in _wholes(api, page)], page.number, page.pages, page.total)


async def _wholes(api: HelpScoutApi, page: ListPage) -> AsyncIterator[dict[str, Any]]:
    for row in page.rows:
        own_id = id_from(row.get("id"))
        if own_id is None:
            raise Unrecognised("helpscout: a conversation without an id")
        try:
            yield await api.whole(own_id)
        except NotFound:
            continue
