"""Problems that somebody has: acknowledged with a mark of ours, and only what carries it is taken back.

Sticky, as otherwise it is lost when the service only gets worse or better; without an end, as Icinga drops it when all
is well. Nobody is notified: they were paged. `remove-acknowledgement` takes anybody's, so the mark is looked for first.
https://icinga.com/docs/icinga-2/latest/doc/12-icinga2-api/#acknowledge-problem
"""

from __future__ import annotations

import hashlib

from connectors.icinga2.api import IcingaApi
from incidents.errors import NotAllowed, Refused
from incidents.models import InternalText
from incidents.texts.plain_text import cut, one_line

_WORDS = 200  # characters
_AUTHOR = "Liaison"
_MARK = "[liaison-taken:"


class TakenProblems:
    """What an incident's engineers have."""

    def __init__(self, api: IcingaApi) -> None:
        self._api = api

    async def acknowledge(self, key: str, text: InternalText, *, once: str) -> None:
        """As `AlertAcknowledger.acknowledge_alert` says."""
        if not await self._is_open(key):
            return
        mark = f"{_MARK}{hashlib.sha256(once.encode()).hexdigest()[:16]}]"
        how = {
            "author": _AUTHOR,
            "comment": f"{cut(one_line(text), _WORDS)} {mark}",
            "sticky": True,
            "notify": False,
        }
        try:
            await self._api.act("acknowledge-problem", [key], how)
        except NotAllowed:
            raise
        except Refused:
            # Somebody was quicker, or it is well again: 409 to us, and what was wanted.
            if await self._is_open(key):
                raise

    async def unacknowledge(self, key: str) -> None:
        """As `AlertAcknowledger.unacknowledge_alert` says."""
        if any(mark.object == key for mark in await self._api.marks("comments", _MARK)):
            await self._api.act("remove-acknowledgement", [key], {})

    async def _is_open(self, key: str) -> bool:
        return any(one.is_problem and not one.is_acknowledged for one in await self._api.objects([key]))
