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
    use_new: Annotated[
        bool, typer.Option("--use-new", help="Write with the new key, once everybody has it.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Drop all keys but the newest, once everybody writes with it.")
    ] = False,
) -> None:
    """Add a new key that only reads; then, with --use-new, write with it; then, with --forget, drop the old one.

    Start gateway, listener and worker anew after each step. Links that were signed with a key are good until it is
    dropped.
    """
    from deployments.commands.key import RotationStep
    from deployments.commands.key import rotate as rotate_key

    if use_new and forget:
        raise typer.BadParameter("one step at a time: --use-new, and --forget when all were started anew")
    step = RotationStep.FORGET if forget else RotationStep.USE if use_new else RotationStep.ADD
    rotated = run(rotate_key(liaison_home(home), step))
    if rotated.file is None:
        print(f"LIAISON_KEY={rotated.keys}")
        print("Give this to gateway, listener and worker on every machine, and start them anew.")
    else:
        print(f"{rotated.file} is written. Start Liaison anew.")
    if step is RotationStep.ADD:
        print("When all have it: liaison key rotate --use-new")
    elif step is RotationStep.USE:
        print("When all have it: liaison key rotate --forget")
    else:
        print(
            f"{rotated.connections} connections are encrypted anew; models signed with an old key wait for `train`."
        )
