"""docs/reliability.md shows what the campaign saw, and no other figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.campaign.row import Row, Size
from bench.campaign.table import (
    BEGIN,
    END,
    PAGE,
    SeenRow,
    markdown,
    read_seen,
    remember,
    write_table,
)

ROW = Row(
    name="A thing is killed",
    size=Size.SMALL,
    done="3 kills",
    promised="none lost",
    seen="0 lost",
    control="7 lost",
    is_kept=True,
    has_control_failed=True,
)
SEEN = SeenRow(drill="kills", row=ROW, date="2026-03-02", commit="abc1234", machine="2 cores", load=0.1)


def _full(seen: str) -> SeenRow:
    return replace(SEEN, row=replace(ROW, size=Size.FULL, seen=seen))


def test_the_page_shows_what_was_seen(tmp_path: Path):
    """Whoever writes a figure by hand, or forgets to write what was seen, fails here."""
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    write_table(page)
    assert page.read_text() == PAGE.read_text()


def test_a_small_run_does_not_replace_a_full_one(tmp_path: Path):
    file = tmp_path / "seen.json"
    for new, shown in [
        (SEEN, "0 lost"),
        (_full("first"), "first"),
        (SEEN, "first"),
        (_full("second"), "second"),
    ]:
        remember(new, order=["kills"], file=file)
        (line,) = read_seen(file)
        assert line.row.seen == shown


def test_rows_stand_in_the_order_of_the_drills(tmp_path: Path):
    file = tmp_path / "seen.json"
    for drill in ("second", "first"):
        remember(replace(SEEN, drill=drill), order=["first", "second"], file=file)
    assert [line.drill for line in read_seen(file)] == ["first", "second"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (SEEN, "small; the full size was not run yet"),
        (_full("0 lost"), "| full; 2026-03-02, abc1234, 2 cores |"),
        (replace(SEEN, load=3.0), "2 cores, other work beside"),
        (replace(SEEN, row=replace(ROW, is_kept=False)), "**broken:** 0 lost"),
        (replace(SEEN, row=replace(ROW, has_control_failed=False)), "**proves nothing:** 7 lost"),
    ],
)
def test_a_row_says_what_it_is_worth(line: SeenRow, words: str):
    assert words in markdown([line])


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(f"{END} {BEGIN}")
    with pytest.raises(ValueError, match="has no place for the table"):
        write_table(page)
