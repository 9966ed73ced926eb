"""The roles of an installation, each started by itself and configured by its environment alone (docs/roles.md)."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from deployments.commands.terminal import ask, run
from deployments.machine.home import PRIVATE_UMASK, liaison_home


def migrate() -> None:
    """Bring the store in LIAISON_DATABASE_URL to this version's schema. `liaison up` does it by itself.

    Prefect's database as well, where PREFECT_SERVER_DATABASE_CONNECTION_URL names one.
    """
    from incidents.store.migrate import migrate as run_migrations

    ask(None, run_migrations)
    if os.environ.get("PREFECT_SERVER_DATABASE_CONNECTION_URL"):
        from deployments.machine.server_role import migrate_prefects

        run(migrate_prefects(os.environ))


def register() -> None:
    """Tell the Prefect server of this version's work pool, blocks and deployments. `liaison up` does it by itself.

    Once a version, when its server answers. Needs PREFECT_API_URL.
    """
    from deployments.machine.prefect_login import use_prefect_server

    use_prefect_server(liaison_home())
    from deployments.worker.registration import register as tell

    registered = run(tell({}))
    print(f"{len(registered.deployments)} deployments, {len(registered.blocks)} types of blocks.")
    for remark in registered.remarks:
        print(f"    {remark}")


def server(
    part: Annotated[
        str,
        typer.Option(
            envvar="LIAISON_SERVER_PART", help="all; or api (any number) and services (one), with Redis."
        ),
    ] = "all",
    host: Annotated[
        str, typer.Option(envvar="LIAISON_SERVER_HOST", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="LIAISON_SERVER_PORT", help="Port to listen on.")] = 4200,
    public_url: Annotated[
        str | None,
        typer.Option(
            envvar="LIAISON_SERVER_PUBLIC_URL",
            help="Where browsers have its pages, as https://prefect.example.com. Default: the port on 127.0.0.1.",
        ),
    ] = None,
) -> None:
    """Run a Prefect server, or a part of one of several. `liaison up` starts one.

    Needs PREFECT_SERVER_DATABASE_CONNECTION_URL, and beyond loopback PREFECT_SERVER_API_AUTH_STRING; several need
    LIAISON_REDIS_URL and `liaison migrate` before. By LIAISON_POLICY it keeps events as long as the policy says.
    Prefect's own variables win over what we set.
    """
    from deployments.machine.server_role import ServerPart, become_server, server_role

    os.umask(PRIVATE_UMASK)
    _observe("server")
    try:
        what = ServerPart(part)
    except ValueError as error:
        raise typer.BadParameter(f"{part} is none of {', '.join(ServerPart)}", param_hint="--part") from error
    become_server(server_role(what, host=host, port=port, public_url=public_url, environ=os.environ))


def worker(
    pool: Annotated[
        str | None,
        typer.Option(
            envvar="LIAISON_WORKER_POOL", help="The work pool to serve. Default: the first of prefect.yaml."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(envvar="LIAISON_WORKER_LIMIT", help="Most flow runs at once.")] = 20,
    emergency_after: Annotated[
        float,
        typer.Option(
            envvar="LIAISON_EMERGENCY_AFTER",
            help="Seconds without an answer from Prefect, after which people are paged without it; 0: never.",
        ),
    ] = 20.0,
) -> None:
    """Run flows in this process. `liaison up` starts one; start more on other machines.

    Needs PREFECT_API_URL, LIAISON_DATABASE_URL and LIAISON_POLICY; and LIAISON_KEY, to use what was learnt and to go on
    while Prefect is away.
    """
    _observe("worker")
    from deployments.commands.work import work

    os.umask(PRIVATE_UMASK)
    work(pool=pool, limit=limit, emergency_after=emergency_after)


def gateway(
    host: Annotated[
        str, typer.Option(envvar="LIAISON_GATEWAY_HOST", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="LIAISON_GATEWAY_PORT", help="Port to listen on.")] = 8400,
    listens: Annotated[
        bool,
        typer.Option(
            "--listens/--no-listens",
            envvar="LIAISON_GATEWAY_LISTENS",
            help="Also hear what connections say (IMAP, Matrix, Icinga); else `liaison listener` must.",
        ),
    ] = True,
) -> None:
    """Take webhooks. `liaison up` starts one; start more behind a load balancer.

    Needs LIAISON_DATABASE_URL, LIAISON_KEY, and PREFECT_API_URL for the connections.
    """
    _observe("gateway")
    import uvloop

    from deployments.commands import settings
    from deployments.gateway.serve import serve_gateway

    key = _shared_key()
    os.environ["LIAISON_POLICY"] = str(settings.policy_file())
    secret = os.environ.get("LIAISON_BOARD_SECRET") or None
    url = settings.database_url()
    uvloop.run(serve_gateway(url, key, host=host, port=port, board_secret=secret, listens=listens))


def listener(
    host: Annotated[
        str, typer.Option(envvar="LIAISON_LISTENER_HOST", help="Address that operators look at.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="LIAISON_LISTENER_PORT", help="Port of /healthz, /readyz and /metrics.")
    ] = 8401,
) -> None:
    """Hear what connections say (IMAP, Matrix, Icinga), and take no webhooks. Gateways do it too, unless told not to.

    Of any number of gateways and listeners one hears a connection. Needs what the gateway needs.
    """
    _observe("listener")
    import uvloop

    from deployments.commands import settings
    from deployments.gateway.serve import serve_listener

    key = _shared_key()
    uvloop.run(serve_listener(settings.database_url(), key, host=host, port=port))


def _observe(role: str) -> None:
    """Before Prefect is imported, which reads its variables then."""
    from deployments.telemetry.log_lines import NoSuchFormat, log_settings
    from deployments.telemetry.traces import NoTracing, start_tracing

    try:
        os.environ.update(log_settings(role, os.environ))
        # Prefect's server is another program, which we become.
        if role != "server":
            start_tracing(role, os.environ)
    except NoSuchFormat as error:
        raise typer.BadParameter(str(error), param_hint="LIAISON_LOG_FORMAT") from error
    except NoTracing as error:
        # A variable that somebody set for all of a cluster must not keep customers unheard.
        typer.echo(f"Nothing is traced: {error}", err=True)


def _shared_key() -> str:
    from deployments.commands import settings

    os.umask(PRIVATE_UMASK)
    key = settings.shared_key(liaison_home())
    # Connections that sign links by it read it there, here as in the worker.
    os.environ["LIAISON_KEY"] = key
    return key
