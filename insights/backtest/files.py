"""The files of a backtest, written into a folder that was not there before or is empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from incidents.report_file import CSV, ReportFile
from insights.backtest.failure import BacktestError
from insights.backtest.history import History, ReplayWindow
from insights.backtest.page import backtest_page
from insights.backtest.sections import BacktestSection
from insights.sla_report.csv_files import to_csv

PAGE = "backtest.html"


def fresh_folder(folder: Path) -> Path:
    """Make it, or take it if it is empty. Raises `BacktestError`: what is there is never mixed with anything else."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BacktestError(f"{folder} is there and not empty; give another one with --out")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BacktestError(
            f"{folder} cannot be made: {error.strerror}; give another one with --out"
        ) from error
    return folder


def write_backtest(
    folder: Path, history: History, window: ReplayWindow, sections: Sequence[BacktestSection]
) -> list[str]:
    """Write page, pictures and tables; returns their names. Raises `BacktestError` if the folder cannot be written."""
    names = []
    try:
        for file in _files(history, window, sections):
            (folder / file.name).write_bytes(file.content)
            names.append(file.name)
    except OSError as error:
        raise BacktestError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    return names


def _with_times_as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """In UTC, as spreadsheets read them."""
    times = rows.select_dtypes(["datetime", "datetimetz"]).columns
    texts = {name: rows[name].dt.strftime("%Y-%m-%d %H:%M:%S") for name in times}
    return rows.reset_index(drop=True).assign(**{str(n): t.reset_index(drop=True) for n, t in texts.items()})


def _files(
    history: History, window: ReplayWindow, sections: Sequence[BacktestSection]
) -> Iterator[ReportFile]:
    page = backtest_page(history, window, sections).encode("utf-8", errors="replace")
    yield ReportFile(name=PAGE, title="Backtest", media_type="text/html; charset=utf-8", content=page)
    for section in sections:
        yield from section.plots
        for table in section.tables:
            content = to_csv(_with_times_as_text(table.rows))
            yield ReportFile(name=f"{table.name}.csv", title=table.title, media_type=CSV, content=content)
