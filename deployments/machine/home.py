"""The home folder: where this machine's Liaison keeps its data, its key and its login, for its owner's eyes only."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from deployments.machine.postgres_programs import discard_data

POSTGRES_FOLDER = "postgres"
PRIVATE_UMASK = 0o077
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def liaison_home(given: Path | None = None) -> Path:
    """`--home`, else `LIAISON_HOME`, else `~/.liaison`."""
    return (given or Path(os.environ.get("LIAISON_HOME") or "~/.liaison")).expanduser().resolve()


def make_private(home: Path) -> None:
    """Make the folder if need be, and take from others what they may do in it and below: folders 0700, files 0600.

    What belongs to another user stays as it is: PostgreSQL's data sees to itself.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close(home)
    for folder, folders, files in os.walk(home):
        for name in (*folders, *files):
            _close(Path(folder, name))


def discard_home(home: Path) -> None:
    """Remove a scratch folder that nothing runs on any more, with its database, wherever that lies."""
    discard_data(home / POSTGRES_FOLDER)
    shutil.rmtree(home, ignore_errors=True)


def _close(path: Path) -> None:
    try:
        mode, owner = path.lstat().st_mode, path.lstat().st_uid
        is_ours = owner == os.geteuid() and (stat.S_ISDIR(mode) or stat.S_ISREG(mode))
        if is_ours and mode & _OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except FileNotFoundError:  # a file of something that runs, gone meanwhile
        pass
