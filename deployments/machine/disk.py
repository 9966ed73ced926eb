"""How much room is left where the store lives, told before it is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

LOW_BYTES = 2 * 1024**3
"""Less than this is little: a storm of tickets with their runs in Prefect writes some hundred MB an hour."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that a folder of ours lies on. `usage` is where tests put a full one."""

    folder: Path
    usage: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free

    @property
    def free_bytes(self) -> int:
        """What an ordinary user may still write."""
        return self.usage(self.folder)

    @property
    def is_low(self) -> bool:
        """Whether it is time to make room: less is left than `LOW_BYTES`."""
        return self.free_bytes < LOW_BYTES

    def __str__(self) -> str:
        return f"{self.free_bytes / 1e6:,.0f} MB are left on the disk of {self.folder}"


def disk_of(database_url: str) -> Disk | None:
    """The disk of an embedded PostgreSQL, whose socket lies in its data folder; None for a server elsewhere."""
    host = make_url(database_url).query.get("host")
    folder = Path(host) if isinstance(host, str) else None
    return Disk(folder) if folder is not None and folder.is_absolute() and folder.is_dir() else None
