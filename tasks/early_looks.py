"""Looks at a service that are under way before the run that wants them has begun.

Prefect takes a tenth of a second and more to make a run, and a probe that looks twice pauses between: the one need not
wait for the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from incidents.models import ProbeResult

FRESH = 2.0
"""Seconds after its beginning until which a look says how things are now."""
AT_ONCE = 16
"""In a storm the runs wait for their turn longer than a look stays fresh: more would be in vain."""


@dataclass(frozen=True, slots=True)
class _Begun:
    at: float
    looks: asyncio.Task[Sequence[ProbeResult]]


class EarlyLooks:
    """Those of one event loop, by service. Each is taken once."""

    def __init__(self) -> None:
        self._begun: dict[str, _Begun] = {}

    def begin(self, service: str, look: Callable[[], Coroutine[Any, Any, Sequence[ProbeResult]]]) -> None:
        """Look in the background, unless somebody does already or many do."""
        self._drop_stale()
        if service in self._begun or len(self._begun) >= AT_ONCE:
            return
        self._begun[service] = _Begun(self._now(), asyncio.create_task(look()))

    def take(self, service: str) -> Awaitable[Sequence[ProbeResult]] | None:
        """The look that is under way or just over; None where it would have to begin now."""
        self._drop_stale()
        found = self._begun.pop(service, None)
        return None if found is None else found.looks

    async def aclose(self) -> None:
        """End those that nobody took."""
        begun, self._begun = self._begun, {}
        for one in begun.values():
            one.looks.cancel()
        await asyncio.gather(*(one.looks for one in begun.values()), return_exceptions=True)

    def _drop_stale(self) -> None:
        oldest = self._now() - FRESH
        for service in [name for name, begun in self._begun.items() if begun.at <= oldest]:
            self._begun.pop(service).looks.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
