"""Reports of a small shop, made from a seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from insights.similar.report import KnownDuplicate, TicketReport

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WORDS = (
    "checkout",
    "payment",
    "card",
    "order",
    "basket",
    "invoice",
    "login",
    "mail",
    "search",
    "filter",
    "photo",
)


def a_report(id="T1", minutes_ago=10.0, **facts):
    given = {"service": "checkout", "title": "checkout fails with error 502"}
    return TicketReport(id=str(id), opened_at=NOW - timedelta(minutes=minutes_ago), **{**given, **facts})


def past(count: int = 400, *, seed: int = 5) -> tuple[list[TicketReport], list[KnownDuplicate]]:
    """Reports an hour apart; each third repeats a recent one that repeats none, partly in its words, at its
    place."""
    chance = np.random.default_rng(seed)
    reports: list[TicketReport] = []
    duplicates: list[KnownDuplicate] = []
    for number in range(count):
        opened = NOW - timedelta(hours=count - number)
        repeats = (
            reports[number - int(chance.choice([1, 2, 4, 5, 7]))] if number % 3 == 0 and number > 7 else None
        )
        said = [str(word) for word in chance.choice(WORDS, 4, replace=False)]
        if repeats is not None:
            said[:2] = repeats.title.split()[:2]
        place = (42.0 + 0.3 * float(chance.random()), -71.0 + 0.3 * float(chance.random()))
        reports.append(
            TicketReport(
                id=f"P{number}",
                opened_at=opened,
                service="checkout" if number % 2 else "search",
                title=" ".join(said),
                place=repeats.place if repeats is not None else place,
            )
        )
        if repeats is not None:
            duplicates.append(
                KnownDuplicate(newer=f"P{number}", older=repeats.id, known_at=opened + timedelta(minutes=30))
            )
    return reports, duplicates
