"""The control of the slow clients: a server that protects itself by a limit of connections, and has no deadline.

    python -m bench.campaign.first_come

The limit is uvicorn's own (`--limit-concurrency`): whoever is over it is answered 503, and who has a place keeps it.
"""

from __future__ import annotations

import asyncio
import os

import uvicorn
from starlette.types import Receive, Scope, Send

from deployments.gateway.answers import HookAnswer

MOST_CONNECTIONS = 400


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI app that answers 200 to whole bodies."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    await HookAnswer(200).send(send)


async def main() -> None:
    config = uvicorn.Config(
        answer,
        host=os.environ["LIAISON_GATEWAY_HOST"],
        port=int(os.environ["LIAISON_GATEWAY_PORT"]),
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=2048,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main())
