"""`liaison drill`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import AsJson, Home, PolicyFile, print_json, run
from deployments.machine.home import liaison_home

if TYPE_CHECKING:
    from deployments.drill.accounts.play import AccountDrillResult
    from deployments.drill.play import DrillResult


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
    on: Annotated[
        Path | None,
        typer.Option(
            "--on",
            help="Play it on sandbox accounts of your own, which this file names: helpdesk: and pager:, each a saved"
            " connection that is marked is_sandbox.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --on: write there without being asked once more.")
    ] = False,
    clean_up: Annotated[
        bool,
        typer.Option("--clean-up", help="Solve and resolve what an interrupted drill left at its accounts."),
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it running at the end, to look around in the Prefect UI.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the Prefect UI.")] = 4200,
    home: Home = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Play a game day and score it: time to page, customers told, promises kept.

    On a scratch installation with the demo's policy and fakes; with --on, on sandbox accounts of your own, after it
    has said what it will write there and been told yes. Exit code 1 unless every measure reached its goal.
    """
    if clean_up:
        raise typer.Exit(0 if _clean_up(home, policy) else 1)
    from deployments.drill.stories import STORIES, story_named

    if tell_stories or not story:
        if as_json:
            print_json({one.name: one.what for one in STORIES.values()})
        for one in STORIES.values() if not as_json else ():
            print(f"{one.name:<16}{one.what}")
        raise typer.Exit(0 if tell_stories else 2)
    chosen = story_named(story)
    if on is not None and keep:
        raise typer.BadParameter("what is kept would go on writing to your accounts", param_hint="--keep")
    if on is not None:
        _use_operators_prefect(home)
    from deployments.demo.scratch import DemoOptions
    from deployments.drill.play import play_drill

    within = timedelta(seconds=page_within) if page_within is not None else None
    options = DemoOptions(keep=keep, api_port=port, is_quiet=as_json)
    result: DrillResult | AccountDrillResult
    if on is None:
        result = run(play_drill(chosen, options, page_within=within))
    else:
        from deployments.drill.accounts.command import AccountWishes, drill_on_accounts

        wishes = AccountWishes(
            sandbox=on,
            home=liaison_home(home),
            in_force=_in_force(home, policy),
            is_agreed=yes,
            page_within=within,
        )
        result = run(drill_on_accounts(chosen, options, wishes, _say, _ask))
    if as_json:
        print_json(result.as_json())
    raise typer.Exit(0 if result.ok else 1)


def _clean_up(home: Path | None, policy: Path | None) -> bool:
    _use_operators_prefect(home)
    from deployments.drill.accounts.command import clean_up_all

    return run(clean_up_all(liaison_home(home), _in_force(home, policy), _say))


def _use_operators_prefect(home: Path | None) -> None:
    """Before Prefect is imported: the connections are saved there."""
    from deployments.machine.prefect_login import use_prefect_server

    use_prefect_server(liaison_home(home))


def _in_force(home: Path | None, policy: Path | None) -> list[Path]:
    """The policy that is given or found, and the one that runs here; the example is nobody's."""
    from deployments.commands import settings
    from deployments.machine.whereabouts import whereabouts

    running = whereabouts(liaison_home(home))
    found = [settings.policy_file(policy), *([Path(running.policy)] if running is not None else [])]
    return list(dict.fromkeys(one.resolve() for one in found if one != settings.EXAMPLE_POLICY))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _ask(question: str) -> str:
    """ "" where nobody is there to type."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()
