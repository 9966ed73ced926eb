"""`liaison key` and `liaison key rotate`."""

from __future__ import annotations

from typing import Annotated

import typer

from deployments.commands.terminal import Home, run
from deployments.machine.home import liaison_home

key_app = typer.Typer()


@key_app.callback(invoke_without_command=True)
def key(context: typer.Context) -> None:
    """Make an operator's key for LIAISON_KEY: it encrypts the mirrored settings in the store."""
    if context.invoked_subcommand is None:
        from cryptography.fernet import Fernet

        print(Fernet.generate_key().decode())


@key_app.command()
def rotate(
    home: Home = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Drop all keys but the newest, once everybody has that one.")
    ] = False,
) -> None:
    """Put a new key before the old one, which still reads; then, with --forget, drop the old one.

    Links that were signed with a key are good until it is dropped.
    """
    from deployments.commands.key import rotate as rotate_key

    rotated = run(rotate_key(liaison_home(home), forgets=forget))
    if rotated.file is None:
        print(f"LIAISON_KEY={rotated.keys}")
        print("Give this to gateway, listener and worker, and start them anew.")
    else:
        print(f"{rotated.file} is written. Start Liaison anew.")
    if forget:
        print(
            f"{rotated.connections} connections are encrypted anew; models signed with an old key wait for `train`."
        )
    else:
        print("When all have it: liaison key rotate --forget")
