"""The control of the gateway's drills: a webhook server that answers 200 and stores afterwards.

    python -m bench.campaign.stores_later

It has the gateway's own inbox, retries and all. Only the order is another one: many servers are written so, because
it answers sooner.
"""

from __future__ import annotations

import asyncio
import json
import os

import uvicorn
from starlette.types import Receive, Scope, Send

from bench.campaign.site import CONNECTION
from deployments.gateway.answers import HookAnswer
from incidents.events import Lane, Verified
from incidents.store.database import Database
from incidents.store.inbox.writer import InboxWriter, NotStored

TRIES = 5


class StoresLater:
    """An ASGI app; `inbox` must have been started."""

    def __init__(self, inbox: InboxWriter) -> None:
        self._inbox = inbox
        self._storing: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        await HookAnswer(200).send(send)
        task = asyncio.create_task(self._store(body))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _store(self, body: bytes) -> None:
        verified = Verified(headers=(), body=body, identity=json.loads(body)["id"])
        for attempt in range(TRIES):
            try:
                await self._inbox.accept(CONNECTION, Lane.INTAKE, verified)
            except NotStored:
                await asyncio.sleep(2**attempt / 10)
            else:
                return


async def main() -> None:
    database = Database(os.environ["LIAISON_DATABASE_URL"])
    inbox = InboxWriter(database)
    inbox.start()
    config = uvicorn.Config(
        StoresLater(inbox),
        host=os.environ["LIAISON_GATEWAY_HOST"],
        port=int(os.environ["LIAISON_GATEWAY_PORT"]),
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
    )
    await uvicorn.Server(config).serve()
    await inbox.aclose()
    await database.aclose()


if __name__ == "__main__":
    asyncio.run(main())
