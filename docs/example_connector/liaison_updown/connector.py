"""Up or down, by a word in a file, as an `ImpactProbe`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import ClassVar, overload

from incidents.errors import NotFound
from incidents.models import ProbeResult
from incidents.ports import ImpactProbe
from liaison_updown.settings import UpDownSettings

_WORDS = {"up": True, "down": False}


class UpDown(ImpactProbe):
    """One folder. `name` is the connection's, such as `updown/shop`."""

    vendor: ClassVar[str] = "updown"

    def __init__(self, name: str, settings: UpDownSettings) -> None:
        self.name = name
        self._folder = settings.folder

    @overload
    async def check(self) -> str: ...

    @overload
    async def check(self, service: str, *, now: datetime) -> ProbeResult: ...

    async def check(self, service: str | None = None, *, now: datetime | None = None) -> str | ProbeResult:
        """With a service, a look at it; without, what `liaison check` says. A look that fails proves nothing."""
        if service is None or now is None:
            return await self._describe()
        word = await asyncio.to_thread(_word, self._folder / f"{service}.txt")
        is_healthy = _WORDS.get(word)
        summary = (
            f"{service} is {word}" if is_healthy is not None else f"nothing says whether {service} is up"
        )
        return ProbeResult(probe=self.name, is_healthy=is_healthy, summary=summary, at=now)

    async def aclose(self) -> None:
        """Nothing is open between two looks."""

    async def _describe(self) -> str:
        if not await asyncio.to_thread(self._folder.is_dir):
            raise NotFound(f"{self.name}: there is no folder {self._folder}; correct the block's folder")
        return f"reads {self._folder}"


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()[:10]
    except (OSError, ValueError):  # not there, no text, or no name a file can have
        return ""
