"""GET /incidents/INC-7/story, /incidents/now: sent on to the page in the Prefect UI, wherever it is now.

Prefect's pages have a login of their own, so this has none. It tells a stranger where the UI is, if the policy does,
and, by where it leads, which numbers incidents have; nothing of what they are. Nothing may come of it that keeps
webhooks waiting: what cannot be looked up at once leads to the list of the page's versions, a click away.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from prefect.client.orchestration import PrefectClient

from deployments.gateway.answers import HookAnswer
from deployments.gateway.notices import Notices, error_words
from incidents.links.story_links import NOW, PATH, STORY
from incidents.policy.policy import Policy
from incidents.store.database import Database
from incidents.store.instance import instance_id
from tasks.artifacts import look_up_pages
from tasks.pages.addresses import page_address

__all__ = ["PATH", "StoryLinks"]

AT_ONCE = 3
LOOK_SECONDS = 3.0
_STORY = re.compile(rf"(INC-[0-9]{{1,18}})/{STORY}", re.IGNORECASE)

NO_SUCH_PAGE = HookAnswer(404, b"there is no such page; stories are /incidents/INC-7/story\n")
NOWHERE = HookAnswer(404, b"the policy does not say where the Prefect UI is: links.prefect_ui\n")
ONLY_GET = HookAnswer(405, b"stories are only read\n", headers=((b"allow", b"GET, HEAD"),))


class StoryLinks:
    """Looks the page up in Prefect at each click. `policy` is asked for at each, too."""

    def __init__(
        self,
        database: Database,
        client: PrefectClient,
        notices: Notices,
        *,
        policy: Callable[[], Policy],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._database = database
        self._client = client
        self._notices = notices
        self._policy = policy
        self._look_seconds = look_seconds
        self._looks = 0

    async def answer(self, path: str, *, method: str) -> HookAnswer:
        """`path` is what follows /incidents/."""
        if method not in ("GET", "HEAD"):
            return ONLY_GET
        asked = _STORY.fullmatch(path)
        if asked is None and path != NOW:
            return NO_SUCH_PAGE
        prefect_ui = self._policy().links.prefect_ui
        if prefect_ui is None:
            return NOWHERE
        key = asked[1].lower() if asked is not None else NOW
        where = f"{prefect_ui.rstrip('/')}{await self._address(key)}"
        headers = (
            (b"location", where.encode()),
            (b"cache-control", b"private, no-store"),
            (b"referrer-policy", b"no-referrer"),
        )
        return HookAnswer(302, headers=headers)

    async def _address(self, key: str) -> str:
        if self._looks >= AT_ONCE:
            return page_address(key, {})
        self._looks += 1
        try:
            async with asyncio.timeout(self._look_seconds):
                async with self._database.transaction() as tx:
                    installation = await instance_id(tx)
                return page_address(key, await look_up_pages(self._client, [key], installation))
        except Exception as error:  # noqa: BLE001 - whatever store or Prefect do, the list of versions is there
            self._notices.warn("a story was not looked up: %s", error_words(error), subject="stories")
            return page_address(key, {})
        finally:
            self._looks -= 1
