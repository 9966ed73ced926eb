"""What webhooks missed, as a page: a section a connection; calm where nothing differed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from incidents.texts.plain_text import cut, one_line
from tasks.pages.markdown import plain
from tasks.stages.missed import LookedAt, MissedChange

_NAMED = 10


def missed_title(looks: Sequence[LookedAt]) -> str:
    """In a few words: for the list of pages, and to tell one look's page from the last one's."""
    missed = sum(len(one.missed) for one in looks)
    away = [one.connection for one in looks if one.why_not]
    words = f"{missed:,} change(s) that no webhook told" if missed else "webhooks missed nothing"
    return f"{words}; not looked at: {', '.join(away)}" if away else words


def missed_page(looks: Sequence[LookedAt], *, now: datetime) -> str:
    """Per connection what differed, since when, and what was done."""
    missed = [one for one in looks if one.missed]
    away = [one for one in looks if one.why_not]
    lines = ["# What webhooks missed", "", f"Looked at {now:%Y-%m-%d %H:%M UTC}.", ""]
    if not missed:
        lines += ["**Nothing: everything that was looked at is as the webhooks told it.**", ""]
    for one in missed:
        lines += [f"## {plain(one.connection)}", "", *_table(one.missed), ""]
    for one in away:
        why = plain(cut(one_line(one.why_not), 300))
        lines.append(
            f"**{plain(one.connection)} could not be looked at**: {why}. It will be, from the last look on."
        )
    calm = [one for one in looks if not one.missed and not one.why_not]
    if calm:
        lines += ["", "| as it was told | looked at |", "| --- | --: |"]
        lines += [f"| {plain(one.connection)} | {one.looked:,} |" for one in calm]
    if missed:
        lines += ["", "All of it is made good. If a connection is here often: `liaison check --webhooks`."]
    return "\n".join(lines)


def _table(missed: Sequence[MissedChange]) -> Iterator[str]:
    yield "| what differed | how many | since | what was done | which |"
    yield "| --- | --: | --- | --- | --- |"

    def alike(one: MissedChange) -> tuple[str, str]:
        return one.what, one.done

    for (what, done), some in groupby(sorted(missed, key=alike), key=alike):
        found = list(some)
        times = [one.since for one in found if one.since is not None]
        since = f"{min(times):%m-%d %H:%M UTC}" if times else ""
        names = ", ".join(one.subject for one in found[:_NAMED])
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        yield f"| {plain(what)} | {len(found):,} | {since} | {plain(done)} | {plain(names)}{more} |"
