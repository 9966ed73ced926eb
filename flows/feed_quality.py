"""Feed quality: each hour, whether what the helpdesks send is as it usually is, before anybody learns from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefect import flow

from flows.names import rename_run
from flows.telling import telling
from incidents.errors import LiaisonError
from incidents.texts.team import team_reads, worded, worded_count
from insights.quality.checked_feed import CheckedFeed, Unchecked
from tasks import resources
from tasks.insights.feed_quality import (
    check_connection,
    show_feeds,
    tell_findings,
)
from tasks.without_prefect import run_logger


@telling("What helpdesks send may be odd, and nobody is told.")
@flow(name="feed_quality")
async def feed_quality() -> str:
    """Check every helpdesk of the policy, show what is not as usual, and tell it in the teams' chats once a day.

    A finding is no failure. A check that could not be made is one: it keeps the others from nothing, and fails the
    run at its end. A chat that is away is told on the page and in the log.
    """
    checked: list[CheckedFeed] = []
    failures: dict[str, Exception] = {}
    for connection in resources.policy().helpdesks:
        try:
            checked.append(await check_connection(connection))
        except Exception as error:  # noqa: BLE001 - whatever stops one check, the other feeds are still looked at
            failures[connection] = error
    headline = _headline(checked, list(failures))
    await rename_run(f"feed_quality {headline}")
    unheard = await _tell([feed for feed in checked if feed.findings])
    unchecked = [Unchecked(connection=name, why=str(error)) for name, error in failures.items()]
    # The page is the team's; runs and their states are English, as Prefect's UI around them.
    with team_reads(resources.policy().language.team):
        shown, untold = _headline(checked, list(failures)), _untold(unheard)
    await show_feeds(checked, unchecked, untold, shown)
    if failures:
        raise next(iter(failures.values()))
    return "; ".join([headline, *_untold(unheard)])


def _untold(unheard: Mapping[str, str]) -> list[str]:
    return [worded("not told in {chat}: {error}", chat=chat, error=error) for chat, error in unheard.items()]


async def _tell(feeds: Sequence[CheckedFeed]) -> Mapping[str, str]:
    """Post in each chat of the policy; returns by chat why it could not be told there."""
    unheard: dict[str, str] = {}
    chats = {team.chat for team in resources.policy().teams.values() if team.chat is not None}
    for chat in sorted(chats) if feeds else ():
        try:
            await tell_findings(chat, feeds)
        except LiaisonError as error:
            run_logger().warning("the findings were not told in %s: %s", chat, error)
            unheard[chat] = str(error)
    return unheard


def _headline(checked: Sequence[CheckedFeed], failed: Sequence[str]) -> str:
    """`all well`, or `2 findings: zendesk/support`, and what could not be checked."""
    findings = sum(len(feed.findings) for feed in checked)
    parts = []
    if findings:
        names = ", ".join(feed.connection for feed in checked if feed.findings)
        parts.append(
            worded_count("{count} finding: {names}", "{count} findings: {names}", findings, names=names)
        )
    if failed:
        parts.append(worded("could not check {names}", names=", ".join(failed)))
    young = [feed.connection for feed in checked if feed.too_little]
    if not parts and len(young) < len(checked):
        parts.append(worded("all well"))
    if young:
        parts.append(worded("too little history: {names}", names=", ".join(young)))
    return "; ".join(parts)
