"""`liaison parked`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import AsJson, Home, ask, print_json

if TYPE_CHECKING:
    from incidents.store.database import Database
    from incidents.store.inbox.parked import AsideKind, ParkedDelivery


def parked(
    *,
    home: Home = None,
    id: Annotated[list[int] | None, typer.Option(help="Only this one; may be said several times.")] = None,
    connection: Annotated[str | None, typer.Option(help="Only this connection's, such as http/desk.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only those with these words in their reason.")] = None,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="How many of which kind, and of types that are not read.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Put them back in line, after an upgrade.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Have done with them; say which.")] = False,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1)] = 500,
    as_json: AsJson = False,
) -> None:
    """List webhooks that were stored but not understood, the newest first.

    --again and --discard act on those that --id, --connection and --reason leave. What is discarded stays in the store
    and is read no more.
    """
    from deployments.commands import parked as waiting
    from incidents.store.inbox.parked import ParkedDelivery, WhichParked

    which = WhichParked(connection=connection, ids=tuple(id or ()), reason=reason)

    async def work(database: Database) -> Sequence[AsideKind] | Sequence[ParkedDelivery]:
        if again:
            print(f"{await waiting.read_again(database, which)} put back in line", file=sys.stderr)
        if discard:
            print(f"{await waiting.discard(database, which)} discarded", file=sys.stderr)
        if kinds:
            return await waiting.kinds(database)
        return await waiting.parked_deliveries(database, which, limit=limit)

    found = ask(home, work)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        if isinstance(item, ParkedDelivery):
            print(
                f"{item.id} {item.connection} {item.received_at:%Y-%m-%d %H:%M:%S} {item.size} bytes: {item.reason}"
            )
        else:
            print(
                f"{item.count:>7,} {item.state} {item.connection}, last {item.newest_at:%Y-%m-%d %H:%M:%S}:"
                f" {item.reason}"
            )
    if not found:
        print("Nothing is parked.")
