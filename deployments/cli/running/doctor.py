"""`liaison doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.terminal import Home, PolicyFile, run
from deployments.machine.home import liaison_home


def doctor(
    file: Annotated[
        Path | None, typer.Argument(help="The file to write. Default: liaison-doctor-<time>.tar.gz here.")
    ] = None,
    home: Home = None,
    policy: PolicyFile = None,
    gateway: Annotated[str, typer.Option(help="Where the gateway listens.")] = "http://127.0.0.1:8400",
) -> None:
    """Collect a support bundle: versions, policy, what `liaison check` says, figures, last errors, ends of logs.

    Secrets are masked, and no customer's words are in it. Look through it before you send it.
    """
    from deployments.machine.prefect_login import use_prefect_server

    use_prefect_server(liaison_home(home))
    from deployments.commands import settings
    from deployments.commands.check import Surroundings
    from deployments.commands.doctor.bundle import collect

    where = Surroundings(home=home, policy=settings.policy_file(policy), gateway_url=gateway.rstrip("/"))
    file = file or Path(f"liaison-doctor-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar.gz")
    contents = run(collect(where, file))
    print(f"{file}: {', '.join(contents.parts)}")
    for name, why in contents.missing.items():
        print(f"not in it: {name} ({why})")
