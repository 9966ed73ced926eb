"""What processes of an installation have used."""

from __future__ import annotations

from collections.abc import Sequence

import psutil


def tree(root: psutil.Process) -> Sequence[psutil.Process]:
    """The process and all that it has started and that still runs."""
    return [root, *root.children(recursive=True)]


def cpu_seconds(process: psutil.Process) -> float:
    """Seconds of CPU of the process itself, and of its children that have ended."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:  # its parent has counted it
        return 0.0
