"""How an attempt ended, and so when (and whether) there is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from incidents.effects import EffectState
from incidents.errors import Busy, Exposed, LiaisonError, NotAllowed, Refused, Unknown, Unreachable
from incidents.store.ledger.effects import (
    EXPOSED,
    MAX_ATTEMPTS,
    OVERTAKEN,
    Leased,
    Settled,
)
from incidents.texts.team import worded

# A revoked token needs a person; asking every second would only lock the account.
_NOT_ALLOWED_AGAIN = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(minutes=10)


def done(item: Leased, *, detail: str = "", result: str | None = None, version: int | None = None) -> Settled:
    """It was done. `result` is what later effects need of it, such as a room's id; for `version` see `Settled`."""
    return Settled(
        id=item.id, fence=item.fence, state=EffectState.DONE, detail=detail, result=result, version=version
    )


def overtaken(item: Leased, reason: str) -> Settled:
    """Nothing was sent and nothing is left to do: somebody's newer word stands, and no person need see to it."""
    return done(item, detail=reason, result=OVERTAKEN)


def dead(item: Leased, reason: str) -> Settled:
    """It will never be done, for this reason."""
    return Settled(id=item.id, fence=item.fence, state=EffectState.DEAD, detail=reason)


def held(item: Leased, reason: str) -> Settled:
    """A person decides: sending it again could tell a customer twice."""
    return Settled(id=item.id, fence=item.fence, state=EffectState.HELD, detail=reason)


def exposed(item: Leased, reason: str) -> Settled:
    """What was for colleagues stood where customers read it: held, never sent again by itself, and told to whoever the
    policy names."""
    return replace(held(item, reason), result=EXPOSED)


def again(item: Leased, reason: str, *, after: timedelta) -> Settled:
    """Surely not done: pending again, unless it has been tried for too long."""
    if item.attempts >= MAX_ATTEMPTS:
        return dead(
            item,
            worded("given up after {attempts} attempts: {reason}", attempts=item.attempts, reason=reason),
        )
    return Settled(id=item.id, fence=item.fence, state=EffectState.PENDING, detail=reason, again_in=after)


def wait(item: Leased, reason: str, *, after: timedelta) -> Settled:
    """The other side said when, or a person must act: however often that happens, it is never given up."""
    return Settled(id=item.id, fence=item.fence, state=EffectState.PENDING, detail=reason, again_in=after)


def unknown(item: Leased, reason: str, *, look_up_after: timedelta) -> Settled:
    """It may have been done: after that time it is looked up, before anything is sent again."""
    return Settled(
        id=item.id, fence=item.fence, state=EffectState.UNKNOWN, detail=reason, again_in=look_up_after
    )


def failed(item: Leased, error: LiaisonError, *, index_lag: float) -> Settled:
    """Translate an error of the outside world. `index_lag`, in seconds, delays the look-up of an unknown."""
    reason = str(error)
    if isinstance(error, Busy):
        return wait(item, reason, after=timedelta(seconds=error.retry_after))
    if isinstance(error, Unreachable):
        return again(item, reason, after=backoff(item.attempts))
    if isinstance(error, Unknown):
        return unknown(item, reason, look_up_after=timedelta(seconds=index_lag))
    if isinstance(error, NotAllowed):
        return wait(item, reason, after=_NOT_ALLOWED_AGAIN)
    if isinstance(error, Refused):
        return exposed(item, reason) if isinstance(error, Exposed) else dead(item, reason)
    return again(item, reason, after=backoff(item.attempts))


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long after each, up to a limit."""
    return min(timedelta(seconds=2 ** min(attempts, 10)), _LONGEST_WAIT)
