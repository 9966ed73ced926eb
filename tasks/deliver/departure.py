"""The moment between "this goes out now" and the call itself: the one in which a worker must not fall asleep.

A process that was stopped there, or a machine that was suspended, wakes up after its lease has ended: its successor has
looked the effect up, not found it, and sent it. So whoever slept refuses to send.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from incidents.errors import Unreachable
from incidents.ports import Acting
from incidents.step import Step
from incidents.store.ledger.effects import Leased, mark_sent
from incidents.store.ledger.written import record_departures
from tasks import resources

# With a connector's own deadline for a call (20 s) it stays under a lease (30 s).
MOST_SECONDS = 8.0


class Overslept(Unreachable):
    """Too long ago it was said that this goes out: it was surely not sent, and somebody else may have taken it."""


async def set_out(
    leased: Sequence[Leased], by: object, *, unless: Callable[[Step], Awaitable[None]] | None = None
) -> Sequence[Leased]:
    """Commit that these go out now, and return those that are still ours; the call must follow at once. `by` is the
    connector that sends them; what `unless` raises in that transaction keeps them from going.

    Raises `Overslept` when too much time has passed since it was begun, and the store's faults.
    """
    began = resources.uptime()
    async with resources.transaction() as step:
        if unless is not None:
            await unless(step)
        ours = await mark_sent(step.connection, leased)
        await record_departures(step.connection, ours, actor=by.actor if isinstance(by, Acting) else "")
    passed = resources.uptime() - began
    if ours and passed > MOST_SECONDS:
        raise Overslept(f"{passed:.0f} s passed before it could be sent; somebody else may have sent it")
    return ours
