"""`liaison demo`, as a visitor runs it: a scratch installation, the whole story, and nothing left of either."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from deployments.machine.processes import free_port

PATIENCE = 400.0
EXPECTED = {
    "tickets": 44,
    "incidents": 2,
    "pages": 2,
    "customer_messages": 84,
    "reopened": True,
    "closed": True,
    "ok": True,
}


BY_MAIL = {
    "tickets": 13,
    "incidents": 1,
    "pages": 2,
    "customer_messages": 28,
    "reopened": True,
    "closed": True,
    "ok": True,
}


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Where the demo makes its folder. Not pytest's tmp_path: a unix socket's path must be short."""
    folder = Path(tempfile.mkdtemp(prefix="demo"))
    yield folder
    shutil.rmtree(folder)


async def test_the_demo_ends_as_told(scratch: Path):
    """The figures of the story as JSON, exit code 0, and afterwards no process and no folder of it."""
    result = await played(scratch)
    measured = {name: result.pop(name) for name in ("duplicates_dropped", "seconds_to_first_page")}
    result["customer_messages"] = without_late_updates(result["customer_messages"], customers=41)
    assert result == EXPECTED
    assert measured["duplicates_dropped"] > 0
    assert measured["seconds_to_first_page"] > 0


async def test_without_vendors_it_ends_as_told(scratch: Path):
    """The same with a mailbox and a rota: woken by mail, taken and ended by link, all told in their own threads."""
    result = await played(scratch, "--without-vendors")
    assert result.pop("seconds_to_first_page") > 0
    result["customer_messages"] = without_late_updates(result["customer_messages"], customers=13)
    assert result == BY_MAIL


def without_late_updates(messages: int, *, customers: int) -> int:
    """On a slow machine all customers may hear once more that it is being worked on, as they were promised."""
    least = 2 * customers + 2
    return least if messages in (least, least + customers) else messages


async def played(scratch: Path, *options: str) -> dict[str, Any]:
    """What came of the demo, of which nothing is left."""
    return await played_verb(scratch, "demo", "--quick", *options)


async def played_verb(scratch: Path, *words: str, exit_code: int = 0) -> dict[str, Any]:
    """What came of a verb that plays on a scratch installation; of one that went well nothing is left."""
    mark = uuid4().hex
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deployments.cli", *words, "--json"),
        # Not 4200: another demo may be about to take it.
        *("--port", str(free_port(0))),
        env={**os.environ, "TMPDIR": str(scratch), "STORY": mark},
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said, told = await demo.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            demo.terminate()
    assert demo.returncode == exit_code, told.decode()
    assert running_with(mark) == []
    assert exit_code or os.listdir(scratch) == []  # noqa: PTH208 - pathlib is not for async functions
    result: dict[str, Any] = json.loads(said)
    return result


def running_with(mark: str) -> list[str]:
    """Processes that have the mark in their environment, which children inherit."""
    found: list[str] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("STORY") == mark:
                found.append(" ".join(process.cmdline()))
    return found
