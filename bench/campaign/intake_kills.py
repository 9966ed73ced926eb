"""`kill -9` of the gateway while signed webhooks stream in."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bench.campaign.row import Row, Size
from bench.campaign.senders import sending
from bench.campaign.site import GATEWAY, STORES_LATER, open_site
from bench.result import progress
from bench.sandbox import until

PATIENCE = 120.0


@dataclass(frozen=True, kw_only=True)
class Storm:
    """`twice`: deliveries that have more than one row."""

    kills: int
    acknowledged: int
    lost: int
    twice: int


async def intake_kills(size: Size) -> Row:
    """No acknowledged webhook is lost, and none has two rows; the control answers before it stores."""
    kills = size.pick(full=500, small=5)
    ours = await _storm(GATEWAY, kills=kills, at_least=size.pick(full=100_000, small=1_000))
    control = await _storm(STORES_LATER, kills=size.pick(full=50, small=5), at_least=1_000)
    return Row(
        name="The gateway is killed while webhooks stream in",
        size=size,
        done=f"{ours.kills} × `kill -9`, {ours.acknowledged:,} webhooks acknowledged",
        promised="none acknowledged is lost, none is there twice",
        seen=f"{ours.lost} lost, {ours.twice} twice",
        control=(
            f"a server that answers before it stores: {control.kills} kills, {control.acknowledged:,} acknowledged, "
            f"{control.lost} lost"
        ),
        is_kept=ours.lost == ours.twice == 0,
        has_control_failed=control.lost > 0,
    )


async def _storm(command: Sequence[str], *, kills: int, at_least: int) -> Storm:
    dice = random.Random(7)
    async with open_site(command) as site:
        async with sending(site.url, site.secret) as sent:
            for number in range(1, kills + 1):
                before = len(sent.acknowledged)
                # In the midst of taking: a server that has taken nothing yet has nothing to lose.
                await until("webhooks are taken", partial(_has_more, sent.acknowledged, before), PATIENCE)
                await asyncio.sleep(dice.uniform(0.05, 0.5))
                await site.kill()
                if number % 10 == 0 or number == kills:
                    progress(
                        f"{command[-1]}: kill {number} of {kills}, {len(sent.acknowledged)} acknowledged"
                    )
            await until(
                "enough are acknowledged", lambda: _has_more(sent.acknowledged, at_least), PATIENCE * 10
            )
        stored = await site.stored()
        return Storm(
            kills=kills,
            acknowledged=len(sent.acknowledged),
            lost=sent.lost(stored),
            twice=len(stored) - len(set(stored)),
        )


async def _has_more(acknowledged: Sequence[str], than: int) -> bool:
    return len(acknowledged) > than
