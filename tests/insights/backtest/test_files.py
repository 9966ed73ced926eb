"""What is written: a page that needs nothing else and runs nothing, pictures, and tables that are safe to open."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from insights.backtest import plots
from insights.backtest.failure import BacktestError
from insights.backtest.files import (
    PAGE,
    fresh_folder,
    write_backtest,
)
from insights.backtest.history import History, ReplayWindow
from insights.backtest.sections import (
    BacktestSection,
    Figure,
    Table,
)
from tests.insights.backtest.exports import DAY, FIRST

HOSTILE = (
    '<script>alert(1)</script><img src="https://evil.example/x.png">" onload=\'x\' =HYPERLINK("http://a")'
)
WINDOW = ReplayWindow(start=FIRST + DAY, end=FIRST + 3 * DAY, known_until=FIRST + 3 * DAY)
PNG_HEADER = b"\x89PNG\r\n\x1a\n"


class Seen(HTMLParser):
    """The elements of a page, and where they point."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")
        ]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def history() -> History:
    times = pd.date_range(FIRST, periods=72, freq="h", tz="UTC").floor("s")
    frame = pd.DataFrame({"ticket": [HOSTILE] * 72, "created_at": times})
    return History(frame=frame, source=HOSTILE, notes=(HOSTILE,))


def hostile_section() -> BacktestSection:
    rows = pd.DataFrame({"ticket": ["=1+1", HOSTILE, "@cmd"], HOSTILE: [None, 0.5, True]})
    names = [HOSTILE, "$x^2$ " * 9, "\u202e\x00 文字 🎉"]
    return BacktestSection(
        name="routing-group",
        title=HOSTILE,
        headline=HOSTILE,
        figures=(Figure(words=HOSTILE, value="1", n=HOSTILE),),
        plots=(plots.confusion("routing-group", HOSTILE, names, np.eye(3)),),
        tables=(Table(name="routing-group", title=HOSTILE, rows=rows),),
        limits=(HOSTILE,),
    )


def write(folder: Path, *sections: BacktestSection) -> list[str]:
    return write_backtest(folder, history(), WINDOW, sections)


def test_the_page_needs_nothing_else_and_runs_nothing(tmp_path):
    """Whatever texts are in it: no script, no handler, nothing loaded from elsewhere."""
    missing = BacktestSection(name="surge", title="Surge", missing=HOSTILE)
    assert write(tmp_path, hostile_section(), missing) == [PAGE, "routing-group.png", "routing-group.csv"]
    page = (tmp_path / PAGE).read_text()
    seen = Seen()
    seen.feed(page)
    assert not seen.tags & {"script", "link", "iframe", "object", "embed", "form", "svg"}
    assert seen.handlers == []
    assert [address[:22] for address in seen.addresses] == ["data:image/png;base64,"]
    assert "default-src 'none'" in page
    assert page.count("&lt;script&gt;") > 5, "they are told, as text"


def test_tables_open_without_running_anything(tmp_path):
    write(tmp_path, hostile_section())
    with (tmp_path / "routing-group.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0][:2] for row in rows[1:]] == ["'=", "<s", "'@"]


def test_times_in_tables_are_written_as_spreadsheets_read_them(tmp_path):
    rows = pd.DataFrame({"at": pd.to_datetime([FIRST, None], utc=True), "n": [1, 2]}, index=[7, 9])
    section = BacktestSection(
        name="surge", title="Surge", tables=(Table(name="surge", title="Alarms", rows=rows),)
    )
    write(tmp_path, section)
    assert (tmp_path / "surge.csv").read_text(encoding="utf-8-sig").splitlines() == [
        '"at","n"',
        '"2026-01-05 00:00:00",1',
        '"",2',
    ]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(BacktestError, match="not empty; give another one with --out"):
        fresh_folder(tmp_path)
    with pytest.raises(BacktestError, match="not empty"):
        fresh_folder(tmp_path / "mine.txt")
    with pytest.raises(BacktestError, match="cannot be made"):
        fresh_folder(tmp_path / "mine.txt" / "below")
    assert fresh_folder(tmp_path / "new" / "deep").is_dir()


@pytest.mark.parametrize("count", [1, 2, 400])
def test_pictures_of_few_and_many(count):
    """A picture is one whatever it is drawn from: one value, all equal, none that came true."""
    chance = np.linspace(0.2, 0.9, count)
    times = pd.Series(pd.date_range(FIRST, periods=count, freq="h"))
    alarms = [pd.Timestamp(FIRST + timedelta(hours=1))]
    drawn = (
        plots.reliability("a", "A", chance, chance > 0.95, ("yes", "no")),
        plots.histogram("b", "B", np.zeros(count), "x"),
        plots.leads("c", "C", np.full(count, 3.0)),
        plots.leads("d", "D", np.zeros(count)),
        plots.days("e", "E", times, alarms),
        plots.days("f", "F", times, []),
    )
    assert all(file.content.startswith(PNG_HEADER) for file in drawn)
    assert all(re.fullmatch(r"[a-f]\.png", file.name) for file in drawn)
