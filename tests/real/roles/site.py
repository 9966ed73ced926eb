"""An installation in parts: two Prefect servers with Redis, three workers, two gateways behind nginx, one listener.

On Debian's PostgreSQL, Redis and nginx. Each part is a process that is configured by its environment alone, and is
started again when it dies, as systemd would.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from cryptography.fernet import Fernet
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL
from prefect.settings.legacy import Setting

from bench.sandbox import until
from deployments.machine.prefect_server import client_settings
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import PYTHON, Child, Program, free_port
from tests.docs.documents import PROJECT
from tests.real.nginx import nginx_config
from tests.real.postgres_server import debian_postgres
from tests.real.programs import cached_program, debian_program
from tests.real.running import HOST, open_folder

LOGIN = f"liaison:{secrets.token_urlsafe(16)}"
START_SECONDS = 120.0
PORTS = {"gateway-1": 8400, "gateway-2": 8402, "api-1": 4201, "api-2": 4202, "hooks": 8080, "prefect": 4200}
"""As docs/roles.md has them; each stands for a free one."""
HEALTH = {"api": "/api/health", "gateway": "/healthz", "listener": "/readyz"}
WORKERS = ("worker-1", "worker-2", "worker-3")


@dataclass(frozen=True, kw_only=True)
class Site:
    """`parts` by name. `ports` are the real ones, by the names of `PORTS` and `postgres`, `redis`, `listener`.

    `code` is the folder of the version that was installed; a role may be replaced by another one's.
    """

    home: Path
    parts: dict[str, Child]
    ports: Mapping[str, int]
    environ: Mapping[str, str]
    code: Path

    @property
    def prefect_access(self) -> dict[Setting, str]:
        """For `temporary_settings`."""
        return {PREFECT_API_URL: self.environ["PREFECT_API_URL"], PREFECT_API_AUTH_STRING: LOGIN}

    @property
    def gateway_url(self) -> str:
        """nginx before both gateways."""
        return f"http://{HOST}:{self.ports['hooks']}"

    @property
    def store_url(self) -> str:
        return self.environ["LIAISON_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")

    async def liaison(self, *words: str, code: Path | None = None) -> str:
        """A verb that ends; what it said."""
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deployments.cli", *words),
            cwd=self.home,
            env={**self.environ, **_python(code or self.code)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await program.communicate())[0].decode()
        assert program.returncode == 0, said
        return said

    async def end(self, name: str, number: signal.Signals) -> None:
        """Kill a part or ask it to end; return when it serves again, as far as that can be seen from outside."""
        child = self.parts[name]
        before = child.restarted
        os.kill(child.pid, number)

        async def is_back() -> bool:
            return child.restarted > before and await self.answers(name)

        await until(f"{name} is back", is_back, START_SECONDS)

    async def answers(self, name: str) -> bool:
        """Whether a part does what it is asked at its port; a worker and the services have none."""
        port = self.ports.get(name)
        if port is None:
            return True
        path = next((path for kind, path in HEALTH.items() if name.startswith(kind)), None)
        if path is None:
            return await _listens(port)
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            try:
                return (await client.get(f"http://{HOST}:{port}{path}")).status_code == 200
            except httpx.HTTPError:
                return False

    async def start(self, name: str, command: Sequence[str | Path], **env: str) -> None:
        """Start a part, and return at once."""
        program = Program(
            name=name,
            command=[str(word) for word in command],
            env={**self.environ, **env},
            log=self.home / f"{name}.log",
            pause=0.1,
            patience=30,
        )
        child = self.parts[name] = Child(
            program=program, table=ProcessTable(self.home / "table.json"), say=print
        )
        await child.start()

    async def start_role(self, name: str, *, code: Path | None = None) -> None:
        """By the code of its version; a folder of another version may be given."""
        kind, port = name.partition("-")[0], str(self.ports.get(name, ""))
        words, env = {
            "api": (("server", "--part", "api"), {"LIAISON_SERVER_PORT": port}),
            "services": (("server", "--part", "services"), {}),
            "gateway": (("gateway", "--no-listens"), {"LIAISON_GATEWAY_PORT": port}),
            "worker": (("worker",), {}),
            "listener": (("listener",), {"LIAISON_LISTENER_PORT": port}),
        }[kind]
        beside = (cached_program("prefect-redis", ""),) if words[0] == "server" else ()
        command = [PYTHON, "-m", "deployments.cli", *words]
        await self.start(name, command, **_python(code or self.code, *beside), **env)

    async def replace(self, name: str, code: Path) -> None:
        """As an operator does: ask it to end, wait until it has, start the other version, look whether it answers."""
        await self.parts.pop(name).stop()
        await self.start_role(name, code=code)
        await self.until_all_answer(name)

    async def until_all_answer(self, *names: str) -> None:
        for name in names:
            await until(f"{name} answers", lambda name=name: self.answers(name), START_SECONDS)


@asynccontextmanager
async def open_site(policy: Path, *, code: Path = PROJECT) -> AsyncIterator[Site]:
    """Migrated and registered by the code in this folder, with both servers and nginx; `start_the_rest` when its
    connections are saved."""
    cached_program("prefect-redis", "")
    names = (*PORTS, "postgres", "redis", "listener")
    ports = {name: free_port(0) for name in names}
    async with AsyncExitStack() as stack:
        home = stack.enter_context(open_folder("roles"))
        await stack.enter_async_context(_postgres(home, ports["postgres"]))
        environ = _environment(home, policy, ports)
        site = Site(home=home, parts={}, ports=ports, environ=environ, code=code)
        stack.callback(_keep_logs, home, policy.parent / "logs")
        stack.push_async_callback(_stop, site)
        await site.start("redis", _redis(ports["redis"], home))
        await site.start("nginx", nginx_by_the_docs(home, ports))
        await site.until_all_answer("redis")
        await site.liaison("migrate")
        for name in ("api-1", "api-2", "services"):
            await site.start_role(name)
        await site.until_all_answer("api-1", "api-2")
        await site.liaison("register")
        yield site


async def start_the_rest(site: Site) -> None:
    """What works: to be called when the connections are saved, so that nobody need wait until they are seen."""
    for name in ("gateway-1", "gateway-2", *WORKERS, "listener"):
        await site.start_role(name)
    await site.until_all_answer("gateway-1", "gateway-2", "listener")


def _environment(home: Path, policy: Path, ports: Mapping[str, int]) -> dict[str, str]:
    store = f"postgresql://postgres@{HOST}:{ports['postgres']}"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LIAISON_"))
    }
    return {
        **kept,
        **client_settings(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://{HOST}:{ports['prefect']}/api",
        "PREFECT_API_AUTH_STRING": LOGIN,
        "PREFECT_SERVER_API_AUTH_STRING": LOGIN,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"{store}/prefect",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
        "LIAISON_REDIS_URL": f"redis://{HOST}:{ports['redis']}/0",
        "LIAISON_DATABASE_URL": f"{store}/liaison",
        "LIAISON_KEY": Fernet.generate_key().decode(),
        "LIAISON_POLICY": str(policy),
        # Nobody may make it.
        "LIAISON_HOME": str(policy.parent / "nothing"),
    }


def _python(*folders: Path) -> dict[str, str]:
    """Modules are looked for in these folders first, and never where a process happens to stand."""
    return {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONSAFEPATH": "1"}


@asynccontextmanager
async def _postgres(home: Path, port: int) -> AsyncIterator[None]:
    cluster, settings = ("--locale=C.UTF-8",), ("max_connections=300",)
    async with debian_postgres(home, port, cluster=cluster, settings=settings):
        await until("PostgreSQL has started", lambda: _made(port), START_SECONDS)
        yield


async def _made(port: int) -> bool:
    """Whether both databases are there. A server takes connections before it is ready for them."""
    try:
        connection = await asyncpg.connect(f"postgresql://postgres@{HOST}:{port}/postgres")
    except asyncpg.CannotConnectNowError:
        return False
    for name in ("liaison", "prefect"):
        await connection.execute(f"create database {name}")
    await connection.close()
    return True


def _redis(port: int, home: Path) -> list[str | Path]:
    quiet = ("--save", "", "--appendonly", "yes", "--dir", str(home))
    return [debian_program("redis-server"), "--port", str(port), "--bind", HOST, *quiet]


def nginx_by_the_docs(home: Path, ports: Mapping[str, int]) -> list[str | Path]:
    """By the block of the documentation."""
    page = (PROJECT / "docs" / "roles.md").read_text("utf-8")
    found = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert found is not None
    documented = found[1]
    for name, port in PORTS.items():
        documented = re.sub(rf":{port}\b", f":{ports[name]}", documented)
    config = home / "nginx.conf"
    config.write_text(nginx_config(home, documented))
    return [debian_program("nginx"), "-p", home, "-e", "stderr", "-c", config]


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def _keep_logs(home: Path, folder: Path) -> None:
    """Where pytest keeps what failed."""
    folder.mkdir()
    for log in home.glob("*.log"):
        shutil.copy(log, folder)


async def _stop(site: Site) -> None:
    """The workers first: runs that end now tell Prefect how."""
    order = sorted(site.parts, key=lambda name: (not name.startswith("worker"), name in ("redis", "nginx")))
    for group in (("worker",), ("gateway", "listener", "api", "services"), ("redis", "nginx")):
        await asyncio.gather(*(site.parts[name].stop() for name in order if name.startswith(group)))
