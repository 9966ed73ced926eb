"""`liaison what-if`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import AsJson, Home, PolicyFile, ask, print_json

if TYPE_CHECKING:
    from deployments.what_if.history import PolicyHistory
    from incidents.store.database import Database


def what_if(
    changed: Annotated[Path, typer.Argument(help="The changed policy file.", show_default=False)],
    *,
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 90,
    home: Home = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Replay the store's history under a changed policy: what would have been joined, paged and broken differently.

    Nothing is sent, and nothing in the store is changed. Says what a replay cannot know.
    """
    from deployments.commands import settings
    from deployments.what_if.difference import difference, lines
    from deployments.what_if.history import read_history
    from deployments.what_if.replay import replayed
    from incidents.policy.file import load_policy

    other, in_force = load_policy(changed), load_policy(settings.policy_file(policy))
    now = datetime.now(UTC)

    async def work(database: Database) -> PolicyHistory:
        return await read_history(database, since=now - timedelta(days=days), now=now)

    history = ask(home, work)
    found = difference(history, replayed(history, in_force), replayed(history, other))
    if as_json:
        print_json(found.as_json())
    else:
        for line in lines(found):
            print(line)
