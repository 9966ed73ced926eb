"""What a process keeps for its tasks, and the one value that a transaction goes by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from incidents.store.database import Database
from tasks import resources

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = """
helpdesks: [zendesk/support]
teams: {{payments: {{title: Payments, pager: pagerduty/main}}}}
services: {{checkout: {{title: {title}, team: payments}}}}
"""


def write(policy_file: Path, title: str) -> None:
    policy_file.write_text(POLICY.format(title=title))


@pytest.fixture
async def policy_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Path]:
    file = tmp_path / "liaison.yaml"
    write(file, "Checkout")
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(file))
    yield file
    await resources.close()


async def test_a_step_goes_by_one_policy_and_one_moment_whatever_changes_meanwhile(policy_file: Path):
    """The next one goes by the new ones."""
    moments = iter([NOON, NOON.replace(hour=13)])
    with resources.simulated_time(lambda: next(moments)):
        async with resources.transaction() as step:
            write(policy_file, "Kasse")
            assert (step.policy.service("checkout").title, step.now) == ("Checkout", NOON)
            assert resources.policy().service("checkout").title == "Kasse"
            assert (step.policy.service("checkout").title, step.now) == ("Checkout", NOON)
        async with resources.transaction() as after:
            assert (after.policy.service("checkout").title, after.now.hour) == ("Kasse", 13)


async def test_a_step_cannot_be_changed(policy_file: Path):
    async with resources.transaction() as step:
        with pytest.raises(FrozenInstanceError):
            step.instance = "other"  # type: ignore[misc]


async def test_a_step_that_fails_leaves_nothing_but_the_installations_name(policy_file: Path):
    """The first one makes the name; if it went with the failed step, keys at vendors would have another one later."""
    named: list[str] = []

    async def stumble() -> None:
        async with resources.transaction() as step:
            named.append(step.instance)
            await step.connection.execute(text("insert into meta (key, value) values ('half', 'done')"))
            raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        await stumble()
    async with resources.transaction() as after:
        kept = {row.key: row.value for row in await after.connection.execute(text("select * from meta"))}
    assert "half" not in kept
    assert kept["instance"] == after.instance == named[0]


async def test_what_is_kept_is_made_once():
    """However often it is asked for: what is costly to make is not made to be thrown away."""
    made: list[Costly] = []

    class Costly:
        def __init__(self) -> None:
            made.append(self)

    assert resources.kept(Costly) is resources.kept(Costly)
    assert len(made) == 1


def test_each_event_loop_keeps_its_own():
    class Kept:
        pass

    async def asked() -> Kept:
        return resources.kept(Kept)

    assert asyncio.run(asked()) is not asyncio.run(asked())
