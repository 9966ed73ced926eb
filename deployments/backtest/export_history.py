"""A helpdesk's export as a history: times understood, texts bounded, what cannot be read told by line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from deployments.backtest.export_file import Export, check_left, open_export
from deployments.backtest.failure import BacktestError
from deployments.backtest.fields import FIELDS, TIMES, chosen_columns, more_columns
from deployments.backtest.history import History
from incidents.insights.text import LOOKED_AT

_FORMATS = (
    "%d/%b/%y %I:%M %p",  # Jira, 01/Mar/26 9:15 AM
    "%d/%b/%Y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
)
_YES = frozenset({"1", "true", "yes", "y", "t"})
_NO = frozenset({"0", "false", "no", "n", "f"})
_LONGEST_VALUE = 200
_UNREADABLE = "no time that can be read"


def read_export(
    path: Path, said: Sequence[str], *, more: Sequence[str] = (), time_format: str | None = None
) -> History:
    """`said` is what `--map` has, `more` are the columns of `--field`. Raises `BacktestError`."""
    with open_export(path) as export:
        columns = chosen_columns(export.headings, said, source=str(path))
        columns |= more_columns(export.headings, more, source=str(path))
        texts, lines = _texts(export, columns)
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in texts.items()})
    unread: list[str] = []
    for name in [name for name in TIMES if name in frame]:
        times = _times(frame[name], time_format)
        bad = frame[name].notna() & times.isna()
        if name == "created_at":
            for reason, rows in (("empty", frame[name].isna()), (_UNREADABLE, bad)):
                for number in frame.index[rows]:
                    export.left.out(f"{columns[name]} is {reason}", lines[number])
            _require_enough(path, export, time_format)
        elif bad.any():
            example = lines[int(bad.to_numpy().argmax())]
            unread.append(
                f"{int(bad.sum()):,} of {columns[name]} are {_UNREADABLE} (the first in line {example})"
            )
        frame[name] = times
    if "ticket" not in frame:
        frame["ticket"] = [f"line {line}" for line in lines]
    frame["ticket"] = frame["ticket"].where(frame["ticket"].notna(), [f"line {line}" for line in lines])
    for name in [name for name in ("breached", "kept") if name in frame]:
        frame[name] = frame[name].map(_is_yes)
    kept = frame[frame["created_at"].notna()]
    unique = kept.drop_duplicates("ticket")
    if len(unique) < len(kept):
        unread.append(f"{len(kept) - len(unique):,} rows left out whose ticket was there before")
    added = tuple(name for name in columns if name not in FIELDS)
    used = ", ".join(f"{name} from {column}" for name, column in columns.items())
    return History(
        frame=unique.sort_values("created_at", kind="stable", ignore_index=True),
        source=str(path),
        more=added,
        notes=(f"Columns read: {used}.", *(f"{note}." for note in (*export.left.told(), *unread))),
    )


def _texts(export: Export, columns: dict[str, str]) -> tuple[dict[str, list[str | None]], list[int]]:
    """The cells of the columns that are read, and the line of each row. What is blank is missing."""
    places = {name: export.headings.index(column) for name, column in columns.items()}
    texts: dict[str, list[str | None]] = {name: [] for name in columns}
    lines: list[int] = []
    for line, row in export.rows:
        lines.append(line)
        for name, place in places.items():
            longest = LOOKED_AT if name in ("subject", "body") else _LONGEST_VALUE
            texts[name].append(row[place][:longest].strip() or None)
    return texts, lines


def _times(cells: pd.Series, time_format: str | None) -> pd.Series:
    """In UTC, as are times without a zone. A date such as 03/04/2026 is two days, so nothing is guessed at."""
    if time_format is not None:
        try:
            return pd.to_datetime(cells, utc=True, errors="coerce", format=time_format)
        except ValueError as error:
            raise BacktestError(f"--time-format {time_format!r}: {error}") from error
    times = pd.to_datetime(cells, utc=True, errors="coerce", format="ISO8601")
    for one in _FORMATS:
        if not (cells.notna() & times.isna()).any():
            break
        times = times.fillna(pd.to_datetime(cells, utc=True, errors="coerce", format=one))
    early = pd.Timestamp(datetime(1990, 1, 1, tzinfo=UTC))
    return times.where(times >= early)


def _require_enough(path: Path, export: Export, time_format: str | None) -> None:
    try:
        check_left(path, export.left)
    except BacktestError as error:
        cure = (
            "" if time_format else " (times like 2026-03-27T15:00:00Z are read; for others say --time-format)"
        )
        raise BacktestError(f"{error}{cure}") from error


def _is_yes(cell: object) -> bool | None:
    word = str(cell).strip().lower()
    return True if word in _YES else False if word in _NO else None
