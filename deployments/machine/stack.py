"""Everything Liaison needs on one machine, started when it is missing and stopped in reverse order.

    PostgreSQL (embedded, unless `LIAISON_DATABASE_URL` names another)
      x Prefect server (our own, unless `PREFECT_API_URL` names another)
      x worker      runs the flows
      x gateway     takes the webhooks

What we cannot stop any more (`kill -9` of this process) the watchdog stops, and at the latest the next start
on the same data folder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL
from prefect.settings.legacy import Setting

from deployments.machine.databases import OUR_DATABASE, PREFECTS_DATABASE, with_asyncpg
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.home import POSTGRES_FOLDER, PRIVATE_UMASK, make_private
from deployments.machine.kept_database import POSTGRES, KeptDatabase
from deployments.machine.prefect_login import server_login
from deployments.machine.prefect_server import (
    HOST,
    api_url,
    client_settings,
    inherited_environment,
    operators_client_settings,
    require_server,
    server_program,
    start_server,
)
from deployments.machine.process_table import (
    ProcessRow,
    ProcessTable,
    living,
    stop,
)
from deployments.machine.processes import (
    CODE,
    PYTHON,
    Child,
    Program,
    StackError,
    free_port,
)
from deployments.machine.whereabouts import (
    SUPERVISOR,
    Whereabouts,
    forget_whereabouts,
    note_whereabouts,
)
from incidents.policy.file import load_policy

READY_SECONDS = 60.0

Present = TypeVar("Present")


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What to start and where. A port that is taken is replaced by a free one.

    `database_url` and `prefect_api_url`: use these instead of starting our own. `extra_env` goes to every
    child.
    """

    home: Path
    policy: Path
    say: Callable[[str], None]
    api_port: int = 4200
    gateway_port: int = 8400
    database_url: str | None = None
    prefect_api_url: str | None = None
    extra_env: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], *, policy: Path, say: Callable[[str], None], home: Path | None = None
    ) -> Self:
        """Honour `LIAISON_HOME` (default `~/.liaison`), `LIAISON_DATABASE_URL`, `PREFECT_API_URL`, and the ports
        `LIAISON_PREFECT_PORT` (4200) and `LIAISON_GATEWAY_PORT` (8400). Raises `StackError` for what is no port.
        """
        return cls(
            home=home or Path(environ.get("LIAISON_HOME") or "~/.liaison"),
            policy=policy,
            say=say,
            api_port=_port_of(environ, "LIAISON_PREFECT_PORT", cls.api_port),
            gateway_port=_port_of(environ, "LIAISON_GATEWAY_PORT", cls.gateway_port),
            database_url=environ.get("LIAISON_DATABASE_URL") or None,
            prefect_api_url=environ.get("PREFECT_API_URL") or None,
        )


