"""Reading requests' bodies under a limit for each, and one for all that are held at a time.

Who sends his body slowly holds memory that others need. So the unfinished bodies of one sender hold no more than half
of it, those for one connection no more than a quarter, and where no place is left one is made: the body that has been
open longest is let go, and its sender asked to come again. A webhook arrives whole within milliseconds; who holds his
open is always the older one.

How long a body may take is `deployments.gateway.deadlines`' business.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from starlette.types import Receive, Scope

MAX_BODY_BYTES = 1024 * 1024
MAX_HELD_BYTES = 64 * 1024 * 1024
# What a request costs besides its body, so that many empty ones count too.
OVERHEAD_BYTES = 4096


class TooLarge(Exception):
    """The body is over the limit; the rest of it was not read."""


class TooMuch(Exception):
    """More is held than we are willing to hold, and this body has waited longest for its end."""


class Gone(Exception):
    """The sender hung up, or was hung up on, before the body was complete: there is nobody to answer."""


@dataclass(eq=False, slots=True)
class _Unfinished:
    """A body of which more is to come. `budgets` are the shares it counts against, and their bytes."""

    budgets: dict[str, int]
    patience: asyncio.Timeout
    body: bytearray = field(default_factory=bytearray)
    held: int = 0
    is_let_go: bool = False


class Bodies:
    """Reads bodies; each counts as held until it is given back."""

    def __init__(self, *, max_body: int = MAX_BODY_BYTES, max_held: int = MAX_HELD_BYTES) -> None:
        self._max_body = max_body
        self._max_held = max_held
        self._unfinished: dict[_Unfinished, None] = {}  # in the order in which they began
        self._held_by: Counter[str] = Counter()
        self.held = 0

    async def read(self, scope: Scope, receive: Receive, *, connection: str) -> bytes:
        """The raw bytes, never decoded or inflated: the signature is over them as they came.

        Give them back with `release`. Raises `TooLarge`, `TooMuch` or `Gone`, which hold nothing.
        """
        if _declared_length(scope) > self._max_body:
            raise TooLarge
        try:
            async with asyncio.timeout(None) as patience:
                budgets = {
                    f"for {connection}": self._max_held // 4,
                    f"from {_address(scope)}": self._max_held // 2,
                }
                unfinished = _Unfinished(budgets, patience)
                self._unfinished[unfinished] = None
                try:
                    await self._read(unfinished, receive)
                except BaseException:
                    self._forget(unfinished)
                    raise
                return self._finish(unfinished)
        except TimeoutError:
            raise TooMuch from None

    def release(self, body: bytes | bytearray) -> None:
        """Give back what `read` held for this body; once for each."""
        self.held -= len(body) + OVERHEAD_BYTES

    async def _read(self, unfinished: _Unfinished, receive: Receive) -> None:
        self._hold(unfinished, OVERHEAD_BYTES)
        more = True
        while more:
            message = await receive()
            if unfinished.is_let_go:
                raise TooMuch
            if message["type"] == "http.disconnect":
                raise Gone
            chunk: bytes = message.get("body", b"")
            if len(unfinished.body) + len(chunk) > self._max_body:
                raise TooLarge
            self._hold(unfinished, len(chunk))
            unfinished.body += chunk
            more = message.get("more_body", False)

    def _hold(self, unfinished: _Unfinished, size: int) -> None:
        for budget, most in unfinished.budgets.items():
            while self._held_by[budget] + size > most:
                self._let_go_oldest(unfinished, of=budget)
        while self.held + size > self._max_held:
            self._let_go_oldest(unfinished)
        unfinished.held += size
        self._count(unfinished, size)

    def _let_go_oldest(self, asking: _Unfinished, *, of: str | None = None) -> None:
        """Raises `TooMuch` if that is the one who asks for more."""
        oldest = next(one for one in self._unfinished if of is None or of in one.budgets)
        if oldest is asking:
            raise TooMuch
        self._forget(oldest)
        # Its reader waits for the sender; this wakes it.
        oldest.patience.reschedule(asyncio.get_running_loop().time())

    def _forget(self, unfinished: _Unfinished) -> None:
        if unfinished.is_let_go:
            return
        unfinished.is_let_go = True
        unfinished.body.clear()
        del self._unfinished[unfinished]
        self._count(unfinished, -unfinished.held)

    def _finish(self, unfinished: _Unfinished) -> bytes:
        """It goes on to be held by all, and against nobody's share: what becomes of it is up to us."""
        del self._unfinished[unfinished]
        self._count(unfinished, -unfinished.held)
        self.held += unfinished.held
        return bytes(unfinished.body)

    def _count(self, unfinished: _Unfinished, size: int) -> None:
        self.held += size
        for budget in unfinished.budgets:
            self._held_by[budget] += size
            if not self._held_by[budget]:
                del self._held_by[budget]


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
    return 0


def _address(scope: Scope) -> str:
    """Who is connected. It may be a proxy, whose senders then share a budget: what its headers say is not signed."""
    client = scope.get("client")
    return client[0] if client else ""
