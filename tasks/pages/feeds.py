"""Whether the feeds are as they usually are, as a page: a section a connection, with what is not and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from incidents.texts.plain_text import cut, one_line
from insights.quality.checked_feed import CheckedFeed, Unchecked
from insights.store.feed_history import AT_OPENING, BY_PEOPLE
from tasks.pages.markdown import plain


def feeds_page(
    feeds: Sequence[CheckedFeed],
    unchecked: Sequence[Unchecked],
    unheard: Sequence[str],
    headline: str,
    *,
    now: datetime,
) -> str:
    """All feeds that were looked at, and those that could not be; `unheard` says in which chats it was not told."""
    lines = [f"# Feeds: {plain(headline)}", "", f"As of {now:%Y-%m-%d %H:%M UTC}.", ""]
    lines += [f"- {plain(one)}" for one in unheard]
    for failed in unchecked:
        why = plain(cut(one_line(failed.why), 500))
        lines += ["", f"## {plain(failed.connection)}", "", f"**Could not be checked**: {why}"]
    for feed in feeds:
        lines += ["", f"## {plain(feed.connection)}", "", *_section(feed)]
    return "\n".join(lines)


def _section(feed: CheckedFeed) -> list[str]:
    if feed.too_little:
        return [f"Not compared yet: {plain(feed.too_little)}."]
    found = [f"- **{finding.check}**: {plain(str(finding))}" for finding in feed.findings]
    how = (
        f"Held {feed.recent:,} tickets since {feed.since:%Y-%m-%d %H:%M UTC} against the {feed.learnt_from:,} before, "
        f"in {feed.checked} checks: how many come, when the last one came, whether {', '.join(AT_OPENING)} are filled "
        f"in, and whether the values of {', '.join((*AT_OPENING[3:], *BY_PEOPLE))} are known ones."
    )
    return [*(found or ["As usual."]), "", how]
