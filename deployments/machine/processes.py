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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

import deployments
from deployments.machine.process_table import ProcessRow, ProcessTable
from incidents.errors import LiaisonError

PYTHON = sys.executable
PREFECT = (PYTHON, "-m", "deployments.machine.prefect_command")
"""Prefect's command, for servers."""
# Children run `python -m ...` from where this code lies, whatever folder the operator stands in.
CODE = Path(deployments.__file__).parents[1]
STEADY_SECONDS = 60.0
FAILING_DEATHS = 5
LONGEST_PAUSE = 30.0
PATIENCE = 30.0
LOG_BYTES = 20_000_000


class StackError(LiaisonError):
    """Something of the stack cannot be started or kept running. The message has the log's tail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What to run. `env` is the whole environment.

    `restarts`: start again when it dies, after `pause` seconds, then twice as long each time, up to `longest_pause`,
    for as long as it takes. `patience`: seconds it may take to stop.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    restarts: bool = True
    pause: float = 0.5
    longest_pause: float = LONGEST_PAUSE
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
    _born: float = 0.0
    _deaths: int = 0

    @property
    def pid(self) -> int:
        """The process id now; another one after each restart."""
        if self._process is None:
            raise StackError(f"{self.program.name} was never started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it runs now; between a death and the next start it does not."""
        return self._process is not None and self._process.returncode is None

    @property
    def is_failing(self) -> bool:
        """It died again and again, each time soon after its start."""
        return self._deaths >= FAILING_DEATHS

    def log_tail(self, lines: int = 30) -> str:
        """The end of its log, for error messages."""
        try:
            return "\n".join(self.program.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"

    async def start(self) -> None:
        """Start it, and start it again when it dies, until `stop` or until it has died too often."""
        await self._spawn()
        self._supervision = asyncio.create_task(self._supervise(), name=f"supervise {self.program.name}")

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
        self._born = time.monotonic()
        with contextlib.suppress(psutil.NoSuchProcess):  # dead already: the supervision sees to it
            self.table.add(ProcessRow.of(program.name, self._process.pid))

    async def _supervise(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            if self._is_stopping:
                return
            if not self.program.restarts:
                self.say(f"{self.program.name} ended ({_how(code)}) and stays down; see {self.program.log}")
                return
            await self._start_again(_how(code))

    async def _start_again(self, death: str) -> None:
        """Ever more seldom while it dies at once; what it is needed for waits, and the operator is told each time."""
        was_steady = time.monotonic() - self._born >= STEADY_SECONDS
        self._deaths = 1 if was_steady else self._deaths + 1
        while True:
            pause = min(self.program.pause * 2 ** min(self._deaths - 1, 10), self.program.longest_pause)
            log = f"; see {self.program.log}" if self.is_failing else ""
            self.say(f"{self.program.name} died ({death}); starting it again in {pause:g} s{log}")
            await asyncio.sleep(pause)
            try:
                await self._spawn()
            except OSError as error:  # no process or no file to be had now
                death = f"cannot be started: {error}"
                self._deaths += 1
            else:
                self.restarted += 1
                return


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
