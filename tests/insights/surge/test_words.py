"""What speaks for a surge, in the team's language, its numbers as they are written there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from incidents.texts.team import team_reads
from insights.surge.words import evidence_words

UNTIL = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
SAID = {
    "en": (
        "2 reports of service checkout within 12 min, where 0.8 are usual on a Monday at 14:30",
        "by chance, so many are seen once in 20,000 reports",
        "tier: gold 2 of 2",
    ),
    "de": (
        "2 Meldungen (Dienst checkout) in 12 min, üblich am Montag um 14:30 Uhr: 0,8",
        "zufällig kommen so viele nur einmal in 20.000 Meldungen vor",
        "Stufe: gold bei 2 von 2",
    ),
}


@pytest.mark.parametrize("language", SAID)
def test_a_surge_is_told_in_the_teams_language(language: str):
    report = (("service", "checkout"), ("tier", "gold"))
    with team_reads(language):
        said = evidence_words(
            report[:1],
            [report, report],
            since=UNTIL - timedelta(minutes=12),
            until=UNTIL,
            expected=0.8,
            probability=1 / 20_000,
        )
    assert said == SAID[language]
