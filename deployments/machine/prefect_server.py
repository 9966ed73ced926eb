"""A Prefect server of our own on loopback: the settings that matter, and when it is ready.

Its home lies in our data folder, so the operator's own Prefect profile is neither read nor written. It serves
on 127.0.0.1 and wants a login (`deployments.machine.prefect_login`); whoever wants it in a network puts a TLS proxy
before it, or runs one themselves and sets `PREFECT_API_URL` and `PREFECT_API_AUTH_STRING` for us (docs/running.md).
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import httpx
import psutil
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_TLS_INSECURE_SKIP_VERIFY,
    get_current_settings,
)
from pydantic import TypeAdapter

from deployments.machine.prefect_events import retention_of_quotes
from deployments.machine.prefect_login import login_settings
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import (
    PREFECT,
    Child,
    Program,
    StackError,
)

HOST = "127.0.0.1"
READY_SECONDS = 180.0
SAY_EVERY = 10.0

# With the default batch sizes of 1 the recorder falls behind at 18 task runs a second and then loses records:
# 600 task runs were visible after 23 s, with these after 1.7 s, at a quarter of the CPU time.
RECORDER = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
}
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}


def inherited_environment() -> dict[str, str]:
    """Our environment less every Prefect setting: the operator's own variables must not leak in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def client_settings(home: Path) -> dict[str, str]:
    """Settings for the clients of our own server, which speaks plain HTTP.

    A flow run makes six clients, and each reads every authority of the file it verifies TLS with: with all of
    certifi's that takes 17 ms of CPU a client, with one 0.3 ms.
    """
    file = home / "prefect" / "one-authority.pem"
    file.parent.mkdir(parents=True, exist_ok=True)
    end = "-----END CERTIFICATE-----\n"
    file.write_text("".join(certifi.contents().partition(end)[:2]))
    # Each new client would ask for a token that our server does not want.
    return {"PREFECT_API_SSL_CERT_FILE": str(file), "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false"}


def server_program(
    *,
    home: Path,
    port: int,
    database_url: str,
    login: str | None,
    extra_env: Mapping[str, str],
    events_kept: timedelta | None = None,
) -> Program:
    """The Prefect server as a program; its data is below `home`, its log in `home/logs`.

    `login` is what its clients must send, if anything. `events_kept`: how long it keeps events, a week
    if nobody says so.
    """
    env = {
        **inherited_environment(),
        **server_settings(login=login, port=port, events_kept=events_kept),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database_url,
        **extra_env,
    }
    command = (*PREFECT, "server", "start", "--host", HOST, "--port", str(port))
    return Program(name="prefect server", command=command, env=env, log=home / "logs" / "prefect-server.log")


def server_settings(
    *, login: str | None, port: int, public_url: str | None = None, events_kept: timedelta | None = None
) -> dict[str, str]:
    """What every Prefect server of ours is started with, whoever starts it.

    `public_url` is where browsers have its pages, without `/api`; loopback if nobody says so.
    """
    pages = public_url or api_url(port).removesuffix("/api")
    return {
        **RECORDER,
        **QUIET,
        # Without it the pages call port 4200 whatever port they were served from.
        "PREFECT_SERVER_UI_API_URL": f"{pages}/api",
        # What automations write as the address of a run; else it is "None".
        "PREFECT_UI_URL": pages,
        **(login_settings(login, _origin(pages)) if login else {}),
        **(_kept(events_kept) if events_kept is not None else {}),
    }


def _origin(url: str) -> str:
    """As a browser names it: a path is no part of it (https://www.rfc-editor.org/rfc/rfc6454#section-6.2)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _kept(events: timedelta) -> dict[str, str]:
    # Runs are pruned by our own flow: the server's vacuum of them knows one age for all, and takes pages along.
    return {
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events",
        # As ISO 8601: a text of seconds alone is no time to Prefect, and its server would not start.
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": TypeAdapter(timedelta).dump_python(events, mode="json"),
        "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": retention_of_quotes(),
    }


def api_url(port: int) -> str:
    """Where a server on this port has its API."""
    return f"http://{HOST}:{port}/api"


async def start_server(
    program: Program, *, port: int, table: ProcessTable, say: Callable[[str], None]
) -> Child:
    """Start the server and return when it answers. Raises StackError with the end of its log."""
    child = Child(program=program, table=table, say=say)
    await child.start()
    try:
        await _until_healthy(child, api_url(port), say)
    except BaseException:
        await child.stop()
        raise
    return child


async def _until_healthy(child: Child, url: str, say: Callable[[str], None]) -> None:
    started = said = time.monotonic()
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        while not await is_healthy(client, url):
            now = time.monotonic()
            if not child.is_running or now - started > READY_SECONDS:
                reason = "ended" if not child.is_running else f"did not answer within {READY_SECONDS:.0f} s"
                raise StackError(f"the Prefect server {reason}; its log ends:\n{child.log_tail()}")
            if now - said > SAY_EVERY:
                said = now
                say(
                    f"still waiting for the Prefect server ({now - started:.0f} s; "
                    "its first start migrates the database)"
                )
            await asyncio.sleep(0.2)
    # Two that start at the same moment find the same port free; the one who lost it must not talk to the other.
    if not await asyncio.to_thread(listens, child.pid, httpx.URL(url).port or 0):
        raise StackError(
            f"another server answers at {url}; it took the port while ours was starting. Start again, or name "
            "another port"
        )


def listens(pid: int, port: int) -> bool:
    """Whether this process, or a child of it, listens on the port."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return any(
            socket.status == psutil.CONN_LISTEN and socket.laddr.port == port
            for member in family
            for socket in member.net_connections(kind="tcp")
        )
    except psutil.NoSuchProcess:
        return False


def operators_client_settings() -> dict[str, str]:
    """How a server that others run is called, from the operator's environment and profile: what we start has a profile
    folder of its own, and would miss the profile's authority and login."""
    given = get_current_settings().to_environment_variables(exclude_unset=True)
    return {name: value for name, value in given.items() if name.startswith("PREFECT_API_")}


async def require_server(url: str) -> None:
    """A look at a Prefect server that others run, as all that we start will call it. Raises `StackError`."""
    async with httpx.AsyncClient(timeout=10, verify=_as_prefect_verifies()) as client:
        try:
            answer = await client.get(f"{url}/health")
        except httpx.HTTPError as error:
            raise StackError(
                f"no Prefect server answers at {url} (PREFECT_API_URL): {error}. A certificate of your own authority "
                "needs PREFECT_API_SSL_CERT_FILE"
            ) from error
    if answer.status_code != httpx.codes.OK:
        raise StackError(
            f"the Prefect server at {url} (PREFECT_API_URL) says {answer.status_code} when asked for its health"
        )


def _as_prefect_verifies() -> ssl.SSLContext:
    """TLS as Prefect's own clients have it: by the operator's authorities, or by none if they say so."""
    file = PREFECT_API_SSL_CERT_FILE.value() or certifi.where()
    try:
        context = ssl.create_default_context(cafile=file)
    except OSError as error:
        raise StackError(
            f"PREFECT_API_SSL_CERT_FILE: {file} cannot be read as certificates: {error}"
        ) from error
    if PREFECT_API_TLS_INSECURE_SKIP_VERIFY.value():
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def is_healthy(client: httpx.AsyncClient, url: str) -> bool:
    """Whether a Prefect server answers there and is well; `url` is its API's."""
    try:
        return (await client.get(f"{url}/health")).status_code == 200
    except httpx.HTTPError:
        return False
