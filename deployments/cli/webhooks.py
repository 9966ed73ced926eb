"""`liaison check --webhooks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import print_json, run

PublicUrl = Annotated[
    str | None,
    typer.Option(
        envvar="LIAISON_PUBLIC_URL",
        help="With --webhooks: the gateway's address as vendors reach it, such as https://liaison.example.com.",
    ),
]


def check_webhooks(
    home: Path | None, *, public_url: str | None, repairs: bool, is_sure: bool, as_json: bool
) -> int:
    """Look, say what a repair would do, ask, mend, look again; the exit code."""
    from deployments.commands import settings, webhooks

    console = Console(stderr=as_json)
    address = settings.public_url(public_url)

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    async def work() -> list[webhooks.WebhookHealth]:
        async with webhooks.opened_doctor(home, public_url=address, say=say) as doctor:
            found = await doctor.look()
            plan = webhooks.plan(found)
            if not repairs or not plan:
                return found
            if not as_json:
                webhooks.print_health(console, found)
            for line in ("Repair:", *plan):
                say(line)
            if not is_sure and not typer.confirm("Do it?", err=as_json):
                return found
            return [await doctor.repair(one) if one.repairs else one for one in found]

    found = run(work())
    if as_json:
        print_json([webhooks.health_as_json(one) for one in found])
    else:
        webhooks.print_health(console, found)
        if not found:
            say(
                "No connection is known whose vendor sends webhooks. `liaison check` says whether Prefect answers."
            )
    return 0 if all(one.is_well for one in found) else 1
