"""The control of the slow clients: bodies read into the same memory, first come first served, without a deadline.

    python -m bench.campaign.first_come

It has a limit for its memory as the gateway has, but whoever holds a place keeps it.
"""

from __future__ import annotations

import asyncio
import os

import uvicorn
from starlette.types import Receive, Scope, Send

from deployments.gateway.answers import HookAnswer, busy
from deployments.gateway.bodies import MAX_HELD_BYTES

# What the gateway has for the unfinished bodies of one connection.
ROOM = MAX_HELD_BYTES // 4


class FirstCome:
    """An ASGI app that answers 200 to whole bodies, and 503 where there is no room."""

    def __init__(self) -> None:
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held, more = 0, True
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                size = len(message.get("body", b""))
                if self._held + size > ROOM:
                    await busy(b"no room").send(send)
                    return
                held += size
                self._held += size
                more = message.get("more_body", False)
            await HookAnswer(200).send(send)
        finally:
            self._held -= held


async def main() -> None:
    config = uvicorn.Config(
        FirstCome(),
        host=os.environ["LIAISON_GATEWAY_HOST"],
        port=int(os.environ["LIAISON_GATEWAY_PORT"]),
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
        backlog=2048,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main())
