"""`liaison oncall`: who has it, told to somebody who is tired."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from deployments.commands.oncall import RotaWeek, on_call, print_on_call
from incidents.errors import LiaisonError
from incidents.policy.file import rota_remarks
from incidents.store.database import Database
from incidents.store.roster.desk import StoredPageDesk
from tests.incidents.policy.test_rotas import BASE, ROTA

NOW = datetime(2026, 12, 22, 12, 0, tzinfo=UTC)
OVERRIDE = "    overrides: [{person: ana, from: 2026-12-24 18:00, to: 2026-12-26 09:00}]\n"
OFFICE = """\
  office:
    title: In office hours
    timezone: America/New_York
    layers: [{people: [bo], hand_over: 2026-11-02 09:00, hours: {mon-fri: [09:00-17:00]}}]
"""
FEED = """\
rotas:
  payments: {timezone: Europe/Berlin, feed: team}
"""
CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Bo Berg\r\n"
    "DTSTART:20261222T080000Z\r\nDTEND:20261224T080000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Zed\r\n"
    "DTSTART:20261225T080000Z\r\nDTEND:20261226T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def policy_of(folder: Path, rotas: str) -> Path:
    file = folder / "liaison.yaml"
    file.write_text(BASE + rotas)
    return file


def printed(weeks: list[RotaWeek]) -> str:
    console = Console(file=io.StringIO(), width=60)
    print_on_call(console, weeks)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_now_and_the_week(tmp_path: Path):
    """Who has it is the first word; overrides are marked, and what goes on after the week is not said to end."""
    weeks = await on_call(policy_of(tmp_path, ROTA + OVERRIDE), tmp_path, None, NOW)
    assert printed(weeks) == (
        "payments: Bo Berg until Thu 24 Dec 18:00 (Europe/Berlin)\n"
        "  by its own clock                       UTC\n"
        "  Tue 22 Dec 13:00 - Thu 24 Dec 18:00      Tue 22 Dec 12:00 - Thu 24 Dec 17:00      Bo Berg\n"
        "  Thu 24 Dec 18:00 - Sat 26 Dec 09:00      Thu 24 Dec 17:00 - Sat 26 Dec 08:00      Ana Silva (override)\n"
        "  Sat 26 Dec 09:00 - Mon 28 Dec 09:00      Sat 26 Dec 08:00 - Mon 28 Dec 08:00      Bo Berg\n"
        "  Mon 28 Dec 09:00 - and on                Mon 28 Dec 08:00 - and on                Ana Silva\n"
    )


async def test_gaps(tmp_path: Path):
    """At noon UTC it is seven in New York: nobody, and for how long."""
    weeks = await on_call(policy_of(tmp_path, ROTA + OFFICE), tmp_path, None, NOW)
    told = printed(weeks[1:])
    assert told.startswith(
        "office: NOBODY for 2 h 00 min until Tue 22 Dec 09:00 (America/New_York)\n  In office hours\n"
    )
    assert "Thu 24 Dec 17:00 - Fri 25 Dec 09:00" in told
    assert told.count("NOBODY") == 7


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-12-24T18:00", datetime(2026, 12, 24, 17, tzinfo=UTC)),
        ("2026-12-24 18:00", datetime(2026, 12, 24, 17, tzinfo=UTC)),
        ("2026-12-24T18:00Z", datetime(2026, 12, 24, 18, tzinfo=UTC)),
        ("2026-12-24T18:00+02:00", datetime(2026, 12, 24, 16, tzinfo=UTC)),
    ],
)
async def test_at(tmp_path: Path, at: str, expected: datetime):
    (week,) = await on_call(policy_of(tmp_path, ROTA + OVERRIDE), tmp_path, at, NOW)
    assert week.at == expected
    assert week.shifts[0].start == expected
    assert sum((one.end - one.start for one in week.shifts), timedelta(0)) == timedelta(days=7)


@pytest.mark.parametrize("at", ["tomorrow", "2026-13-01T00:00", ""])
async def test_no_time(tmp_path: Path, at: str):
    with pytest.raises(LiaisonError, match="is no time; write 2026-12-24T18:00"):
        await on_call(policy_of(tmp_path, ROTA), tmp_path, at, NOW)


async def test_no_rotas(tmp_path: Path):
    base = BASE.replace("roster/main", "pagerduty/main")
    (tmp_path / "liaison.yaml").write_text(base)
    with pytest.raises(LiaisonError, match="has no rotas; add people"):
        await on_call(tmp_path / "liaison.yaml", tmp_path, None, NOW)


async def test_a_calendar(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch):
    """By its last copy, whose age is told while it is away."""
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    file = policy_of(tmp_path, FEED)
    (week,) = await on_call(file, tmp_path, None, NOW)
    assert week.remarks == ("its calendar 'team' is not in this: no connection has read it",)
    desk = StoredPageDesk(database, "roster/main")
    await desk.keep_feed("team", CALENDAR, now=NOW - timedelta(hours=5))
    await desk.feed_failed("team", "HTTP 503", now=NOW)
    (week,) = await on_call(file, tmp_path, None, NOW)
    assert [one.name for one in week.shifts] == ["Bo Berg", "NOBODY"]
    assert "Bo Berg (calendar)" in printed([week])
    assert week.remarks == (
        "its calendar 'team' is away; this is its copy of 5 h 00 min ago (HTTP 503)",
        "its calendar 'team' has 'Zed', who is nobody of the policy",
    )


async def test_a_calendar_without_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the policy says is told all the same."""
    monkeypatch.delenv("LIAISON_DATABASE_URL", raising=False)
    (week,) = await on_call(policy_of(tmp_path, FEED), tmp_path, None, NOW)
    assert "Liaison is not running" in week.remarks[0]


def test_gaps_are_remarks_with_their_line(tmp_path: Path):
    """For `liaison check`."""
    file = policy_of(tmp_path, ROTA.replace("2026-11-02", "2026-12-28"))
    (remark,) = rota_remarks(file, now=NOW)
    assert str(remark) == (
        f"{file}:14: rotas.payments: rota 'payments' has a gap: nobody is on call from Tue 2026-12-22 13:00"
        " to Mon 2026-12-28 09:00 (Europe/Berlin)"
    )
