"""A backup is taken while everybody works, and makes a data folder that knows that the world went on without it."""

from __future__ import annotations

import stat
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from deployments.commands.backup import CannotBackUp, CannotRestore, back_up, restore
from deployments.commands.settings import NotRunning, operator_key
from deployments.machine.embedded_database import EmbeddedDatabase
from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.store.ledger.effects import lease_effects, plan_effects
from incidents.store.migrate import migrate
from tests.incidents.store.examples import NOW, effect, new_incident

PREFECTS_ROWS = "select name from flow"


@pytest.fixture
async def running(short_folder: Path) -> AsyncIterator[Path]:
    """The home of an installation at work: an incident with an effect, a drain, something of Prefect's, and a key."""
    home = short_folder / "a"
    server = EmbeddedDatabase(home / "postgres")
    server.start()
    for name in ("liaison", "prefect"):
        server.ensure_database(name)
    operator_key(home)
    ours, prefects = Database(server.url("liaison")), Database(server.url("prefect"))
    await migrate(ours)
    async with ours.transaction() as tx:
        incident = await new_incident(tx)
        await plan_effects(tx, [effect("a", incident_id=incident.id)])
        await tx.execute(
            text("insert into drains (lane, fence, until) values ('intake', 7, now() + '1 hour')")
        )
    async with prefects.transaction() as tx:
        await tx.execute(text("create table flow as select 'intake' as name"))
    for database in (ours, prefects):
        await database.aclose()
    yield home
    server.stop()


async def test_what_was_backed_up_is_there_again_and_knows_that_it_was_restored(
    running: Path, short_folder: Path
):
    """Same store, same key, same installation; no number and no fence is given out twice."""
    file, home = short_folder / "b.tar", short_folder / "b"
    assert back_up(running, file).has_prefect
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "it holds every secret"
    await restore(home, file)
    assert (home / "key").read_text() == (running / "key").read_text()
    assert stat.S_IMODE((home / "key").stat().st_mode) == 0o600

    server = EmbeddedDatabase(home / "postgres")
    server.start()
    ours, before = (
        Database(server.url("liaison")),
        Database(EmbeddedDatabase(running / "postgres").url("liaison")),
    )
    prefects = Database(server.url("prefect"))
    try:
        async with ours.transaction() as tx, before.transaction() as there:
            assert await instance_id(tx) == await instance_id(there)
            (leased,) = await lease_effects(tx, now=NOW)
            assert (leased.effect.key, leased.is_old) == ("a", True), "it is looked up before it is sent"
            assert (await new_incident(tx)).id > 1000, "another INC-2 may be known to vendors"
            fence, is_free = (await tx.execute(text("select fence, until < now() from drains"))).one()
            assert (fence, is_free) == (1007, True)
        async with prefects.transaction() as tx:
            assert (await tx.execute(text(PREFECTS_ROWS))).scalars().all() == ["intake"]
    finally:
        for database in (ours, before, prefects):
            await database.aclose()
        server.stop()


async def test_nothing_that_is_there_is_overwritten(running: Path, short_folder: Path):
    """Neither a file by a backup nor a store by a restore."""
    file = short_folder / "b.tar"
    file.write_text("precious")
    with pytest.raises(CannotBackUp, match="not there yet"):
        back_up(running, file)
    assert file.read_text() == "precious"
    file.unlink()
    back_up(running, file)
    with pytest.raises(CannotRestore, match="is not overwritten"):
        await restore(running, file)
    assert EmbeddedDatabase(running / "postgres").pid is not None


async def test_what_is_no_backup_is_refused(short_folder: Path):
    """And a file that names a path of its own writes nothing there."""
    words = short_folder / "words"
    words.write_text("no archive")
    stranger = short_folder / "stranger.tar"
    with tarfile.open(stranger, "w") as archive:
        archive.add(words, arcname="../escaped")
    for file in (words, stranger, short_folder / "missing"):
        with pytest.raises(CannotRestore, match="is no backup"):
            await restore(short_folder / "c", file)
    assert not (short_folder / "escaped").exists()
    assert not (short_folder / "c" / "postgres").exists()


def test_a_store_that_is_not_running_cannot_be_backed_up(short_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LIAISON_DATABASE_URL", raising=False)
    with pytest.raises(NotRunning):
        back_up(short_folder, short_folder / "b.tar")
