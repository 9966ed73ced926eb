"""`kill -9` of PostgreSQL's postmaster while signed webhooks stream in."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass
from functools import partial

from bench.campaign.row import Row, Size
from bench.campaign.senders import Sent, sending
from bench.campaign.site import Site, open_site
from bench.result import progress
from bench.sandbox import TookTooLong, until
from deployments.machine.kept_database import KeeperPacing

PROMISED = 10.0
"""Seconds from the kill to the first webhook that a new server took."""
PATIENCE = 120.0
NEVER = KeeperPacing(look=1e9)


@dataclass(frozen=True, kw_only=True)
class Deaths:
    """`slowest`: seconds until webhooks were taken again, the longest of all kills."""

    acknowledged: int
    lost: int
    slowest: float
    server_restarts: int


async def postmaster_kills(size: Size) -> Row:
    """Served again within ten seconds, and nothing lost; the control has nobody who starts PostgreSQL again."""
    kills = size.pick(full=60, small=3)
    found = await _die(kills)
    served = await _is_served_without_a_keeper()
    return Row(
        name="PostgreSQL's postmaster is killed while webhooks stream in",
        size=size,
        done=f"{kills} × `kill -9`, {found.acknowledged:,} webhooks acknowledged",
        promised=f"taken again within {PROMISED:g} s, none acknowledged is lost, the gateway stays up",
        seen=(
            f"taken again after {found.slowest:.1f} s at the most, {found.lost} lost, "
            f"{found.server_restarts} restarts of the gateway"
        ),
        control=(
            f"nobody starts PostgreSQL again: 1 kill, {'webhooks' if served else 'no webhook'} taken within "
            f"{PROMISED:g} s"
        ),
        is_kept=found.lost == found.server_restarts == 0 and found.slowest <= PROMISED,
        has_control_failed=not served,
    )


async def _die(kills: int) -> Deaths:
    dice, slowest = random.Random(7), 0.0
    async with open_site() as site:
        async with sending(site.url, site.secret) as sent:
            for number in range(1, kills + 1):
                before = time.monotonic()
                await until("webhooks are taken", partial(_is_taken_since, sent, before), PATIENCE)
                await asyncio.sleep(dice.uniform(0.05, 1.0))
                killed = _kill(site)
                # An old session may still take one, which counts for the sender and not for the figure.
                await until("PostgreSQL is started again", partial(_has_restarted, site, number), PATIENCE)
                started = time.monotonic()
                await until("webhooks are taken again", partial(_is_taken_since, sent, started), PATIENCE)
                slowest = max(slowest, sent.last - killed)
                progress(f"postmaster: kill {number} of {kills}, slowest {slowest:.1f} s")
        return Deaths(
            acknowledged=len(sent.acknowledged),
            lost=sent.lost(await site.stored()),
            slowest=slowest,
            server_restarts=site.server.restarted,
        )


async def _is_served_without_a_keeper() -> bool:
    async with open_site(pace=NEVER) as site, sending(site.url, site.secret) as sent:
        began = time.monotonic()
        await until("webhooks are taken", lambda: _is_taken_since(sent, began), PATIENCE)
        _kill(site)
        await until("the last session has gone", lambda: _has_no_sessions(site), PATIENCE)
        # What was being answered meanwhile has been.
        gone = time.monotonic() + 1.0
        try:
            await until("webhooks are taken again", lambda: _is_taken_since(sent, gone), PROMISED)
        except TookTooLong:
            return False
        return True


def _kill(site: Site) -> float:
    pid = site.database.server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return time.monotonic()


async def _has_restarted(site: Site, times: int) -> bool:
    return site.database.restarted >= times


async def _has_no_sessions(site: Site) -> bool:
    return not await asyncio.to_thread(site.database.server.orphans)


async def _is_taken_since(sent: Sent, moment: float) -> bool:
    return sent.last > moment
