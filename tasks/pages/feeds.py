"""Whether the feeds are as they usually are, as a page: a section a connection, with what is not and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import sentence, worded, worded_as
from incidents.texts.times import day_and_clock, grouped
from insights.quality.checked_feed import CheckedFeed, Unchecked
from insights.quality.report import Check
from insights.store.feed_history import AT_OPENING, BY_PEOPLE
from tasks.pages.markdown import plain

_CHECKS = {
    Check.COLUMNS: sentence("columns"),
    Check.ROWS: sentence("rows"),
    Check.FRESHNESS: sentence("freshness"),
    Check.COMPLETENESS: sentence("completeness"),
    Check.RANGE: sentence("range"),
    Check.VALUES: sentence("values"),
    Check.UNIQUE: sentence("unique"),
    Check.ORDER: sentence("order"),
    Check.VOLUME: sentence("volume"),
    Check.DRIFT: sentence("drift"),
}


def feeds_page(
    feeds: Sequence[CheckedFeed],
    unchecked: Sequence[Unchecked],
    unheard: Sequence[str],
    headline: str,
    *,
    now: datetime,
) -> str:
    """All feeds that were looked at, and those that could not be; `unheard` says in which chats it was not told."""
    title = worded("Feeds: {headline}", headline=plain(headline))
    lines = [f"# {title}", "", worded("As of {time}.", time=day_and_clock(now)), ""]
    lines += [f"- {plain(one)}" for one in unheard]
    for failed in unchecked:
        why = plain(cut(one_line(failed.why), 500))
        lines += ["", f"## {plain(failed.connection)}", "", f"**{worded('Could not be checked')}**: {why}"]
    for feed in feeds:
        lines += ["", f"## {plain(feed.connection)}", "", *_section(feed)]
    return "\n".join(lines)


def _section(feed: CheckedFeed) -> list[str]:
    if feed.too_little:
        return [worded("Not compared yet: {why}.", why=plain(feed.too_little))]
    found = [f"- **{worded_as(_CHECKS[finding.check])}**: {plain(str(finding))}" for finding in feed.findings]
    how = worded(
        "Held {recent} tickets since {since} against the {earlier} before, in {checks} checks: how many come, when the "
        "last one came, whether {filled} are filled in, and whether the values of {known} are known ones.",
        recent=grouped(feed.recent),
        since="" if feed.since is None else day_and_clock(feed.since),
        earlier=grouped(feed.learnt_from),
        checks=feed.checked,
        filled=", ".join(AT_OPENING),
        known=", ".join((*AT_OPENING[3:], *BY_PEOPLE)),
    )
    return [*(found or [worded("As usual.")]), "", how]
