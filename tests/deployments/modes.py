"""Who may read what lies in a folder."""

from __future__ import annotations

import stat
from pathlib import Path


def open_to_others(home: Path) -> list[str]:
    """The folder and what is in it, links not followed, that anybody but the owner may do something with."""
    everything = (home, *home.rglob("*"))
    return [
        str(path)
        for path in everything
        if not path.is_symlink() and stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