class Stack:
    """Start the parts with `start_*` in any sensible order; leaving the context stops all of them."""

    def __init__(self, options: StackOptions) -> None:
        self._options = options
        self.home = options.home.expanduser().resolve()
        self.processes: dict[str, Child] = {}
        """Supervised children by name: `prefect server`, `worker`, `gateway`."""
        self.database: KeptDatabase | None = None
        """The embedded PostgreSQL with its keeper, where it is ours."""
        self._table = ProcessTable(self.home / "processes.json")
        self._embedded: EmbeddedDatabase | None = None
        self._stops = AsyncExitStack()
        self._worker_stops = AsyncExitStack()
        self._database_url = with_asyncpg(options.database_url) if options.database_url else None
        self._gateway_port: int | None = None

    @property
    def database_url(self) -> str:
        """SQLAlchemy's asyncpg address of our own store."""
        return _started(self._database_url, "start_database")

    @property
    def prefect_api_url(self) -> str:
        """Where the Prefect server is, or will be as soon as it can be started."""
        return self._options.prefect_api_url or api_url(self._prefect_port)

    @cached_property
    def prefect_login(self) -> str | None:
        """`user:password` of our own Prefect server; None where the operator's is used, by the operator's settings."""
        return None if self._options.prefect_api_url is not None else server_login(self.home)

    @property
    def prefect_access(self) -> dict[Setting, str]:
        """For `temporary_settings`: how Prefect's clients of this process reach the server.

        Without a login of ours, the process's own settings say how to log in at the operator's server.
        """
        login = {} if self.prefect_login is None else {PREFECT_API_AUTH_STRING: self.prefect_login}
        return {PREFECT_API_URL: self.prefect_api_url, **login}

    @cached_property
    def _prefect_port(self) -> int:
        return self._port("Prefect", self._options.api_port)

    @property
    def ui_url(self) -> str:
        """Where people see the Prefect UI."""
        return self.prefect_api_url.removesuffix("/api")

    @property
    def gateway_url(self) -> str:
        """Where vendors' webhooks go, without the path. Only after `start_gateway`."""
        return f"http://{HOST}:{_started(self._gateway_port, 'start_gateway')}"

    async def __aenter__(self) -> Self:
        make_private(self.home)
        # Whatever is written below it from now on, by us or by our children, is its owner's only.
        self._stops.callback(os.umask, os.umask(PRIVATE_UMASK))
        await asyncio.to_thread(self._clear_left_over)
        self._table.add(ProcessRow.of(SUPERVISOR, os.getpid()))
        watchdog = await asyncio.create_subprocess_exec(
            *(PYTHON, "-m", "deployments.machine.watchdog", str(self._table.file)),
            stdin=asyncio.subprocess.PIPE,
            cwd=CODE,
            start_new_session=True,
        )
        # communicate() closes the pipe, which is the watchdog's sign to look around and go.
        self._stops.push_async_callback(watchdog.communicate, b"")
        self._stops.callback(self._table.remove, SUPERVISOR)
        self._stops.callback(forget_whereabouts, self.home)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start_database(self) -> None:
        """Our store's database, and Prefect's where it will be ours too."""
        needs_prefects = self._options.prefect_api_url is None and self._foreign_prefect_database() is None
        if self._database_url is not None and not needs_prefects:
            return
        embedded = self._embedded = EmbeddedDatabase(self.home / POSTGRES_FOLDER)
        self.database = KeptDatabase(server=embedded, table=self._table, say=self._options.say)
        await self.database.start()
        self._stops.push_async_callback(self.database.stop)
        for name in (OUR_DATABASE, PREFECTS_DATABASE):
            await asyncio.to_thread(embedded.ensure_database, name)
        self._database_url = self._database_url or embedded.url(OUR_DATABASE)

    async def start_prefect(self) -> None:
        """Our own Prefect server, or a look at whether the other one answers. After a `StackError`, try again."""
        if self._options.prefect_api_url is not None:
            await require_server(self.prefect_api_url)
            return
        own = self._foreign_prefect_database() or _started(self._embedded, "start_database").url(
            PREFECTS_DATABASE
        )
        program = server_program(
            home=self.home,
            port=self._prefect_port,
            database_url=own,
            login=self.prefect_login,
            events_kept=load_policy(self._options.policy).retention.events,
            extra_env=self._options.extra_env,
        )
        child = await start_server(program, port=self._prefect_port, table=self._table, say=self._options.say)
        self._stops.push_async_callback(child.stop)
        self.processes[program.name] = child

    async def start_worker(self) -> None:
        """The process that runs the flows; it waits by itself for the server, and goes on without it if need be."""
        await self._start_child("worker", stops=self._worker_stops)

    async def start_gateway(self) -> None:
        """The process that takes webhooks; returns when it listens."""
        port = self._gateway_port = self._port("the gateway", self._options.gateway_port)
        address = {"LIAISON_GATEWAY_HOST": HOST, "LIAISON_GATEWAY_PORT": str(port)}
        child = await self._start_child("gateway", stops=self._stops, **address)
        await _until_listening(child, port)
        note_whereabouts(
            self.home,
            Whereabouts(
                prefect_api_url=self.prefect_api_url,
                gateway_url=self.gateway_url,
                policy=str(self._options.policy.resolve()),
            ),
        )

    async def stop(self) -> None:
        """Stop everything we started, the worker first and then the last first. Safe to call twice."""
        # However late Prefect was: runs that end now have to tell it how.
        await self._worker_stops.aclose()
        await self._stops.aclose()
        self.processes.clear()

    async def _start_child(self, name: str, *, stops: AsyncExitStack, **env: str) -> Child:
        # Another Prefect server may want the operator's settings (its password); our own wants none of them.
        inherited = (
            dict(os.environ) | operators_client_settings()
            if self.prefect_login is None
            else inherited_environment()
            | client_settings(self.home)
            | {"PREFECT_API_AUTH_STRING": self.prefect_login}
        )
        program = Program(
            name=name,
            command=(PYTHON, "-m", "deployments.cli", name),
            env={
                **inherited,
                "PREFECT_API_URL": self.prefect_api_url,
                "PREFECT_HOME": str(self.home / "prefect"),
                "DO_NOT_TRACK": "1",
                # Every line of a run is in Prefect; the file is for what goes wrong with the process itself.
                "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
                "LIAISON_HOME": str(self.home),
                "LIAISON_DATABASE_URL": self.database_url,
                "LIAISON_POLICY": str(self._options.policy.resolve()),
                **env,
                **self._options.extra_env,
            },
            log=self.home / "logs" / f"{name}.log",
        )
        child = self.processes[name] = Child(program=program, table=self._table, say=self._options.say)
        await child.start()
        stops.push_async_callback(child.stop)
        return child

    def _foreign_prefect_database(self) -> str | None:
        return self._options.extra_env.get("PREFECT_SERVER_DATABASE_CONNECTION_URL")

    def _port(self, whose: str, preferred: int) -> int:
        port = free_port(preferred)
        if port != preferred:
            self._options.say(f"port {preferred} is taken; {whose} uses {port}")
        return port

    def _clear_left_over(self) -> None:
        """End what a killed supervisor left; refuse when a living one has this data folder."""
        rows = self._table.read()
        for row in rows:
            if row.name == SUPERVISOR and living(row) is not None:
                raise StackError(
                    f"Liaison is running on {self.home} already (process {row.pid}); stop it first"
                )
        for row in reversed(rows):
            # PostgreSQL may stay: it is found and used again.
            if row.name not in (SUPERVISOR, POSTGRES) and living(row) is not None:
                self._options.say(f"stopping {row.name} (process {row.pid}), left over from a killed run")
                stop(row, patience=10)
            self._table.remove(row.name)


async def _until_listening(child: Child, port: int) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                if child.is_failing:
                    raise StackError(f"{child.program.name} does not start:\n{child.log_tail()}") from None
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _port_of(environ: Mapping[str, str], name: str, preferred: int) -> int:
    text = environ.get(name) or str(preferred)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise StackError(f"{name} is {text[:20]!r}, which is no port: write a number such as {preferred}")
    return int(text)


def _started(value: Present | None, by: str) -> Present:
    if value is None:
        raise StackError(f"call {by}() first")
    return value
