"""A helpdesk's export as a history: times understood, texts bounded, what cannot be read told by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from insights.backtest.export_file import (
    Export,
    Left,
    check_left,
    open_export,
)
from insights.backtest.failure import BacktestError
from insights.backtest.fields import (
    FIELDS,
    TIMES,
    chosen_columns,
    more_columns,
)
from insights.backtest.history import History
from insights.backtest.verdicts import is_broken, is_kept
from insights.text import LOOKED_AT

_FORMATS = (
    "%d/%b/%y %I:%M %p",  # Jira, 01/Mar/26 9:15 AM
    "%d/%b/%Y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
)
_VERDICTS = {"breached": is_broken, "kept": is_kept}
_WORDS_TOLD = 5
_NAMES_TOLD = 40
_LONGEST_VALUE = 200
_CLOCKS_DIFFER = timedelta(days=1)
"""A time without its zone may be read as up to so much later."""

_UNREADABLE = "no time that can be read"


def read_export(
    path: Path,
    said: Sequence[str],
    *,
    now: datetime,
    more: Sequence[str] = (),
    time_format: str | None = None,
) -> History:
    """`said` is what `--map` has, `more` are the columns of `--field`. Raises `BacktestError`."""
    with open_export(path) as export:
        columns = chosen_columns(export.headings, said, source=str(path))
        columns |= more_columns(export.headings, more, source=str(path))
        texts, lines = _texts(export, columns)
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in texts.items()})
    unread = Left()
    for name in [name for name in TIMES if name in frame]:
        left = export.left if name == "created_at" else unread
        frame[name] = _zoned_times(frame[name], columns[name], lines, left, now=now, time_format=time_format)
    _require_enough(path, export, time_format)
    numbers = pd.Series([f"line {line}" for line in lines], index=frame.index, dtype=object)
    frame["ticket"] = frame["ticket"].fillna(numbers) if "ticket" in frame else numbers
    unclear = Left()
    for name in [name for name in _VERDICTS if name in frame]:
        frame[name] = _verdicts(frame[name], columns[name], lines, unclear)
    kept = frame[frame["created_at"].notna()]
    unique = kept.drop_duplicates("ticket")
    used = ", ".join(f"{name} from {column}" for name, column in columns.items())
    notes = [
        f"Columns read: {used}",
        *_not_read(export.headings, columns),
        *export.left.words("rows left out"),
        *unread.words("times left out"),
        *unclear.words("cells not understood"),
    ]
    if len(unique) < len(kept):
        notes.append(f"{len(kept) - len(unique):,} rows left out whose ticket was there before")
    return History(
        frame=unique.sort_values("created_at", kind="stable", ignore_index=True),
        source=str(path),
        more=tuple(name for name in columns if name not in FIELDS),
        notes=tuple(f"{note}." for note in notes),
    )


def _zoned_times(
    cells: pd.Series, column: str, lines: Sequence[int], left: Left, *, now: datetime, time_format: str | None
) -> pd.Series:
    """The cells as times; those that are none are missing and told. Only a due time may be still to come."""
    times = _times(cells, time_format)
    latest = now + _CLOCKS_DIFFER
    to_come = times > latest if cells.name != "due_at" else pd.Series(False, index=cells.index)
    reasons = [(_UNREADABLE, cells.notna() & times.isna()), ("still to come", to_come)]
    if cells.name == "created_at":
        reasons.append(("empty", cells.isna()))
    for reason, rows in reasons:
        for number in cells.index[rows]:
            left.out(f"{column} is {reason}", lines[number])
    return times.where(~to_come)


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


def _verdicts(cells: pd.Series, column: str, lines: Sequence[int], unclear: Left) -> pd.Series:
    """Whether each promise was broken, or kept; what says neither is missing and told, word by word."""
    verdict = _VERDICTS[str(cells.name)]
    known: dict[str, bool | None] = {cell: verdict(cell) for cell in cells.dropna().unique()}
    told = [cell for cell, is_so in known.items() if is_so is None][:_WORDS_TOLD]
    for line, cell in zip(lines, cells, strict=True):
        if cell is not None and known[cell] is None:
            said = f"{cell[:40]!r}" if cell in told else "other words"
            unclear.out(f"{column} says {said}, which is neither yes nor no", line)
    return cells.map(known.get).astype(object)


def _not_read(headings: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """The columns that mean nothing to us: one of them may be what `--map` is for."""
    left = [heading for heading in dict.fromkeys(headings) if heading and heading not in columns.values()]
    if not left:
        return []
    more = f" and {len(left) - _NAMES_TOLD} more" if len(left) > _NAMES_TOLD else ""
    names = ", ".join(heading[:40] for heading in left[:_NAMES_TOLD])
    return [f"Columns not read: {names}{more} (--map FIELD=COLUMN says what one is)"]
