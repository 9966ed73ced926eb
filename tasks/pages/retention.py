"""What the nightly pruning removed, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tasks.retention.pruned import Pruned

_DAY = timedelta(days=1)


def retention_page(pruned: Sequence[Pruned], failures: Sequence[str], *, now: datetime) -> str:
    """A row a kind; `failures` say what could not be pruned, and why."""
    lines = [
        f"# Pruned {now:%Y-%m-%d %H:%M UTC}",
        "",
        "| what | removed | kept for |",
        "| --- | --: | --- |",
        *(_row(one) for one in pruned),
        "",
        *(f"- **{failure}**" for failure in failures),
        "",
        "How long what is kept is the policy's `retention`; what is not over yet is never pruned.",
    ]
    return "\n".join(lines)


def total(pruned: Sequence[Pruned]) -> int:
    """How many things were removed in all."""
    return sum(one.count for one in pruned)


def _row(one: Pruned) -> str:
    more = "" if one.is_all else ", more to come"
    return f"| {one.what} | {one.count:,}{more} | {_words(one.kept)} |"


def _words(kept: timedelta) -> str:
    return f"{kept / _DAY:g} days" if kept >= _DAY else f"{kept / timedelta(hours=1):g} hours"
