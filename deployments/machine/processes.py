"""Child processes: started with a log file each, restarted when they die, stopped in good order.

A child leads its own process group, so a Ctrl-C in the terminal reaches the supervisor alone, which then
stops its children one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

import deployments
from deployments.machine.process_table import ProcessRow, ProcessTable

PYTHON = sys.executable
# Children run `python -m ...` from where this code lies, whatever folder the operator stands in.
CODE = Path(deployments.__file__).parents[1]
STEADY_SECONDS = 60.0
RESTARTS = 6
LONGEST_PAUSE = 15.0
PATIENCE = 30.0
LOG_BYTES = 20_000_000


class StackError(RuntimeError):
    """Something of the stack cannot be started or kept running. The message has the log's tail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What to run. `env` is the whole environment.

    `restarts`: start again when it dies, after `pause` seconds, then twice as long each time. `patience`: seconds
    it may take to stop.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    restarts: bool = True
    pause: float = 0.5
    patience: float = PATIENCE


@dataclass(kw_only=True)
class Child:
    """A running program and its supervision."""

    program: Program
    table: ProcessTable
    say: Callable[[str], None]
    restarted: int = 0
    _process: asyncio.subprocess.Process | None = None
    _supervision: asyncio.Task[None] | None = None
    _is_stopping: bool = False
    _deaths: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS))

    @property
    def pid(self) -> int:
        """The process id now; another one after each restart."""
        if self._process is None:
            raise StackError(f"{self.program.name} was never started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def has_given_up(self) -> bool:
        """It died and will not be started again."""
        return self._supervision is not None and self._supervision.done() and not self._is_stopping

    def log_tail(self, lines: int = 30) -> str:
        """The end of its log, for error messages."""
        try:
            return "\n".join(self.program.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"

    async def start(self) -> None:
        await self._spawn()
        self._supervision = asyncio.create_task(self._supervise(), name=f"supervise {self.program.name}")

    async def ended(self) -> None:
        """Return when it has died for good."""
        if self._supervision is not None:
            await asyncio.wait([self._supervision])

    async def stop(self) -> None:
        """Ask it to stop, wait, and kill it if it does not."""
        self._is_stopping = True
        if self._supervision is not None and self._process is None:
            self._supervision.cancel()
        if self._process is not None:
            self._send(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), self.program.patience)
            except TimeoutError:
                self.say(f"{self.program.name} did not stop within {self.program.patience:.0f} s: killed")
            # Also after an orderly end: a grandchild may have stayed.
            self._send(signal.SIGKILL)
            await self._process.wait()
        if self._supervision is not None:
            self._supervision.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervision
        self.table.remove(self.program.name)

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    async def _spawn(self) -> None:
        program = self.program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        _rotate(program.log)
        with program.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *program.command,
                env=dict(program.env),
                cwd=CODE,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        with contextlib.suppress(psutil.NoSuchProcess):  # dead already: the supervision sees to it
            self.table.add(ProcessRow.of(program.name, self._process.pid))

    async def _supervise(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            if self._is_stopping:
                return
            self._deaths.append(time.monotonic())
            if not self.program.restarts or self._dies_too_often():
                self.say(f"{self.program.name} ended ({_how(code)}) and stays down; see {self.program.log}")
                return
            pause = min(self.program.pause * 2 ** (self._recent_deaths() - 1), LONGEST_PAUSE)
            self.say(f"{self.program.name} died ({_how(code)}); starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            await self._spawn()
            self.restarted += 1

    def _recent_deaths(self) -> int:
        return sum(1 for death in self._deaths if time.monotonic() - death < STEADY_SECONDS)

    def _dies_too_often(self) -> bool:
        return self._recent_deaths() >= RESTARTS


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def free_port(preferred: int) -> int:
    """`preferred` if nobody listens on it, else any free one."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise StackError("no free port on 127.0.0.1")
