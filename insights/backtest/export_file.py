"""A helpdesk's export as it is: CSV with comma, semicolon or tab, with or without byte order mark, plain or gzip.

A line that cannot be read is left out and told; with too many of them it is the file that is wrong.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from insights.backtest.failure import BacktestError

MOST_BROKEN = 0.1
LONGEST_CELL = 16 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_SEPARATORS = (",", ";", "\t")
_SAID = re.compile(r'"?sep=([^"\r\n\w])"?', re.IGNORECASE)
"""Excel's own first line, which says what parts the columns of the rest."""
_QUOTED = re.compile(r'"(?:[^"]|"")*(?:"|$)')


@dataclass(kw_only=True)
class Left:
    """Rows or cells that were left out, and why, with the first line of each reason."""

    read: int = 0
    reasons: dict[str, tuple[int, int]] = field(default_factory=dict)

    def out(self, reason: str, line: int) -> None:
        """Note that something in this line of the file was left out, and why."""
        count, first = self.reasons.get(reason, (0, line))
        self.reasons[reason] = (count + 1, first)

    @property
    def total(self) -> int:
        """How much was left out, for whatever reason."""
        return sum(count for count, _ in self.reasons.values())

    def words(self, what: str) -> list[str]:
        """A line for each reason: how many of `what`, and where the first stands."""
        return [
            f"{count:,} {what}: {reason} (the first in line {first})"
            for reason, (count, first) in self.reasons.items()
        ]


@dataclass(frozen=True, kw_only=True)
class Export:
    """`rows` come with the number of their last line; what is left out of them is counted in `left`."""

    headings: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[str]]]
    left: Left


@contextmanager
def open_export(path: Path) -> Iterator[Export]:
    """Raises `BacktestError`, also while it is read, for what is not there, no UTF-8, no CSV, damaged or empty."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        with _opened(path) as file:
            yield _export(path, file)
    except FileNotFoundError as error:
        raise BacktestError(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise BacktestError(f"{path} is no UTF-8 text; export it as UTF-8, or save it so") from error
    except csv.Error as error:
        raise BacktestError(f"{path} is no CSV file: {error}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BacktestError(f"{path} is damaged or cut short; export or copy it again") from error
    except OSError as error:
        raise BacktestError(f"{path} cannot be read: {error.strerror or error}") from error
    finally:
        csv.field_size_limit(before)


def _opened(path: Path) -> TextIO:
    """By its first bytes: a browser may have unpacked what is still named .gz."""
    with path.open("rb") as file:
        is_packed = file.read(2) == _GZIP
    if is_packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _export(path: Path, file: TextIO) -> Export:
    first = file.readline()
    said = _SAID.fullmatch(first.strip())
    names = file.readline() if said is not None else first
    if not names.strip():
        raise BacktestError(f"{path} is empty; its first line must have the columns' names")
    file.seek(0)
    if said is not None:
        file.readline()
    separator = said[1] if said is not None else _separator(names)
    reader = csv.reader(file, delimiter=separator, strict=True)
    headings = tuple(heading.strip() for heading in next(reader))
    left = Left()
    before = 0 if said is None else 1
    return Export(headings=headings, rows=_rows(path, reader, len(headings), left, before), left=left)


def _separator(names: str) -> str:
    """What parts the columns' names, where they are not quoted: a name may have commas of its own."""
    return max(_SEPARATORS, key=_QUOTED.sub("", names).count)


def _rows(
    path: Path, reader: Iterator[list[str]], columns: int, left: Left, lines_before: int
) -> Iterator[tuple[int, Sequence[str]]]:
    for row in reader:
        line_of = getattr(reader, "line_num", 0) + lines_before
        if not row:
            continue
        left.read += 1
        if len(row) != columns:
            left.out(f"not as many cells as the first line has ({columns})", line_of)
            continue
        yield line_of, row
    check_left(path, left)


def check_left(path: Path, left: Left) -> None:
    """Raises `BacktestError` if too many rows were left out to go on with the rest."""
    if left.total > MOST_BROKEN * max(left.read, 1):
        raise BacktestError(
            f"{path}: {'; '.join(left.words('rows left out'))}, of {left.read:,}. Export it again, or correct it"
        )
