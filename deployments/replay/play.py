"""One replay from the first webhook to the last comparison, against an installation that runs."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from deployments.replay.accounts import (
    account,
    compare,
    count_waiting,
    last_delivery,
    read_delivered,
    read_standings,
)
from deployments.replay.log import LogEvent, standings
from deployments.replay.result import ReplayResult
from deployments.replay.sender import Sender, Webhook
from deployments.replay.traffic import out_of_order, with_duplicates
from incidents.store.database import Database

LOOK_EVERY = 0.1
# The gateway has what waits looked at each minute; what nobody touched for three is given up.
STALLED_AFTER = 180.0

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The installation. `connection` is the helpdesk connection the webhooks come in by."""

    gateway_url: str
    connection: str
    secret: bytes
    database: Database

    @property
    def hook(self) -> str:
        """Where the connection's webhooks are posted."""
        return f"{self.gateway_url.rstrip('/')}/hooks/{self.connection}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """How the events travel: the share that comes twice, how many places late one may be, and the dice."""

    duplicate: float = 0.0
    shuffle: int = 0
    seed: int = 0


async def play(
    events: Sequence[LogEvent], target: Target, traffic: Traffic, *, progress: Progress
) -> ReplayResult:
    """Send everything, wait until it is handled, compare. Raises `ReplayError` when it cannot be sent."""
    line = _line(events, traffic)
    async with target.database.transaction() as tx:
        before = await last_delivery(tx)
    sender = Sender(
        target.hook,
        target.secret,
        on_accepted=lambda accepted: progress("accepted", accepted, len(line)),
    )
    sent = await sender.send(line)
    empty_at = await _until_empty(target, before, len(events), progress)
    async with target.database.transaction() as tx:
        delivered = await read_delivered(tx, target.connection, before)
        expected = standings(events)
        found = await read_standings(tx, target.connection, sorted(expected))
    accounts = account(events, delivered)
    return ReplayResult(
        events=len(events),
        tickets=len(expected),
        sent=sent.accepted,
        duplicates_sent=len(line) - len(events),
        duplicates_dropped=sent.known_already,
        put_off=sent.put_off,
        events_per_second=len(events) / (empty_at - sent.began),
        accepted_per_second=sent.accepted / (sent.last_accepted - sent.began),
        drain_lag_seconds=empty_at - sent.last_accepted,
        longest_wait_seconds=accounts.longest_wait,
        lost=accounts.lost,
        doubled=accounts.doubled,
        parked=accounts.parked,
        mismatches=compare(expected, found),
    )


def _line(events: Sequence[LogEvent], traffic: Traffic) -> list[Webhook]:
    """The webhooks in the order of sending. The same seed gives the same order, each replay ids of its own."""
    random = Random(traffic.seed)
    replay = secrets.token_hex(4)
    webhooks = [
        Webhook(id=f"replay-{replay}-{event.ticket}-{event.after.version}", body=event.body)
        for event in events
    ]
    return out_of_order(with_duplicates(webhooks, traffic.duplicate, random), traffic.shuffle, random)


async def _until_empty(target: Target, before: int, total: int, progress: Progress) -> float:
    """When nothing of this replay waited any more; or when nobody had handled anything for long."""
    least, moved_at = total + 1, time.monotonic()
    while True:
        async with target.database.transaction() as tx:
            waiting = await count_waiting(tx, target.connection, before)
        now = time.monotonic()
        if waiting < least:
            least, moved_at = waiting, now
        progress("handled", total - waiting, total)
        if waiting == 0 or now - moved_at > STALLED_AFTER:
            return now
        await asyncio.sleep(LOOK_EVERY)
