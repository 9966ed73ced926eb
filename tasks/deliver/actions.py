"""Running a pre-configured action and following it to its end."""

from __future__ import annotations

import asyncio

from incidents.actions import ActionState
from incidents.effects import ActionCall, EffectState
from incidents.errors import Busy, LiaisonError, StoreFault, Unreachable
from incidents.ports import ActionRunner
from incidents.store.ledger.effects import (
    Leased,
    Settled,
)
from tasks import resources
from tasks.deliver.departure import set_out
from tasks.deliver.settling import done

_LOOK_EVERY = 1.0


async def run_action(item: Leased) -> Settled:
    """Run it once. An action is a means, never the end: whatever goes wrong with it is its outcome, and the
    incident goes on to the engineers without waiting for a retry."""
    call = item.effect.payload
    if not isinstance(call, ActionCall):
        raise TypeError(f"{type(call).__name__} is no action")
    if item.must_look_up:
        return _ended(item, ActionState.FAILED, "interrupted; whether it ran is not known")
    seen = ""
    try:
        runner = await resources.connect(item.effect.connection, ActionRunner)
        if not await set_out([item], runner):
            return done(item)  # the fence is gone: whatever we say no longer counts
        async with asyncio.timeout(call.timeout):
            run = await runner.run(call.action, dict(call.arguments), once=item.effect.once)
            while run.state is ActionState.RUNNING:
                seen = run.detail or seen
                await asyncio.sleep(_LOOK_EVERY)
                try:
                    run = await runner.follow(run.id)
                except (Busy, Unreachable):
                    continue  # the time limit ends this, not one lost look
    except StoreFault:
        raise  # nobody has asked the runner for anything
    except TimeoutError:
        # What it waits for, such as a worker or a person, is what an engineer must know.
        last = f"; last seen: {seen}" if seen else ""
        return _ended(item, ActionState.FAILED, f"not finished within {call.timeout:g} s{last}")
    except LiaisonError as error:
        return _ended(item, ActionState.FAILED, str(error))
    return _ended(item, run.state, run.detail)


def _ended(item: Leased, state: ActionState, detail: str) -> Settled:
    return Settled(
        id=item.id,
        fence=item.fence,
        state=EffectState.DONE,
        detail=detail[:300] or state.value,
        result=state.value,
    )
