"""`liaison backup` and `liaison restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.terminal import Home, run


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")], home: Home = None
) -> None:
    """Write both databases and the operator's key into one file, while Liaison runs.

    Whoever has the file has every secret: keep it as you keep the key.
    """
    from deployments.commands.backup import back_up

    contents = back_up(home, file)
    print(
        f"{file} has the store and the key" + (", and Prefect's database." if contents.has_prefect else ".")
    )
    if not contents.has_prefect:
        print("Prefect's database is not ours: back it up where it is.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file of `liaison backup`.")], home: Home = None
) -> None:
    """Make a data folder from a backup; `liaison up` then starts it.

    What may have been sent since the backup is looked up at the vendors before it is sent again.
    """
    from deployments.commands.backup import restore as make

    contents = run(make(home, file))
    print(f"Restored as of {contents.taken_at}. Start it with `liaison up`.")
