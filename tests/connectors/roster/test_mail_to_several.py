"""Mails to several people: who got one gets no second one because another's was refused."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from tests.connectors.roster.world import RosterWorld, roster_of_policy
from tests.contracts.pager import PAGE

ANA, EVE, CY = "ana@acme.example", "eve@acme.example", "cy@acme.example"


@pytest.fixture
def ways(world: RosterWorld) -> dict[str, SecretStr]:
    """Ana's way is a mail to her and to Eve, and the server refuses hers."""
    rota = {"timezone": "Europe/Berlin", "layers": [{"people": ["ana"], "hand_over": "2026-11-02 09:00"}]}
    people = {"ana": {"name": "Ana Silva", "reach": [{"way": "ana-mail", "wait": "1h"}]}}
    world.roster = roster_of_policy({"people": people, "rotas": {"payments": rota}})
    world.phones.refused.add(ANA)
    return {"ana-mail": SecretStr(world.phones.mailto(f"{ANA},{EVE}"))}


async def test_who_got_a_mail_gets_no_second_one_when_another_is_refused(
    world: RosterWorld, ways: dict[str, SecretStr]
):
    """Two processes at work, and a store between them: the next attempt is for the refused one alone."""
    await world.pager(ways=ways).page(PAGE, once="p")
    assert world.woken == [EVE]
    world.clock.pass_by(minutes=1)
    await world.pager(ways=ways).send_due()
    assert world.woken == [EVE]
    world.phones.refused.clear()
    world.clock.pass_by(minutes=2)
    await world.pager(ways=ways).send_due()
    assert world.woken == [EVE, ANA]
    world.clock.pass_by(minutes=10)
    assert await world.pager(ways=ways).send_due() == 0


async def test_whoever_a_mail_reached_is_told_that_it_is_over(world: RosterWorld, ways: dict[str, SecretStr]):
    pager = world.pager(ways=ways)
    await pager.page(PAGE, once="p")
    await pager.resolve("p", once="r")
    await pager.send_due()
    assert world.overs == [EVE]


async def test_who_got_a_mail_gets_no_second_one_when_another_has_no_answer(
    world: RosterWorld, ways: dict[str, SecretStr]
):
    """The deadline comes in the middle: who was mailed by then is remembered, and who was not is left to the next
    attempt, also where the server answers after all."""
    world.phones.refused.clear()
    world.phones.silent.add(ANA)
    ways["ana-mail"] = SecretStr(world.phones.mailto(f"{EVE},{ANA},{CY}"))
    loop, sending = asyncio.get_running_loop(), ThreadPoolExecutor()
    loop.set_default_executor(sending)
    await world.pager(ways=ways, timeout_seconds=1).page(PAGE, once="p")
    loop.set_default_executor(ThreadPoolExecutor())
    assert world.woken == [EVE]
    world.phones.gives_up.set()
    await asyncio.to_thread(sending.shutdown)
    assert world.woken == [EVE], "whom the next attempt is for is noted already"
    world.phones.silent.clear()
    world.clock.pass_by(minutes=1)
    await world.pager(ways=ways).send_due()
    assert sorted(world.woken) == [ANA, CY, EVE]
