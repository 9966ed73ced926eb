"""What wakes people is in their team's language; the words that an answer consists of are English in each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.roster import mapping
from incidents.rotas.page_desk import DueNotice, NoticeKind, PageWords
from incidents.texts.team import team_reads


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_notice_is_in_the_teams_language(language):
    notice = DueNotice(
        id=1,
        page_id=1,
        changed_by="",
        kind=NoticeKind.WAKE,
        person="ana",
        name="Ana",
        way="ana-phone",
        wait=timedelta(minutes=5),
        attempts=1,
        words=PageWords(summary="Checkout fails", text="Who is hit: 12", links=""),
    )
    said = {
        "en": ("Say that you have it, or that it works again: https://x.example", "in 5 min"),
        "de": (
            "Hier übernehmen oder melden, dass es wieder funktioniert: https://x.example",
            "der nächste Versuch in 5 min",
        ),
    }
    with team_reads(language):
        _, text = mapping.notice_of(notice, "https://x.example", by_mail=True)
    assert all(part in text for part in said[language])
    assert ("funktioniert wieder), escalate (" in text) == (language == "de")
