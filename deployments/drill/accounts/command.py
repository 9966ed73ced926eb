"""`liaison drill --on`: looked at, said, agreed to, played; and `--clean-up` of what an interrupted one left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deployments.demo.scratch import DemoOptions
from deployments.drill.accounts.admission import admitted, policies_in_force
from deployments.drill.accounts.clean_up import clean_up
from deployments.drill.accounts.fitting import fitted
from deployments.drill.accounts.journal import DrillJournal, left_over
from deployments.drill.accounts.plan import DrillMarks, plan_lines, require_yes
from deployments.drill.accounts.play import (
    AccountDrill,
    AccountDrillResult,
    play_on_accounts,
    tell_cleaned_up,
)
from deployments.drill.accounts.remnants import discard, is_being_played
from deployments.drill.accounts.sandbox_file import read_sandbox_file
from deployments.drill.stories import DrillStory
from incidents.errors import LiaisonError


class NotCleanedUp(LiaisonError):
    """An earlier drill has left something at the accounts."""


@dataclass(frozen=True, kw_only=True)
class AccountWishes:
    """As it was typed: see `liaison drill --help`. `in_force` are the files of policies that real work goes by."""

    sandbox: Path
    home: Path
    in_force: Sequence[Path]
    is_agreed: bool
    page_within: timedelta | None


async def drill_on_accounts(
    story: DrillStory,
    options: DemoOptions,
    wishes: AccountWishes,
    say: Callable[[str], None],
    ask: Callable[[str], str],
) -> AccountDrillResult:
    """Raises `LiaisonError` for whatever keeps it from being played; until the yes nothing is written."""
    file = read_sandbox_file(wishes.sandbox)
    played = fitted(story, file.tickets)
    for left in left_over(wishes.home):
        _require_ended(left)
        raise NotCleanedUp(f"an earlier drill was not cleaned up ({left.tag}): liaison drill --clean-up")
    in_force = policies_in_force(wishes.in_force)
    accounts = await admitted(file, in_force)
    try:
        marks = DrillMarks.fresh(file.customers)
        for line in plan_lines(played, accounts, marks, looked_at=[str(one.file) for one in in_force]):
            say(line)
        require_yes(file.helpdesk, is_agreed=wishes.is_agreed, ask=ask)
        drill = AccountDrill(story=played, accounts=accounts, marks=marks, home=wishes.home)
        return await play_on_accounts(drill, options, page_within=wishes.page_within)
    finally:
        await accounts.aclose()


async def clean_up_all(home: Path, in_force: Sequence[Path], say: Callable[[str], None]) -> bool:
    """What drills have left at their accounts; whether nothing is left now. The accounts must be admitted still."""
    found = left_over(home)
    if not found:
        say("no drill has left anything")
    is_clean = True
    for journal in found:
        _require_ended(journal)
        say(f"{journal.tag} ({journal.story}), begun {journal.began:%Y-%m-%d %H:%M} UTC")
        if not await discard(journal.scratch):
            raise NotCleanedUp(f"what {journal.tag} started still runs on {journal.scratch}: end it first")
        accounts = await admitted(journal.accounts, policies_in_force(in_force))
        try:
            done = await clean_up(accounts.desk, accounts.pager, journal, home, say)
        finally:
            await accounts.aclose()
        tell_cleaned_up(done, say)
        is_clean = is_clean and not done.left
    return is_clean


def _require_ended(journal: DrillJournal) -> None:
    if is_being_played(journal.scratch):
        raise NotCleanedUp(
            f"{journal.tag} is being played on this machine: end it with Ctrl-C, or wait for it"
        )
