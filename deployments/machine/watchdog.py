"""Stops what a dead supervisor left running: `python -m deployments.machine.watchdog TABLE`.

It waits for the end of its standard input, a pipe only the supervisor holds open: the kernel closes it
however the supervisor ends, `kill -9` included. After an orderly stop the table is empty and nothing is left
to do. Small on purpose: it must not die of what kills the others.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from deployments.machine.process_table import ProcessTable, stop

PATIENCE = 20.0


def main() -> None:
    """Wait until the supervisor is gone, then stop what its table has, the last started first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    table = ProcessTable(Path(sys.argv[1]))
    for row in reversed(table.read()):
        stop(row, patience=PATIENCE)
        table.remove(row.name)


if __name__ == "__main__":
    main()
