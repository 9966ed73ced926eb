"""Children are restarted when they die, and nothing outlives its supervisor, however that one ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deployments.machine.databases import with_asyncpg
from deployments.machine.process_table import (
    ProcessRow,
    ProcessTable,
    living,
)
from deployments.machine.processes import (
    CODE,
    FAILING_DEATHS,
    PYTHON,
    Child,
    Program,
    StackError,
    free_port,
)
from deployments.machine.stack import (
    Stack,
    StackOptions,
)

SLEEPER = (PYTHON, "-c", "import signal; signal.pause()")
STUBBORN = (
    PYTHON,
    "-c",
    "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()",
)
BRIEF = (PYTHON, "-c", "print('cannot go on')")
WITH_GRANDCHILD = (PYTHON, "-c", f"import subprocess; subprocess.run({SLEEPER!r})")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def child(tmp_path: Path, said: list[str]) -> Callable[..., Child]:
    def make(command: tuple[str, ...], *, patience: float = 10, pause: float = 0.01) -> Child:
        log = tmp_path / "sleeper.log"
        program = Program(
            name="sleeper", command=command, env=dict(os.environ), log=log, patience=patience, pause=pause
        )
        return Child(program=program, table=ProcessTable(tmp_path / "table.json"), say=said.append)

    return make


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        # Other processes set no event of ours.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_killed_child_is_started_again(child: Callable[..., Child], said: list[str]):
    """And the operator is told how it died."""
    sleeper = child(SLEEPER)
    await sleeper.start()
    first = sleeper.pid
    os.kill(first, signal.SIGKILL)
    await _until(lambda: sleeper.restarted == 1)
    assert sleeper.pid != first
    assert "SIGKILL" in said[0]
    await sleeper.stop()
    assert not psutil.pid_exists(sleeper.pid)


async def test_a_child_that_always_dies_is_started_ever_more_seldom_and_never_given_up(
    child: Callable[..., Child], said: list[str]
):
    """Whatever ails it may be mended; the pauses keep the machine from being busy with starting it."""
    brief = child(BRIEF)
    await brief.start()
    await _until(lambda: brief.restarted > FAILING_DEATHS)
    assert brief.is_failing
    pauses = [float(line.split(" in ")[1].split(" s")[0]) for line in said]
    assert pauses[:6] == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]
    assert str(brief.program.log) in said[-1]
    assert "cannot go on" in brief.log_tail()
    await brief.stop()


async def test_a_child_deaf_to_sigterm_is_killed(child: Callable[..., Child], said: list[str]):
    """Stopping must come to an end."""
    sleeper = child(STUBBORN, patience=0.2)
    await sleeper.start()
    await _until(lambda: "deaf" in sleeper.log_tail())
    await sleeper.stop()
    assert not psutil.pid_exists(sleeper.pid)
    assert "did not stop" in said[0]


async def test_grandchildren_go_with_the_child(child: Callable[..., Child]):
    """No orphan holds a port or a database connection."""
    sleeper = child(WITH_GRANDCHILD)
    await sleeper.start()
    await _until(lambda: psutil.Process(sleeper.pid).children())
    grandchild = psutil.Process(sleeper.pid).children()[0]
    await sleeper.stop()
    await _until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def _sleeping() -> subprocess.Popen[bytes]:
    return subprocess.Popen(SLEEPER, start_new_session=True)  # noqa: S603


def test_the_watchdog_stops_what_is_in_the_table(tmp_path: Path):
    """The end of its input is the supervisor's death; rows of numbers given out again are left alone."""
    table = ProcessTable(tmp_path / "table.json")
    orphan, stranger = _sleeping(), _sleeping()
    table.add(ProcessRow.of("orphan", orphan.pid))
    table.add(ProcessRow(name="stranger", pid=stranger.pid, born=1.0))
    command = [sys.executable, "-m", "deployments.machine.watchdog", str(tmp_path / "table.json")]
    subprocess.run(command, stdin=subprocess.DEVNULL, cwd=CODE, check=True, timeout=30)  # noqa: S603
    assert orphan.wait(1) == -signal.SIGTERM
    assert stranger.poll() is None
    assert table.read() == []
    stranger.kill()
    stranger.wait()


SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from deployments.machine.stack import Stack, StackOptions

async def main():
    options = StackOptions(home=Path(sys.argv[1]), policy=Path("none"), say=print)
    async with Stack(options) as stack:
        await stack.start_database()
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_kill_minus_9_of_the_supervisor_leaves_no_database_behind(short_folder: Path):
    """Nobody could stop it by hand who does not know where to look."""
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISOR, str(short_folder)), cwd=CODE, stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    assert await supervisor.stdout.readline() == b"ready\n"
    rows = json.loads((short_folder / "processes.json").read_text())
    database = next(ProcessRow(**row) for row in rows if row["name"] == "postgres")
    assert living(database)
    supervisor.kill()
    await supervisor.wait()
    await _until(lambda: not living(database))


async def test_a_stack_starts_its_database_and_leaves_nothing(short_folder: Path, said: list[str]):
    """Twice over, on the same data."""
    options = StackOptions(home=short_folder, policy=Path("none"), say=said.append)
    for _ in range(2):
        async with Stack(options) as stack:
            await stack.start_database()
            assert stack.database_url.startswith("postgresql+asyncpg://")
            [row] = [
                row for row in ProcessTable(short_folder / "processes.json").read() if row.name == "postgres"
            ]
        assert not living(row)
        assert not (short_folder / "processes.json").exists()


async def test_two_stacks_on_one_data_folder_are_refused(short_folder: Path, said: list[str]):
    """The second would find ports taken and stop the first one's children as left over."""
    options = StackOptions(home=short_folder, policy=Path("none"), say=said.append)
    async with Stack(options):
        with pytest.raises(StackError, match=f"process {os.getpid()}"):
            await Stack(options).__aenter__()


async def test_what_both_deaths_left_is_stopped_by_the_next_start(short_folder: Path, said: list[str]):
    """When supervisor and watchdog were killed together."""
    orphan = _sleeping()
    ProcessTable(short_folder / "processes.json").add(ProcessRow.of("worker", orphan.pid))
    async with Stack(StackOptions(home=short_folder, policy=Path("none"), say=said.append)):
        assert orphan.wait(1) == -signal.SIGTERM
    assert "left over" in said[0]


async def test_an_own_database_and_an_own_prefect_are_used_as_they_are(short_folder: Path, said: list[str]):
    """Then nothing is embedded; a server that does not answer is said to."""
    options = StackOptions.from_environment(
        {
            "LIAISON_HOME": str(short_folder),
            "LIAISON_DATABASE_URL": "postgres://me@db.example/liaison",
            "PREFECT_API_URL": f"http://127.0.0.1:{free_port(0)}/api",
        },
        policy=Path("none"),
        say=said.append,
    )
    async with Stack(options) as stack:
        await stack.start_database()
        assert stack.database_url == "postgresql+asyncpg://me@db.example/liaison"
        assert not (short_folder / "postgres").exists()
        with pytest.raises(StackError, match="PREFECT_API_URL"):
            await stack.start_prefect()


@pytest.mark.parametrize("url", ["sqlite:///x.db", "mysql://db/liaison", "db.example/liaison"])
def test_another_kind_of_database_is_refused(url: str):
    """PostgreSQL, and only PostgreSQL."""
    with pytest.raises(StackError, match="LIAISON_DATABASE_URL"):
        with_asyncpg(url)


def test_a_taken_port_is_replaced(said: list[str]):
    """`liaison up` beside something on 4200 must not fail."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)
