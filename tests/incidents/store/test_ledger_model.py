"""Any sequence of planning, leasing, sending, dying and finishing: the ledger does what its model says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectState
from incidents.store.database import Database
from incidents.store.ledger.due import (
    DueEffects,
    due_effects,
    next_due_at,
)
from incidents.store.ledger.effects import (
    LEASE,
    Leased,
    Settled,
    lease_effects,
    mark_sent,
    plan_effects,
    settle_effects,
)
from incidents.store.schema.tables import effects
from tests.incidents.store.examples import NOW, effect, new_incident
from tests.incidents.store.ledger_model import LONG_AGO, LedgerModel

Returned = TypeVar("Returned")
S = EffectState
FINAL = {S.DONE, S.HELD, S.DEAD}
ENDINGS = st.sampled_from([S.DONE, S.DONE, S.PENDING, S.UNKNOWN, S.HELD, S.DEAD])
# Around the ends of leases and waits, where mistakes live.
SPANS = st.sampled_from([timedelta(0), timedelta(seconds=1), LEASE / 2, LEASE, LEASE + timedelta(seconds=1)])


class Blocking:
    """The store as hypothesis can call it: each call is a transaction, run to its end."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._database = Database(url, pool_size=1)

    def call(self, work: Callable[[AsyncConnection], Coroutine[None, None, Returned]]) -> Returned:
        async def in_a_transaction() -> Returned:
            async with self._database.transaction() as tx:
                return await work(tx)

        return self._loop.run_until_complete(in_a_transaction())

    def close(self) -> None:
        self._loop.run_until_complete(self._database.aclose())
        self._loop.close()


@dataclass(frozen=True, slots=True)
class Seen:
    """The ledger after a step; `due` holds one effect each."""

    lines: list[tuple[str, EffectState, int]]
    due: Sequence[DueEffects]
    next_due_at: datetime | None


class LedgerMachine(RuleBasedStateMachine):
    """Workers who lease, send, die and come back late, against the model."""

    store: Blocking
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.model = LedgerModel()
        self.now = NOW
        self.finished: dict[str, EffectState] = {}
        self.holders: dict[str, Leased] = {}
        self.incident = self.store.call(self._begin)

    @staticmethod
    async def _begin(tx: AsyncConnection) -> int:
        await tx.execute(effects.delete())
        return (await new_incident(tx)).id

    @initialize()
    def plan_some(self) -> None:
        self.plan([0, 1, 3, 4, 6])

    @rule(numbers=st.lists(st.integers(0, 11), min_size=1, max_size=4))
    def plan(self, numbers: list[int]) -> None:
        """Number 5 is the second effect of lane 2; a number that was planned before is no news."""
        planned = [
            effect(f"e{number}", incident_id=self.incident, target=f"lane {number % 3}") for number in numbers
        ]
        self.store.call(lambda tx: plan_effects(tx, planned))
        for each in planned:
            self.model.plan(each.key, each.lane)

    @rule(target=leases, limit=st.integers(1, 3))
    def lease(self, limit: int) -> object:
        must_look_up = {line.key: line.was_sent for line in self.model.lines.values()}
        expected = [(line.key, line.fence) for line in self.model.lease(self.now, limit)]
        leased = self.store.call(
            lambda tx: lease_effects(tx, now=self.now, incident_id=self.incident, limit=limit, clock=self.now)
        )
        assert [(item.effect.key, item.fence) for item in leased] == expected
        for item in leased:
            key = item.effect.key
            assert key not in self.finished, "what is final was leased again"
            assert item.must_look_up == must_look_up[key]
            self.holders[key] = item
        return multiple(*leased)

    @rule(item=leases)
    def send(self, item: Leased) -> None:
        """By its holder, or by one who has lost it long ago."""
        expected = [item] if self.model.mark_sent(item.effect.key, item.fence, self.now) else []
        assert self.store.call(lambda tx: mark_sent(tx, [item], clock=self.now)) == expected

    @rule(item=consumes(leases), state=ENDINGS, wait=st.none() | SPANS)
    def finish(self, item: Leased, state: EffectState, wait: timedelta | None) -> None:
        again = None if wait is None else self.now + wait
        counts = self.model.settle(item.effect.key, item.fence, state, again)
        outcome = Settled(id=item.id, fence=item.fence, state=state, again_in=wait)
        assert self.store.call(lambda tx: settle_effects(tx, [outcome], now=self.now)) == int(counts)
        if counts:
            assert self.holders[item.effect.key].fence == item.fence
            if state in FINAL:
                self.finished[item.effect.key] = state

    @rule(span=SPANS)
    def time_passes(self, span: timedelta) -> None:
        self.now += span

    @invariant()
    def the_ledger_is_as_the_model_says(self) -> None:
        seen = self.store.call(self._look)
        assert seen.lines == [(line.key, line.state, line.fence) for line in self.model.lines.values()]
        assert len(seen.due) == len(self.model.due(self.now))
        expected = self.model.next_due_at()
        if expected == LONG_AGO:
            assert seen.next_due_at is not None
            assert seen.next_due_at < NOW
        else:
            assert seen.next_due_at == expected

    @invariant()
    def what_is_final_stays_so(self) -> None:
        assert {key: self.model.lines[key].state for key in self.finished} == self.finished

    @invariant()
    def no_lane_has_two_under_way(self) -> None:
        busy = [line.lane for line in self.model.lines.values() if line.is_under_way(self.now)]
        assert len(busy) == len(set(busy))

    async def _look(self, tx: AsyncConnection) -> Seen:
        rows = await tx.execute(
            select(effects.c.key, effects.c.state, effects.c.fence).order_by(effects.c.id)
        )
        return Seen(
            lines=[(row.key, EffectState(row.state), row.fence) for row in rows],
            due=await due_effects(tx, self.incident, now=self.now, clock=self.now, at_most=1),
            next_due_at=await next_due_at(tx, self.incident),
        )


@pytest.fixture
def store(database: Database) -> Iterator[Blocking]:
    blocking = Blocking(database.url)
    yield blocking
    blocking.close()


def test_the_ledger_does_what_its_model_says(store: Blocking):
    """No effect is held by two, none overtakes another in its lane, and what is final stays so."""
    machine = type("Machine", (LedgerMachine,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
