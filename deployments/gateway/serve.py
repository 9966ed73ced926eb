"""Running the gateway: its parts opened, kept fresh, and closed in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import uvicorn
from prefect.client.orchestration import PrefectClient, get_client
from starlette.types import ASGIApp

from deployments.gateway.app import Gateway
from deployments.gateway.board.answering import BoardAnswers
from deployments.gateway.board.board import BoardPages
from deployments.gateway.board.readers import Readers
from deployments.gateway.board.sidebar import Sidebar
from deployments.gateway.board.story_links import StoryLinks
from deployments.gateway.bodies import Bodies
from deployments.gateway.deadlines import DeadlineProtocol, Limits
from deployments.gateway.doorbell import Doorbell, RingPacing
from deployments.gateway.engine import Engine, goes_on_without_prefect
from deployments.gateway.hearing.listener import OperatorsOnly
from deployments.gateway.hearing.listening import Listening, ListeningPacing
from deployments.gateway.metrics import Metrics
from deployments.gateway.notices import Notices
from deployments.gateway.on_call.page_links import PageAnswers
from deployments.gateway.readiness import Readiness
from deployments.gateway.rejections import Rejections
from deployments.gateway.reports import Reports
from deployments.gateway.saved_connections import read_saved
from deployments.gateway.set_aside import SetAside
from deployments.gateway.sources import Sources
from deployments.gateway.watch import Watch
from deployments.machine.disk import disk_of
from deployments.machine.garbage import keep_what_is_loaded
from incidents.errors import LiaisonError
from incidents.policy.policy import Policy
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.inbox.writer import InboxWriter
from incidents.store.migrate import check_schema
from incidents.texts.catalogue import ENGLISH
from incidents.texts.team import team_reads_by
from tasks import resources


@contextlib.asynccontextmanager
async def open_gateway(
    database: Database,
    key: str,
    *,
    connect: Callable[[], AbstractAsyncContextManager[PrefectClient]] = get_client,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    pace: RingPacing | None = None,
    listening_pace: ListeningPacing | None = None,
    policy: Callable[[], Policy] | None = None,
    board_secret: str | None = None,
    listens: bool = True,
) -> AsyncIterator[Gateway]:
    """A gateway ready to serve; without a `policy` it has no board, and unless it `listens` a listener must.

    Raises when the store is away, not durable or not migrated, the key is wrong, or the board's secret is too short.
    """
    await database.check_durability()
    await check_schema(database)
    disk = disk_of(database.url)
    notices, metrics = Notices(), Metrics(disk)
    # One client for all our life: to make one costs a tenth of a second in which no webhook is taken.
    async with connect() as client:
        sources = Sources(database, Mirror(key), notices, read=partial(read_saved, client))
        await sources.load()
        doorbell = Doorbell(database, notices, metrics, client, pace=pace)
        rejections = Rejections(database, notices)
        inbox = InboxWriter(database)
        inbox.start()
        engine = Engine(client, goes_on=partial(goes_on_without_prefect, database))
        watch = Watch(database, notices, client)
        listening = Listening(
            database, sources, inbox, doorbell, notices=notices, metrics=metrics, pacing=listening_pace
        )
        bodies = Bodies()
        board = stories = sidebar = None
        if policy is not None:
            stories = StoryLinks(database, client, notices, policy=policy)
            sidebar = Sidebar(database, key, policy=policy, clock=clock)
            readers = Readers(key, board_secret, rules=lambda: policy().board, clock=clock)
            board = BoardPages(
                database,
                readers,
                policy=policy,
                notices=notices,
                bodies=bodies,
                clock=clock,
                answers=BoardAnswers(database, key, policy=policy, clock=clock),
            )
        chores = [doorbell.run(), sources.keep_fresh(), engine.run(), watch.run()]
        if listens:
            chores.append(_read_by_the_team(policy, listening.run))
        background = [asyncio.create_task(chore) for chore in chores]
        try:
            yield Gateway(
                inbox=inbox,
                sources=sources,
                doorbell=doorbell,
                rejections=rejections,
                readiness=Readiness(database, disk=disk),
                engine=engine,
                reports=Reports(database),
                pages=PageAnswers(database, key, clock=clock, language=partial(_team_language, policy)),
                board=board,
                stories=stories,
                sidebar=sidebar,
                notices=notices,
                metrics=metrics,
                bodies=bodies,
                set_aside=SetAside(database, metrics, notices),
                clock=clock,
            )
        finally:
            if board is not None:
                await board.end()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await inbox.aclose()
            await rejections.written()


async def _read_by_the_team(
    policy: Callable[[], Policy] | None, listen: Callable[[], Awaitable[None]]
) -> None:
    """Notices that go out while we listen are in the team's language."""
    with team_reads_by(partial(_team_language, policy)):
        await listen()


def _team_language(policy: Callable[[], Policy] | None) -> str:
    """What whoever is woken reads, as LIAISON_POLICY says unless a policy is given; English where there is none
    that can be read: people must be woken, and the page must open."""
    try:
        return (policy or resources.policy)().language.team
    except LiaisonError:
        return ENGLISH


class Server(uvicorn.Server):
    """uvicorn's own raises the signal again once it has stopped serving: that would end us before our closing. It
    also waits for all answers, and those to listeners have no end: `ending` is called first."""

    def __init__(self, config: uvicorn.Config, *, ending: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, after the listeners were let go."""
        await self._ending()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


async def serve_gateway(
    database_url: str,
    key: str,
    *,
    host: str,
    port: int,
    board_secret: str | None = None,
    listens: bool = True,
) -> None:
    """Serve until told to stop (SIGTERM, SIGINT). Best run on uvloop. The policy is that of LIAISON_POLICY."""
    database = Database(database_url)
    try:
        async with open_gateway(
            database, key, policy=resources.policy, board_secret=board_secret, listens=listens
        ) as gateway:
            keep_what_is_loaded()
            await Server(uvicorn_config(gateway, host=host, port=port), ending=gateway.end).serve()
    finally:
        await database.aclose()


async def serve_listener(database_url: str, key: str, *, host: str, port: int) -> None:
    """Listen until told to stop, and let operators look at it meanwhile."""
    database = Database(database_url)
    try:
        async with open_gateway(database, key) as gateway:
            config = uvicorn_config(OperatorsOnly(gateway), host=host, port=port)
            await Server(config, ending=gateway.end).serve()
    finally:
        await database.aclose()


def uvicorn_config(app: ASGIApp, *, host: str, port: int, limits: Limits | None = None) -> uvicorn.Config:
    """How uvicorn serves the gateway: with our deadlines, on one address, without a word about who calls."""
    protocol = partial(DeadlineProtocol, limits=limits or Limits())
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        # uvicorn asks for a class and merely calls it.
        http=cast(Any, protocol),
        ws="none",
        lifespan="off",
        access_log=False,
        # Its warnings are about malformed requests: anybody could fill the log with them.
        log_level="error",
        server_header=False,
        # Nothing here asks who called.
        proxy_headers=False,
        backlog=2048,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
    )
