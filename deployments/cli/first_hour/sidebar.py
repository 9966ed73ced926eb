"""`liaison sidebar`: the app that Zendesk shows beside a ticket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.terminal import Home, PolicyFile


def sidebar(
    target: Annotated[Path, typer.Argument(help="The zip to write (liaison.zip), or a folder.")],
    *,
    connection: Annotated[
        str, typer.Option(help="The Zendesk connection whose tickets it is shown on.")
    ] = "zendesk/support",
    email: Annotated[
        str, typer.Option(help="Whom agents write to when the app does not work; Zendesk wants one.")
    ] = "",
    days: Annotated[int, typer.Option(min=1, max=3660, help="How long its token is good.")] = 366,
    gateway: Annotated[
        str | None,
        typer.Option(help="The gateway's address on the Internet; else `links.gateway` of the policy."),
    ] = None,
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Write the app that shows a ticket's incident in Zendesk, with its buttons, and print its token.

    Upload the zip in Zendesk's Admin Center and paste the token there (docs/agents.md). The token reads the incidents
    of this helpdesk's tickets and does nothing else. `board.links_since` in the policy makes older ones worthless.
    """
    from deployments.commands import settings
    from deployments.machine.home import liaison_home
    from deployments.sidebar.packaging import app_files, write_app
    from incidents.links.sidebar_links import sidebar_token
    from incidents.policy.file import load_policy

    named = gateway or load_policy(settings.policy_file(policy)).links.gateway or settings.OWN_GATEWAY
    files = app_files(connection, gateway=named, email=email)
    key = settings.operator_key(liaison_home(home))
    write_app(target, files)
    token = sidebar_token(key, connection, now=datetime.now(UTC), good_for=timedelta(days=days))
    typer.echo(f"{target}: {len(files)} files for {connection}, token good for {days} days:", err=True)
    print(token)
