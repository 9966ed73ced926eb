"""The page that tells Prefect what was done without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from incidents.store.emergencies import DoneWithout, Emergency
from tasks.pages.emergency import emergency_page

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EMERGENCY = Emergency(
    id=3, holder="vm, process 7", began_at=NOON, ended_at=NOON + timedelta(minutes=6, seconds=5)
)


def done(incident_id: int, text: str) -> DoneWithout:
    return DoneWithout(incident_id=incident_id, at=NOON + timedelta(seconds=30), text=text)


def test_step_by_step_for_each_incident():
    steps = [done(1, "Paged by p/d"), done(1, "Closed"), done(2, "Paged by p/d")]
    page = emergency_page(EMERGENCY, steps, sent_to_tickets=0, stories={"inc-1": UUID(int=1)})
    assert (
        "**2026-11-23 12:00:00 to 2026-11-23 12:06:05 UTC**: worker vm, process 7 went on by itself." in page
    )
    assert page.splitlines()[4:] == [
        f"## [INC-1](/artifacts/artifact/{UUID(int=1)})",
        "",
        "- 12:00:30 Paged by p/d",
        "- 12:00:30 Closed",
        "",
        "## [INC-2](/artifacts/key/inc-2)",
        "",
        "- 12:00:30 Paged by p/d",
    ]


def test_customers_words_are_text_and_a_night_is_cut():
    steps = [done(1, "![x](http://x.example/)")] * 502
    page = emergency_page(EMERGENCY, steps, sent_to_tickets=4, stories={})
    assert "![x]" not in page
    assert page.count("- 12:00:30") == 500
    assert "2 more steps are in the incidents' own pages." in page
    assert "4 notes and changes went to tickets that belong to no incident." in page
