"""`liaison catalog-import`: services out of a catalogue, as sections of the policy file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import PolicyFile, run
from deployments.machine.home import liaison_home


def catalog_import(
    connection: Annotated[str, typer.Argument(help="The catalogue's connection, such as catalogfile/main.")],
    policy: PolicyFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new file for the sections. Default: standard output.")
    ] = None,
) -> None:
    """Take over services, their teams and what they depend on from a catalogue.

    The sections `services` and `teams` go to standard output or to --out as YAML, what to look at to standard error.
    Nothing is changed or overwritten.
    """
    from deployments.machine.prefect_login import use_prefect_server

    use_prefect_server(liaison_home())
    from deployments.commands import settings
    from deployments.commands.catalog import import_catalog, print_remarks
    from deployments.commands.imports.report import save_new

    sections = run(import_catalog(connection, settings.policy_file(policy)))
    print_remarks(Console(stderr=True), sections)
    if out is None:
        print(sections.text, end="")
    else:
        save_new(sections.text, out)
