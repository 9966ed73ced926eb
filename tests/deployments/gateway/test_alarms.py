"""What operators hear of without looking: once when it begins, and again only when it begins again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from deployments.gateway.alarms import LONGEST_WAIT, Alarms
from incidents.effects import EffectState
from incidents.events import Lane
from incidents.store.health.backlog import WAITING, LaneBacklog, StoreBacklog
from tests.deployments.gateway.prefect_api import PrefectApi

LATE = LONGEST_WAIT + 1


def backlog(*, intake: float = 0.0, held: int = 0) -> StoreBacklog:
    lanes = dict.fromkeys(Lane, LaneBacklog()) | {Lane.INTAKE: LaneBacklog(waiting=3, oldest=intake)}
    effects = dict.fromkeys(WAITING, 0) | {EffectState.HELD: held}
    return StoreBacklog(lanes=lanes, effects=effects, overdue=0.0, promise_overdue=0.0, emergency=False)


@pytest.fixture
def prefect() -> PrefectApi:
    return PrefectApi()


@pytest.fixture
async def alarms(prefect: PrefectApi) -> AsyncIterator[Alarms]:
    async with prefect.connect() as client:
        yield Alarms(client)


def told(prefect: PrefectApi) -> list[tuple[object, object]]:
    return [(event["event"], event["payload"]) for event in prefect.events]


async def test_a_lane_that_waits_is_told_once(alarms: Alarms, prefect: PrefectApi):
    for age in (10.0, LATE, LATE + 10, 5.0):
        await alarms.tell(backlog(intake=age))
    assert told(prefect) == [("liaison.lane.waiting", {"waiting": 3, "seconds": round(LATE)})]
    assert prefect.events[0]["resource"] == {
        "prefect.resource.id": "liaison.lane.intake",
        "prefect.resource.name": "intake",
    }
    await alarms.tell(backlog(intake=LATE))
    assert len(prefect.events) == 2, "it began again"


async def test_what_is_held_is_told_when_there_is_more(alarms: Alarms, prefect: PrefectApi):
    for held in (0, 2, 2, 1, 3, 0):
        await alarms.tell(backlog(held=held))
    assert told(prefect) == [("liaison.effects.held", {"held": 2}), ("liaison.effects.held", {"held": 3})]


async def test_a_prefect_that_is_away_is_told_when_it_is_back(alarms: Alarms, prefect: PrefectApi):
    prefect.is_away = True
    with pytest.raises(httpx.ProxyError):
        await alarms.tell(backlog(held=1))
    prefect.is_away = False
    await alarms.tell(backlog(held=1))
    assert told(prefect) == [("liaison.effects.held", {"held": 1})]
