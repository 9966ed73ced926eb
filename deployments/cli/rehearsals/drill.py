"""`liaison drill`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from deployments.commands.terminal import AsJson, print_json, run


def drill(
    story: Annotated[
        str, typer.Argument(help="Which story; `liaison drill --list` tells them.", show_default=False)
    ] = "",
    *,
    tell_stories: Annotated[bool, typer.Option("--list", help="Tell the stories, and play none.")] = False,
    page_within: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds until the page must be out. Default: 60, or the policy's response target if shorter.",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it running at the end, to look around in the Prefect UI.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the Prefect UI.")] = 4200,
    as_json: AsJson = False,
) -> None:
    """Play a game day on the demo's fakes and score it: time to page, customers told, promises kept.

    On a scratch installation, with the demo's policy. Exit code 1 unless every measure reached its goal.
    """
    from deployments.drill.stories import STORIES, story_named

    if tell_stories or not story:
        if as_json:
            print_json({one.name: one.what for one in STORIES.values()})
        for one in STORIES.values() if not as_json else ():
            print(f"{one.name:<16}{one.what}")
        raise typer.Exit(0 if tell_stories else 2)
    chosen = story_named(story)
    from deployments.demo.scratch import DemoOptions
    from deployments.drill.play import play_drill

    within = timedelta(seconds=page_within) if page_within is not None else None
    options = DemoOptions(keep=keep, api_port=port, is_quiet=as_json)
    result = run(play_drill(chosen, options, page_within=within))
    if as_json:
        print_json(result.as_json())
    raise typer.Exit(0 if result.ok else 1)
