"""`liaison init`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import Home, run

_BEFORE = """Liaison asks a few questions, and tries each answer. Enter takes what stands in [brackets].
Ctrl-C stops; what you answered, less the secrets, is remembered for the next try. Nothing else is written yet.
"""
Given = Annotated[
    list[str] | None,
    typer.Option("--answer", "-a", help="An answer beforehand: helpdesk=mailbox. May be said many times."),
]


def init(
    *,
    home: Home = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="The policy to write. Default: LIAISON_POLICY, else ./liaison.yaml."),
    ] = None,
    answer: Given = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="A YAML file of answers, with the secrets; readable by you alone (chmod 600)."),
    ] = None,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Ask nothing: take the answers, else what Enter would say.")
    ] = False,
    replace: Annotated[
        list[str] | None,
        typer.Option(help="May be replaced: policy, or a connection such as mail/support. Else it is kept."),
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Leave it running at the end, without asking.")
    ] = False,
) -> None:
    """Set Liaison up by a few questions: a policy, the connections, and a look until all is well.

    A mailbox is enough to begin with. Every answer is tried at once. What is there stays, unless you say
    otherwise; it may be run again at any time. Exit code 1 if not all is well at the end.
    """
    from deployments.commands.first_hour.answers import FILE, Screen, SetupAnswers, given_answers
    from deployments.machine.home import liaison_home

    console = Console(stderr=False)

    def say(text: str = "") -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    given = given_answers(answer or [], answers)
    folder = liaison_home(home)
    # Never a temporary server of Prefect's own: it would take the connections and be gone.
    os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
    from deployments.commands.first_hour.init import InitOptions
    from deployments.commands.first_hour.init import init as run_init
    from deployments.machine.stack import StackOptions

    wanted = policy or Path(os.environ.get("LIAISON_POLICY") or "liaison.yaml")
    options = InitOptions(
        stack=StackOptions.from_environment(os.environ, policy=wanted, say=say, home=folder),
        answers=SetupAnswers(
            given,
            given_from=str(answers) if answers is not None and not answer else "--answer",
            terminal=None if no_input else Screen(say),
            kept=None if no_input else folder / FILE,
        ),
        now=datetime.now(UTC),
        replaced=frozenset(replace or ()),
        stays=stay,
    )
    if not no_input:
        say(_BEFORE)
    raise typer.Exit(0 if run(run_init(options)) else 1)
