"""PostgreSQL fails in the midst of a story: what was surely not written is written by a retry, and what may have been
written is never decided twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from flows.intake import intake
from flows.recover import recover
from incidents.effects import EffectKind
from incidents.errors import StoreUnsure
from incidents.store.database import Database
from tasks import resources
from tests.incidents.store.cut_wire import cut_wire
from tests.stories.installation import Installation
from tests.stories.test_crashes import PAST_EVERY_LEASE

_FAIL_ONCE = """
    create function fail_once() returns trigger language plpgsql as $$
    begin
        -- A sequence is not rolled back: it remembers across transactions that this has happened.
        if nextval('failed') = 1 then {fault} end if;
        return null;
    end $$
"""
_KILL = "perform pg_terminate_backend(pg_backend_pid());"
_DEADLOCK = "raise exception 'deadlock detected' using errcode = '40P01';"


@pytest.fixture
async def failing(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """The first transaction that opens an incident fails in that very statement."""
    async with database.transaction() as tx:
        await tx.execute(text("create sequence failed"))
        await tx.execute(text(_FAIL_ONCE.format(fault=request.param)))
        await tx.execute(
            text(
                "create trigger fails after insert on incidents for each statement execute function fail_once()"
            )
        )
    yield
    async with database.transaction() as tx:
        await tx.execute(text("drop trigger fails on incidents"))
        await tx.execute(text("drop function fail_once"))
        await tx.execute(text("drop sequence failed"))


@pytest.mark.parametrize("failing", [_KILL, _DEADLOCK], indirect=True, ids=["killed", "deadlock"])
@pytest.mark.usefixtures("failing")
async def test_a_chunk_whose_transaction_fails_is_decided_again_by_the_same_drain(liaison: Installation):
    liaison.world.break_checkout()
    liaison.customers_write(3)
    await liaison.hear()
    assert (await intake()).startswith("3 tickets, 1 incidents opened")
    assert len(liaison.world.pagerduty.pages) == 1
    assert await _tries(liaison.database) == 2, "it failed once"


async def test_a_chunk_whose_commit_is_in_doubt_is_left_to_the_next_drain(
    liaison: Installation, monkeypatch: pytest.MonkeyPatch
):
    """It was written, and nobody was told. Retried at once, each comment in it would be news twice."""
    liaison.world.break_checkout()
    liaison.customers_write(3)
    await liaison.hear()
    async with cut_wire(liaison.database.url) as (wire, url):
        monkeypatch.setenv("LIAISON_DATABASE_URL", url)
        await resources.close()
        wire.cuts_commit_after = b"update deliveries set state = 'done'"
        with pytest.raises(StoreUnsure):
            await intake()
        assert wire.has_cut
        await resources.close()
    monkeypatch.setenv("LIAISON_DATABASE_URL", liaison.database.url)

    assert (await intake()).startswith("0 tickets")
    await liaison.let_pass(PAST_EVERY_LEASE)
    await recover()
    assert len(await liaison.incidents()) == 1
    assert len(liaison.world.pagerduty.pages) == 1
    assert len(await liaison.ledger(EffectKind.PAGE)) == 1


async def _tries(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(text("select last_value from failed"))).scalar_one())
