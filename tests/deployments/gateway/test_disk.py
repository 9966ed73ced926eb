"""The store's disk: what is left is told before it is none, and when nothing can be written."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import text

from deployments.gateway.app import Gateway
from deployments.gateway.metrics import Metrics
from deployments.gateway.readiness import Readiness
from deployments.machine.disk import LOW_BYTES, Disk, disk_of
from incidents.store.database import Database
from tests.deployments.gateway.conftest import Sender
from tests.deployments.gateway.vendors import HTTP

PLENTY, LITTLE = 50 * LOW_BYTES, 42_000_000


def _disk(free: int) -> Disk:
    return Disk(Path("/var/lib/liaison"), lambda folder: free)


@pytest.fixture
async def full(database: Database):
    """A store in which a transaction may begin and end, and no row can be written: as on a full disk."""
    async with database.transaction() as tx:
        await tx.execute(
            text(
                "create function no_room() returns trigger language plpgsql as"
                " $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$"
            )
        )
        for table in ("meta", "deliveries"):
            await tx.execute(
                text(f"create trigger full_disk before insert on {table} execute function no_room()")
            )
    yield
    async with database.transaction() as tx:
        await tx.execute(text("drop function no_room cascade"))


async def test_a_full_disk_is_seen_and_told_with_what_is_left(
    gateway: Gateway, sender: Sender, database: Database, full: None, caplog: pytest.LogCaptureFixture
):
    """A transaction without a row would pass on it. Senders keep what they have; the operator learns the figure."""
    gateway._readiness = Readiness(database, disk=_disk(LITTLE))
    answer = await sender.http.get("/readyz")
    assert answer.status_code == 503
    assert "does not take writes; 42 MB are left on the disk of /var/lib/liaison" in answer.text
    with caplog.at_level(logging.ERROR, logger="liaison.gateway"):
        assert (await sender.send(HTTP)).status_code == 503
    assert "42 MB are left" in caplog.text


async def test_little_room_is_warned_of_while_webhooks_are_taken(
    gateway: Gateway, sender: Sender, database: Database
):
    gateway._readiness = Readiness(database, disk=_disk(LITTLE))
    answer = await sender.http.get("/readyz")
    assert answer.status_code == 200
    assert "only 42 MB are left" in answer.text
    gateway._readiness = Readiness(database, disk=_disk(PLENTY))
    assert "left" not in (await sender.http.get("/readyz")).text


def test_what_is_left_is_a_metric():
    assert b"liaison_store_disk_free_bytes 4.2e+07" in Metrics(_disk(LITTLE)).exposition()
    assert b"disk_free" not in Metrics().exposition()


def test_the_disk_of_an_embedded_store_is_known_and_no_other(tmp_path: Path):
    embedded = disk_of(f"postgresql+asyncpg://postgres@/liaison?host={tmp_path}")
    assert embedded is not None
    assert embedded.folder == tmp_path
    assert embedded.free_bytes > 0
    assert disk_of("postgresql+asyncpg://me@db.example/liaison") is None
