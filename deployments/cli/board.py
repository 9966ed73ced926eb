"""`liaison board`: a link to the board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from deployments.commands.terminal import Home, PolicyFile


def board(
    reader: Annotated[
        str, typer.Option(help="Whose link it is: it is in it, so that you can tell whose leaked.")
    ] = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it is good.")] = 30,
    gateway: Annotated[
        str | None,
        typer.Option(help="The gateway's address for whoever reads; else `links.gateway` of the policy."),
    ] = None,
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Make a link to the board: all open incidents, what happens next, what waits for a person. Read-only,
    unless `board.may_act` of the policy names the reader.

    Whoever has the link sees the board. `board.links_since` in the policy makes all older links worthless.
    """
    from deployments.commands import settings
    from deployments.machine.home import liaison_home
    from incidents.links.board_links import board_link
    from incidents.policy.file import load_policy

    named = gateway or load_policy(settings.policy_file(policy)).links.gateway or "http://127.0.0.1:8400"
    key = settings.operator_key(liaison_home(home))
    print(board_link(named, key, reader, now=datetime.now(UTC), good_for=timedelta(days=days)))
