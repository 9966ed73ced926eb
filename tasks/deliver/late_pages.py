"""Pages that their pager puts off: sent when it said that it takes them, not when somebody looks for what is overdue.

An on-call tool takes so many events a minute, of a key or of an account. Where two hundred services fail in one minute,
the last ones' engineers wait for the next, and should not wait longer than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from incidents.effects import Wanted
from tasks import resources
from tasks.deliver.deliver import deliver, next_due
from tasks.waits import patience

LONGEST = timedelta(seconds=90)
"""In all, for one incident: what is put off for longer is the recover flow's."""


async def send_late_pages(
    incident_id: int,
    *,
    longest: timedelta | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> bool:
    """Wait for what wakes engineers and is due soon, and send it then; whether there was any.

    `longest` is how long is waited in all, `LONGEST` unless told. What is due already, an action that runs or one in
    line behind it, is in somebody else's hands and keeps no page from its time.
    """
    left = patience(LONGEST) if longest is None else longest
    has_sent = False
    while (due_at := await next_due(incident_id, Wanted.WAKING, after=resources.utc_now())) is not None:
        wait = max(due_at - resources.utc_now(), timedelta(0))
        if wait > left:
            break
        left -= wait
        await sleep(wait.total_seconds())
        await deliver(incident_id, Wanted.WAKING)
        has_sent = True
    return has_sent
