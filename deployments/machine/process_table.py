"""Which processes belong to a data folder, kept in a file, so that whoever comes later can stop them.

The supervisor writes the table; the watchdog reads it when the supervisor has died, and the next start reads
it when both have. A pid alone proves nothing (numbers are given out again), so each row also has the time the
process was born.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# /proc counts in hundredths of a second from boot; the boot time itself may be off by rounding.
BIRTH_TOLERANCE = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessRow:
    """One process. `born` is in seconds since 1970; `asks` is the signal it stops on in good order."""

    name: str
    pid: int
    born: float
    asks: int = signal.SIGTERM

    @classmethod
    def of(cls, name: str, pid: int, *, asks: int = signal.SIGTERM) -> ProcessRow:
        """The row of a process that runs now. Raises psutil's `NoSuchProcess`."""
        return cls(name=name, pid=pid, born=psutil.Process(pid).create_time(), asks=asks)


class ProcessTable:
    """The rows in the order of starting."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> list[ProcessRow]:
        """The rows; none without a file. Raises `RuntimeError`, with the cure, if the file cannot be understood."""
        try:
            return [ProcessRow(**row) for row in json.loads(self.file.read_text())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise RuntimeError(
                f"{self.file} cannot be read ({error}); stop Liaison's processes and delete the file"
            ) from error

    def add(self, row: ProcessRow) -> None:
        """Add a row at the end, in place of one with its name. Raises as `read`."""
        self._write([*(other for other in self.read() if other.name != row.name), row])

    def remove(self, name: str) -> None:
        """Forget the row with this name, if there is one; with the last row the file goes. Raises as `read`."""
        self._write([row for row in self.read() if row.name != name])

    def _write(self, rows: Sequence[ProcessRow]) -> None:
        if not rows:
            self.file.unlink(missing_ok=True)
            return
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps([asdict(row) for row in rows], indent=1))
        draft.replace(self.file)


def living(row: ProcessRow) -> psutil.Process | None:
    """The process of this row, or None when it has ended or its number belongs to another one now."""
    try:
        process = psutil.Process(row.pid)
        is_same = abs(process.create_time() - row.born) < BIRTH_TOLERANCE
        is_gone = process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if is_same and not is_gone else None


def stop(row: ProcessRow, *, patience: float) -> None:
    """End a process and its group: ask, wait up to `patience` seconds, then kill."""
    _signal(row, row.asks)
    if not _ends_within(row, patience):
        _signal(row, signal.SIGKILL)
        _ends_within(row, patience)


def _ends_within(row: ProcessRow, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    # Not psutil's wait(): in a container without an init the dead stay listed, and it would wait for them.
    while living(row) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _signal(row: ProcessRow, number: int) -> None:
    process = living(row)
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        # Each of our children leads a group, so its own children go with it. PostgreSQL sees to its own.
        if number != signal.SIGINT and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
