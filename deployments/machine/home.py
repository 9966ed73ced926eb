"""The home folder: where this machine's Liaison keeps its data, its key and its login."""

from __future__ import annotations

import os
from pathlib import Path


def liaison_home(given: Path | None = None) -> Path:
    """`--home`, else `LIAISON_HOME`, else `~/.liaison`."""
    return (given or Path(os.environ.get("LIAISON_HOME") or "~/.liaison")).expanduser().resolve()
