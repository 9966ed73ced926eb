"""Which process runs a flow run, written so that any worker can tell later whether it still lives.

Prefect keeps the text as the flow run's infrastructure id. Host, worker and pid are not enough: after a
reboot, and in every restarted container, the same pid comes again, so its time of birth is in it.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Self

import psutil

from deployments.machine.process_table import BIRTH_TOLERANCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """`born` is in seconds since 1970."""

    host: str
    worker: str
    pid: int
    born: float

    @classmethod
    def of_this_process(cls, worker: str) -> Self:
        """Who we are, as worker `worker`."""
        process = psutil.Process()
        return cls(host=socket.gethostname(), worker=worker, pid=os.getpid(), born=process.create_time())

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what another kind of worker wrote."""
        parts = text.split("|")
        try:
            host, worker, pid, born = parts
            return cls(host=host, worker=worker, pid=int(pid), born=float(born))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.host}|{self.worker}|{self.pid}|{self.born:.2f}"

    def is_same_process(self, other: Identity) -> bool:
        """Whether both name one process; its worker's name may have changed."""
        return (self.host, self.pid) == (other.host, other.pid) and abs(
            self.born - other.born
        ) < BIRTH_TOLERANCE

    def lives_here(self) -> bool:
        """Whether the process runs now; only to be asked on its own host."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.born) < BIRTH_TOLERANCE
        except psutil.NoSuchProcess:
            return False
