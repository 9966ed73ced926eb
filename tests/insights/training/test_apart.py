"""Work in a process of its own: its result, its exception, its death, and its end with whoever asked for it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from insights.learning import NotEnoughHistory
from insights.training.apart import Lost, apart


def told_by_itself(word: str, *, times: int) -> tuple[int, str]:
    return os.getpid(), word * times


def refuse() -> None:
    raise NotEnoughHistory("12 tickets, 50 are needed", short="too little (12 of 50)")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def say_and_wait(started: Path) -> None:
    started.write_text(str(os.getpid()))
    signal.pause()


async def test_its_result_comes_from_another_process():
    number, said = await apart(told_by_itself, "ab", times=2)
    assert said == "abab"
    assert number != os.getpid()


async def test_what_it_raises_is_raised_here():
    with pytest.raises(NotEnoughHistory, match="12 tickets, 50 are needed") as refusal:
        await apart(refuse)
    assert refusal.value.short == "too little (12 of 50)"


async def test_that_it_was_killed_is_said_with_a_cure():
    with pytest.raises(Lost, match=r"that was to die ended before it was done; .* more memory"):
        await apart(die)


async def test_whoever_is_cancelled_takes_it_along(tmp_path: Path):
    started = tmp_path / "started"
    os.mkfifo(started)
    asked = asyncio.create_task(apart(say_and_wait, started))
    number = int(await asyncio.to_thread(started.read_text))
    process = psutil.Process(number)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await asyncio.to_thread(process.wait, 30)
