"""A real server for the length of a block: started, waited for, and stopped with all it started itself."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import Child, Program

HOST = "127.0.0.1"
READY_SECONDS = 60.0


@contextmanager
def open_folder(name: str) -> Iterator[Path]:
    """A folder until the end of the block, which servers that run as another user may enter: pytest's are in one that
    they may not."""
    folder = Path(mkdtemp(prefix=name))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def running(name: str, command: Sequence[str | Path], *, port: int, home: Path) -> AsyncIterator[Child]:
    """Run it until the end of the block; it is ready when its port answers. Its log is in `home`."""
    program = Program(
        name=name,
        command=[str(word) for word in command],
        env=os.environ,
        log=home / f"{name}.log",
        restarts=False,
        patience=10,
    )
    child = Child(program=program, table=ProcessTable(home / "processes.json"), say=print)
    await child.start()
    try:
        await _until_listening(child, port)
        yield child
    finally:
        await child.stop()


async def _until_listening(child: Child, port: int) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                assert child.is_running, f"{child.program.name} does not start:\n{child.log_tail()}"
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
