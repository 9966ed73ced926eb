"""The pictures: real PNGs of the width of a page, without a warning, whatever the names and however little there is."""

from __future__ import annotations

import struct
import sys

import pytest

from insights.sla_report.plots import pictures
from insights.sla_report.report import SlaReport
from tests.insights.sla_report.outcomes import (
    WEEK,
    kept,
    missed,
    report,
    still_open,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HOSTILE = (
    "$x_",
    "$x^2$ \\frac{",
    "_legend",
    "佐藤 太郎",
    "\u202eevil\x00\x1b[31m",
    "🔥" * 100,
    "a\nb",
    " ",
    "",
)


def size(content: bytes) -> tuple[int, int]:
    """Width and height, from the header that comes first."""
    assert content.startswith(SIGNATURE)
    return struct.unpack(">II", content[16:24])


def drawn(found: SlaReport) -> dict[str, tuple[int, int]]:
    return {file.name.removeprefix("sla-2026-W47-"): size(file.content) for file in pictures(found)}


def busy(**changes: object) -> SlaReport:
    """Twelve weeks, ten policies."""
    rows = [
        kind(**({"policy": f"policy-{policy}", "week": str(week), "metric": metric} | changes))
        for week in WEEK.and_before(12)
        for policy in range(10)
        for metric in ("first_response", "resolution")
        for kind in (kept, missed, still_open)
    ]
    return report(*rows)


def test_pictures_of_a_busy_quarter():
    """As wide as a page shows them, and not so heavy that it opens slowly."""
    found = busy()
    assert drawn(found) == {"trend.png": (990, 506), "waits.png": (990, 506), "causes.png": (990, 112)}
    assert all(len(file.content) < 300_000 for file in pictures(found))


def test_pictures_of_nothing():
    """They say that there is nothing, in one line."""
    assert set(drawn(report()).values()) == {(990, 132)}


@pytest.mark.parametrize(
    "rows",
    [
        [kept()],
        [missed()],
        [still_open()],
        [kept(metric="resolution", minutes=0.0)],
        [kept(minutes=1e7)],
        [kept(week=str(WEEK.before(11)))],
    ],
    ids=["kept", "missed", "open", "at once", "years", "long ago"],
)
def test_pictures_of_very_little(rows: list[dict[str, object]]):
    """One promise is enough; warnings are errors here."""
    assert len(drawn(report(*rows))) == 3


def test_hostile_names_are_only_names():
    """Nothing in a cause is a formula, a missing letter warns nobody, and many are one bar."""
    found = report(*(missed(cause=name) for name in (*HOSTILE, *map(str, range(50)))))
    assert drawn(found)["causes.png"] == (990, 464)


def test_no_global_state():
    """pyplot is not even loaded by it, and the same report gives the same bytes."""
    loaded = "matplotlib.pyplot" in sys.modules
    found = report(kept(), missed())
    assert [file.content for file in pictures(found)] == [file.content for file in pictures(found)]
    assert ("matplotlib.pyplot" in sys.modules) == loaded
