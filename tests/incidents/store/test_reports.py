"""Reports with their files: kept once, replaced whole, opened by their token only."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from sqlalchemy import func, select

from incidents.report_file import PNG, ReportFile
from incidents.store.database import Database
from incidents.store.reports import KEPT_FOR, can_be_file, read_report_file, save_report
from incidents.store.schema.tables import report_files
from tests.incidents.store.examples import MINUTE, NOW


def a_file(name: str = "trend.png", content: bytes = b"\x89PNG\x00\xff") -> ReportFile:
    return ReportFile(name=name, title=name, media_type=PNG, content=content)


async def test_what_was_kept_is_read_again(database: Database):
    """Byte by byte, by the token and the name."""
    async with database.transaction() as tx:
        token = await save_report(tx, "sla-2026-W47", [a_file(), a_file("b.png", b"")], now=NOW)
        assert can_be_file(token, "trend.png")
        assert await read_report_file(tx, token, "trend.png") == a_file()
        assert await read_report_file(tx, token, "b.png") == a_file("b.png", b"")
        assert await read_report_file(tx, token, "c.png") is None
        assert await read_report_file(tx, "x" * 32, "trend.png") is None


async def test_made_again_it_has_its_old_address_and_only_new_files(database: Database):
    async with database.transaction() as tx:
        token = await save_report(tx, "sla-2026-W47", [a_file(), a_file("old.png")], now=NOW)
        other = await save_report(tx, "sla-2026-W46", [a_file(content=b"other")], now=NOW)
        assert await save_report(tx, "sla-2026-W47", [a_file(content=b"new")], now=NOW + MINUTE) == token
        assert await read_report_file(tx, token, "trend.png") == a_file(content=b"new")
        assert await read_report_file(tx, token, "old.png") is None
        assert await read_report_file(tx, other, "trend.png") == a_file(content=b"other")
    assert token != other


async def test_made_twice_at_once_it_is_whole(database: Database):
    """Two runs of the same week take turns, and the files are all of one of them."""

    async def make(content: bytes) -> str:
        async with database.transaction() as tx:
            files = [a_file(f"{number}.png", content) for number in range(5)]
            return await save_report(tx, "sla-2026-W47", files, now=NOW)

    tokens = await asyncio.gather(*(make(bytes([number])) for number in range(8)))
    assert len(set(tokens)) == 1
    async with database.transaction() as tx:
        kept = await tx.execute(select(func.count(), func.count(report_files.c.content.distinct())))
        assert tuple(kept.one()) == (5, 1)


@pytest.mark.parametrize(
    "name", ["", "a", "../a.png", "a/b.png", ".png", "a.png\n", "a b.png", "-a.png", "a.p\u00f1g"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str):
    """It would become part of an address, a header and a path."""
    with pytest.raises(ValueError, match="is no name"):
        dataclasses.replace(a_file(), name=name)
    assert not can_be_file("x" * 32, name)


@pytest.mark.parametrize("token", ["", "x" * 31, "x" * 33, "x" * 31 + "/", "x" * 31 + "\n", "é" * 32])
def test_a_token_that_cannot_be_is_not_looked_for(token: str):
    assert not can_be_file(token, "trend.png")


async def test_reports_of_long_ago_go_with_their_files(database: Database):
    async with database.transaction() as tx:
        old = await save_report(tx, "sla-2025-W01", [a_file()], now=NOW - KEPT_FOR - MINUTE)
        kept = await save_report(tx, "sla-2025-W46", [a_file()], now=NOW - KEPT_FOR)
        await save_report(tx, "sla-2026-W47", [a_file()], now=NOW)
        assert await read_report_file(tx, old, "trend.png") is None
        assert await read_report_file(tx, kept, "trend.png") == a_file()
        assert (await tx.execute(select(func.count()).select_from(report_files))).scalar_one() == 2
