"""The disk of the store is full for a while, really: a small file system of its own, filled to the last byte."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.campaign.row import Row, Size
from bench.campaign.senders import Sent, sending
from bench.campaign.site import GATEWAY, STORES_LATER, open_site
from bench.result import progress
from bench.sandbox import until

DISK_BYTES = 500_000_000
"""PostgreSQL's programs, a new cluster and its log need 300 MB of it."""
PROMISED = 30.0
"""Seconds from the moment that there is room again to the first webhook that is taken."""
PATIENCE = 180.0


class NoSmallDisk(Exception):
    """A file system cannot be mounted by this user: run it as root on Linux."""


@dataclass(frozen=True, kw_only=True)
class Full:
    """`refused`: attempts that were not answered 200 while it was full. `taken_again`: seconds after there was room."""

    acknowledged: int
    refused: int
    lost: int
    taken_again: float


async def disk_full(size: Size) -> Row:
    """Nothing that is acknowledged is lost, and it goes on by itself. Raises `NoSmallDisk`."""
    seconds = size.pick(full=40, small=15)
    with _small_disk() as disk:
        ours = await _fill(GATEWAY, disk, seconds)
    with _small_disk() as disk:
        control = await _fill(STORES_LATER, disk, seconds)
    return Row(
        name="The disk of the store is full",
        size=size,
        done=(
            f"full for {seconds} s while webhooks stream in; {ours.acknowledged:,} acknowledged, "
            f"{ours.refused:,} attempts refused"
        ),
        promised=f"none acknowledged is lost; webhooks are taken within {PROMISED:g} s of there being room again",
        seen=f"{ours.lost} lost, taken again after {ours.taken_again:.1f} s",
        control=(
            f"a server that answers before it stores: {control.acknowledged:,} acknowledged, {control.lost:,} lost"
        ),
        is_kept=ours.lost == 0 and ours.refused > 0 and ours.taken_again <= PROMISED,
        has_control_failed=control.lost > 0,
    )


async def _fill(command: Sequence[str], disk: Path, seconds: float) -> Full:
    async with open_site(command, disk=disk) as site:
        async with sending(site.url, site.secret) as sent:
            began = time.monotonic()
            await until("webhooks are taken", partial(_is_taken_since, sent, began), PATIENCE)
            good, all_before = sent.statuses[200], sent.statuses.total()
            filler = disk / "filler"
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                await asyncio.to_thread(_take_all, filler)
                await asyncio.sleep(0.05)
            refused = (sent.statuses.total() - all_before) - (sent.statuses[200] - good)
            progress(f"{command[-1]}: full for {seconds} s, {refused} refused")
            filler.unlink()
            room = time.monotonic()
            await until("webhooks are taken again", partial(_is_taken_since, sent, room), PATIENCE)
            taken_again = sent.last - room
        # What the control answered for and still tries to store may have its time.
        await asyncio.sleep(10)
        return Full(
            acknowledged=len(sent.acknowledged),
            refused=refused,
            lost=sent.lost(await site.stored()),
            taken_again=taken_again,
        )


def _take_all(filler: Path) -> None:
    """Write until there is no room: also what was freed since the last time."""
    with filler.open("ab", buffering=0) as handle:
        for size in (1 << 20, 4096):
            try:
                while True:
                    handle.write(bytes(size))
            except OSError:
                continue


async def _is_taken_since(sent: Sent, moment: float) -> bool:
    return sent.last > moment


@contextmanager
def _small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ld"))
    # PostgreSQL's own user must get through to its data.
    folder.chmod(0o711)
    options = f"size={DISK_BYTES},mode=0711"
    try:
        try:
            command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoSmallDisk("no small file system can be mounted here: run it as root on Linux") from error
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)  # noqa: S607
    finally:
        folder.rmdir()
