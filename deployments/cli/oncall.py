"""`liaison oncall`: who is on call by the policy's own rotas."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import AsJson, Home, PolicyFile, print_json, run


def oncall(
    at: Annotated[
        str | None,
        typer.Option(
            help="Another time than now, by each rota's own clock: 2026-12-24T18:00; with Z or +01:00, an instant."
        ),
    ] = None,
    home: Home = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell who has each rota and until when, and the week after: by the rota's clock and in UTC, gaps and overrides.

    For rotas of the policy (roster/...); on-call tools of vendors know their own.
    """
    from deployments.commands import oncall as telling
    from deployments.commands import settings

    weeks = run(telling.on_call(settings.policy_file(policy), home, at, datetime.now(UTC)))
    if as_json:
        print_json([asdict(week) for week in weeks])
    else:
        telling.print_on_call(Console(), weeks)
