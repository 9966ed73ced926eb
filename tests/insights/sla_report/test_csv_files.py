"""The report's CSV: no formula begins in it, whatever the separator; everything else is as it was."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from insights.sla_report.csv_files import csv_files, to_csv
from insights.sla_report.report import DIMENSIONS
from tests.insights.sla_report.outcomes import (
    kept,
    missed,
    report,
)

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def cells(content: bytes, separator: str) -> list[list[str]]:
    return [*csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator)]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1))
@example(
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '"=1', 'x";"=1', "x,=1", "x;=1", "x\t=1", "＝1", "'=1"]
)
def test_no_text_begins_a_formula(texts: list[str]):
    """Read with commas, as written, each cell is the text or the text with an apostrophe; where semicolons or tabs
    separate, no part of a text begins a cell."""
    content = to_csv(pd.DataFrame({"cause": texts, "missed": range(len(texts))}))
    for (cell, number), text in zip(cells(content, ",")[1:], texts, strict=True):
        assert cell in (text, f"'{text}")
        assert not cell.startswith(FORMULAS)
        assert int(number) >= 0
    for separator in ";\t":
        for line in cells(content, separator):
            assert not any(cell.startswith(FORMULAS) for cell in line)


def test_numbers_and_gaps():
    """Negative numbers are numbers; a missing one is empty; four decimals will do."""
    table = pd.DataFrame({"policy": ["gold", "né"], "share_kept": [1 / 3, float("nan")], "held": [-1.5, 0.0]})
    content = to_csv(table)
    assert content.startswith(b'\xef\xbb\xbf"policy","share_kept","held_minutes"\r\n')
    assert cells(content, ",")[1:] == [["gold", "0.3333", "-1.5"], ["né", "", "0.0"]]
    read = pd.read_csv(BytesIO(content))
    assert list(read.columns) == ["policy", "share_kept", "held_minutes"]
    assert read["share_kept"].isna().tolist() == [False, True]


def test_a_file_for_each_table():
    """Named after the week; also of an empty one, with its headings."""
    full = {file.name: file for file in csv_files(report(kept(), missed()))}
    empty = {file.name: file for file in csv_files(report())}
    names = [*(f"by-{dimension}" for dimension in DIMENSIONS), "waits", "causes", "trend", "waits-trend"]
    assert list(full) == list(empty) == [f"sla-2026-W47-{name}.csv" for name in names]
    for name, file in full.items():
        assert cells(file.content, ",")[0] == cells(empty[name].content, ",")[0]
        assert len(cells(file.content, ",")) > 1
        assert file.media_type == "text/csv; charset=utf-8"


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_hostile_name_in_each_dimension(dimension: str):
    """Guarded wherever it comes from."""
    formula = "=cmd|' /C calc'!A0"
    found = report(kept(**{dimension: formula}), missed(cause=formula))
    content = next(file.content for file in csv_files(found) if file.name.endswith(f"by-{dimension}.csv"))
    assert f"'{formula}" in [line[0] for line in cells(content, ",")]
