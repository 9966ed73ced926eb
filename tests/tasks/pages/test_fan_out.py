"""How far an update to many has come, as people read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from incidents.store.ledger.fan_outs import FanOutProgress, HelpdeskProgress
from tasks.pages.fan_out import fan_out_page, fan_out_title

NOW = datetime(2026, 11, 30, 10, 35, 5, tzinfo=UTC)


def desk(connection: str, *, told: int, left: int, **more: object) -> HelpdeskProgress:
    values = {"given_up": 0, "others_left": 0, "next_at": None, "ends_at": None} | more
    return HelpdeskProgress(connection=connection, told=told, left=left, **values)  # type: ignore[arg-type]


def progress(*helpdesks: HelpdeskProgress) -> FanOutProgress:
    return FanOutProgress(began_at=NOW - timedelta(minutes=12), shown_at=None, helpdesks=helpdesks)


def test_under_way():
    found = progress(
        desk(
            "zendesk/support",
            told=1_240,
            left=760,
            next_at=NOW + timedelta(seconds=7),
            ends_at=NOW + timedelta(minutes=6, seconds=40),
        ),
        desk("mail/desk", told=300, left=0),
        desk("http/shop", told=2, left=1, given_up=1, ends_at=NOW + timedelta(seconds=5), others_left=4),
    )
    assert fan_out_title("INC-7", found, now=NOW) == "INC-7: 1,542 of 2,303 customers told"
    page = fan_out_page("INC-7", found, now=NOW)
    assert page.splitlines()[:8] == [
        "# INC-7: customers are being told",
        "",
        "**1,542 of 2,303 customers told.** All of them by 10:42 UTC, in about 7 minutes.",
        "",
        "| helpdesk | told | left | next free slot | expected end |",
        "| --- | --: | --: | --- | --- |",
        "| zendesk/support | 1,240 | 760 | 10:35:12 UTC | 10:42 UTC, in about 7 minutes |",
        "| mail/desk | 300 | 0 | | all told |",
    ]
    assert "| http/shop | 2 | 1 | now | 10:36 UTC, in less than a minute |" in page
    assert "4 notes and statuses on tickets are still to come, by the same limits." in page
    assert "**1 could not be told and waits for a person**: see `liaison held`." in page
    assert page.endswith("As of 10:35:05 UTC; it began at 10:23 UTC.")


def test_at_its_end_one_line():
    found = progress(desk("zendesk/support", told=2_000, left=0), desk("mail/desk", told=3, left=0))
    assert fan_out_title("INC-7", found, now=NOW) == "INC-7: all told at 10:35 UTC"
    assert fan_out_page("INC-7", found, now=NOW).splitlines() == [
        "# INC-7: all told at 10:35 UTC",
        "",
        "2,003 customers were told, in about 12 minutes.",
    ]


def test_some_wait_for_a_person():
    """All told but two: it is over, and says who is left."""
    found = progress(desk("zendesk/support", told=98, left=0, given_up=2))
    assert "**2 could not be told and wait for a person**" in fan_out_page("INC-7", found, now=NOW)
    assert fan_out_title("INC-7", found, now=NOW) == "INC-7: all told at 10:35 UTC, but 2"
