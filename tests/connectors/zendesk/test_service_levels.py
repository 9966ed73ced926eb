"""Zendesk's SLA policies, schedules and holidays against its fake: the contract, and what is Zendesk's own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.zendesk import Zendesk
from connectors.zendesk.service_levels.reader import read_service_levels
from incidents.errors import NotAllowed, Unreachable, Unrecognised
from tests.connectors.zendesk.conftest import ZendeskWorld, connect, settings
from tests.contracts.service_level_source import ServiceLevelSourceContract


class ZendeskOffice:
    """The account's administrator."""

    levels_path = "slas/policies"

    def __init__(self, world: ZendeskWorld) -> None:
        self._fake = world.fake
        self.faults = world.faults
        world.fake.make_admin()

    def promise(self, name: str, *, tier: str, urgent_first_response_minutes: int) -> None:
        metrics = [("first_reply_time", "urgent", urgent_first_response_minutes, False)]
        conditions = [("current_tags", "includes", f"tier_{tier}")]
        self._fake.service_levels.add_policy(name, metrics, all_of=conditions)

    def promise_oddly(self, name: str) -> None:
        metrics = [("next_reply_time", "urgent", 5, False)]
        self._fake.service_levels.add_policy(name, metrics, all_of=[("group_id", "is", "42")])

    def open_on_mondays(self, name: str, *, closed: tuple[date, date]) -> None:
        first, last = closed
        holidays = {"Break": (first.isoformat(), last.isoformat())}
        self._fake.service_levels.add_schedule(name, "Berlin", [(1980, 2460)], holidays)

    def hide_levels(self) -> None:
        self._fake.api.me.role = "agent"

    def take_levels_away(self) -> None:
        self._fake.service_levels.refusal = 404


class TestZendeskIsAServiceLevelSource(ServiceLevelSourceContract):
    @pytest.fixture
    def source(self, helpdesk: Zendesk) -> Zendesk:
        return helpdesk

    @pytest.fixture(autouse=True)
    def office(self, world: ZendeskWorld) -> ZendeskOffice:
        return ZendeskOffice(world)


async def test_order_is_zendesks(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """By position, whatever the order of the answer; one without a position comes last."""
    world.fake.make_admin()
    levels = world.fake.service_levels
    for name in ("third", "first", "no position", "second"):
        levels.add_policy(name, [])
    for policy, position in zip(levels.policies, (3, 1, None, 2), strict=True):
        policy["position"] = position
    found = (await helpdesk.service_levels()).policies
    assert [policy.name for policy in found] == ["first", "second", "third", "no position"]


async def test_plan_without_schedules(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """Promises around the clock need none: that there is no such list is told, and nothing stops."""
    world.fake.make_admin()
    world.fake.service_levels.add_policy("Gold", [("first_reply_time", "urgent", 5, False)])
    world.faults.arm(FaultKind.MISSING, where="business_hours", times=None)
    levels = await helpdesk.service_levels()
    assert [policy.name for policy in levels.policies] == ["Gold"]
    assert [one.what for one in levels.unread] == ["schedules"]


async def test_schedules_that_are_hidden(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """Not taken for an account without any: business hours would be lost."""
    world.fake.make_admin()
    world.faults.arm(FaultKind.UNAUTHORIZED, where="business_hours", times=None)
    with pytest.raises(NotAllowed, match="schedules are shown to administrators"):
        await helpdesk.service_levels()


async def test_wrong_token(world: ZendeskWorld) -> None:
    world.fake.make_admin()
    zendesk = connect(world, api_token="something-else")
    with pytest.raises(NotAllowed, match="401"):
        await zendesk.service_levels()
    await zendesk.aclose()


async def test_records_that_are_none(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """What is no policy or schedule is told, and an id that is none never gets into a path."""
    world.fake.make_admin()
    levels = world.fake.service_levels
    levels.policies = [None, "x"]  # type: ignore[list-item]
    levels.schedules = [{"id": "../1", "name": "Sly"}]
    found = await helpdesk.service_levels()
    assert found.policies == ()
    assert found.schedules == ()
    assert len(found.unread) == 3


async def test_answer_without_its_list() -> None:
    """It is not an empty list: nothing would be promised any more."""

    async def get(path: str, **params: str) -> dict[str, Any]:
        return {"error": "none", "path": path, "params": params}

    with pytest.raises(Unrecognised, match="no list of sla_policies"):
        await read_service_levels(get, settings())


async def test_pages_without_end(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """A list that never ends is given up."""
    world.fake.make_admin()
    world.fake.service_levels.policies = [{"id": 1, "title": "x"}] * 10_001
    with pytest.raises(Unreachable, match="pages"):
        await helpdesk.service_levels()
