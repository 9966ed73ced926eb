"""`liaison fakes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.terminal import run


def fakes(
    *,
    port: Annotated[
        int,
        typer.Option(help="The first of three ports in a row; 0 takes any that are free.", min=0, max=65533),
    ] = 8451,
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve https, with a certificate made for this machine's loopback.")
    ] = False,
    certificates: Annotated[
        Path | None, typer.Option(help="Folder for the certificate; else one that goes with the end.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="What goes wrong: 429, 401, 404, 500, 503, lost-reply, error-after-work, html or slow, for all calls; "
            "or KIND:TIMES:PATH, such as lost-reply:1:/tickets. May be said several times."
        ),
    ] = None,
    hooks: Annotated[
        str | None,
        typer.Option(help="Address of a gateway that shall get their webhooks, as http://127.0.0.1:8400."),
    ] = None,
    connection: Annotated[str, typer.Option(help="Their connections' name at the gateway.")] = "fakes",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print addresses and keys as JSON, in one line.")
    ] = False,
) -> None:
    """Start small stateful Zendesk, PagerDuty and Slack on this machine, to try a tool of your own on them.

    The vendors' official clients can talk to them; zenpy and pagerduty insist on --tls. A fault typed while they run
    works as --fault does, and `well` ends all faults. Ctrl-C stops them; what was in them is gone then.
    """
    from deployments.fakes.serve import FakesOptions, serve_fakes

    options = FakesOptions(
        port=port,
        tls=tls,
        certificates=certificates,
        faults=tuple(fault or ()),
        hooks=hooks,
        connection=connection,
        as_json=as_json,
    )
    run(serve_fakes(options))
