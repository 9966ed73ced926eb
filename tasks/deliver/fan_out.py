"""An update to many tickets of one helpdesk, round after round as its budget allows.

Each round is planned anew from what the ledger and the helpdesk's limits say at that moment. So whoever is cut off in
the middle leaves nothing but the calls that were under way: another run goes on from the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.effects import EffectKind
from incidents.errors import LiaisonError, StoreFault
from incidents.fan_out.budget import UNLIMITED, Budget, Budgeted
from incidents.fan_out.planning import FanOut, plan_fan_out
from incidents.ports import Helpdesk
from incidents.store.ledger.untold import plan_times, sent_lately, untold_tickets
from tasks import resources
from tasks.deliver.progress import show_progress
from tasks.retries import Postponed, read_again
from tasks.waits import patience

Send = Callable[[str, str, list[int]], Awaitable[str]]
NOTHING_LEFT = "nothing left to send"
"""What `Send` returns where another run has taken it all."""

PATIENCE = timedelta(minutes=2)
"""So long at most the next round is waited for. Windows are a minute."""
_WINDOW = timedelta(minutes=1)
AGAIN = timedelta(seconds=15)
"""When it is tried again where a whole round met with failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Round:
    """`sends`: what goes out now, by kind."""

    plan: FanOut
    sends: Sequence[tuple[EffectKind, list[int]]]


async def fan_out(incident_id: int | None, connection: str, send: Send) -> None:
    """Send what waits for tickets of this connection, until nothing is left that can go now or soon.

    A round that has brought nothing through is the last: the helpdesk is away, and the ledger keeps the rest.
    """
    while True:
        planned = await _plan(incident_id, connection)
        await show_progress(incident_id, connection, planned.plan)
        if planned.sends:
            outcomes = await _send(connection, planned.sends, send)
            if all(isinstance(outcome, Postponed) or outcome == NOTHING_LEFT for outcome in outcomes):
                await _put_off(planned.plan)
                return
            continue
        wait = planned.plan.next_in
        if wait is None or timedelta(seconds=wait) > patience(PATIENCE):
            return
        await asyncio.sleep(wait)


async def _send(
    connection: str, sends: Sequence[tuple[EffectKind, list[int]]], send: Send
) -> Sequence[str | BaseException]:
    """What was said of each; a batch that was postponed is the ledger's business."""
    outcomes = await asyncio.gather(
        *(send(connection, kind.value, ids) for kind, ids in sends), return_exceptions=True
    )
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Postponed):
            raise outcome
    return outcomes


@read_again
async def _plan(incident_id: int | None, connection: str) -> _Round:
    """The next round; when all the others go is written down, where there is one to wait for."""
    budget = await budget_of(connection)
    async with resources.transaction() as step:
        tx, now = step.connection, step.now
        weights = {name: tier.weight for name, tier in step.policy.tiers.items()}
        found = await untold_tickets(tx, incident_id, connection, weights=weights, now=now)
        if budget.limits:
            budget = budget.knowing(await sent_lately(tx, incident_id, connection, since=_WINDOW))
        plan = plan_fan_out(found.untold, budget, now=now)
        times = {one: now for call in plan.now for one in call}
        if not plan.now:
            times = {one: now + timedelta(seconds=place) for one, place in plan.later.items()}
        await plan_times(tx, times, now=now)
    sends: dict[EffectKind, list[int]] = {}
    for call in plan.now:
        sends.setdefault(found.kinds[call[0]], []).extend(call)
    return _Round(plan=plan, sends=list(sends.items()))


async def _put_off(plan: FanOut) -> None:
    async with resources.transaction() as step:
        times = dict.fromkeys(plan.later, step.now + AGAIN)
        await plan_times(step.connection, times, now=step.now)


async def budget_of(connection: str) -> Budget:
    """What the helpdesk takes now. One that does not say, or cannot be asked, takes everything: sending tells."""
    try:
        helpdesk = await resources.connect(connection, Helpdesk)
    except StoreFault:
        raise
    except LiaisonError:
        return UNLIMITED
    return helpdesk.budget() if isinstance(helpdesk, Budgeted) else UNLIMITED
