"""Recorded logs as they were published: gzip CSV files with a row of column names."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deployments.replay.failure import ReplayError


def read_rows(path: Path, required: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row and the number of its (last) line. Raises `ReplayError` for a file that is damaged, is no gzip CSV,
    or lacks one of the `required` columns."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(path, reader.fieldnames or (), required)
            for row in reader:
                yield reader.line_num, row
    except FileNotFoundError as error:
        raise ReplayError(f"there is no file {path}") from error
    except gzip.BadGzipFile as error:
        raise ReplayError(f"{path} is not a gzip file; give the log as it was published, gzip CSV") from error
    except (EOFError, zlib.error) as error:
        raise ReplayError(f"{path} is damaged or cut short; copy it again") from error
    except UnicodeDecodeError as error:
        raise ReplayError(f"{path} is not UTF-8 text") from error
    except csv.Error as error:
        raise ReplayError(f"{path} is no CSV file: {error}") from error
    except OSError as error:
        raise ReplayError(f"{path} cannot be read: {error.strerror}") from error


def _check_columns(path: Path, found: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in found]
    if missing:
        raise ReplayError(f"{path} lacks the columns {', '.join(missing)}")
