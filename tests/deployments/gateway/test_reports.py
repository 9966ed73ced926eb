"""Files of reports: for whoever has the address, and in nobody's way."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import QueuePool

from deployments.gateway import reports
from deployments.gateway.reports import Reports
from incidents.report_file import CSV, PNG, ReportFile
from incidents.store.database import Database
from incidents.store.reports import save_report
from tests.deployments.gateway.conftest import Sender, until
from tests.deployments.gateway.vendors import HTTP, NOW

PICTURE = ReportFile(name="sla-2026-W47-trend.png", title="Trend", media_type=PNG, content=b"\x89PNG\xff\x00")
TABLE = ReportFile(name="sla-2026-W47-causes.csv", title="Causes", media_type=CSV, content=b'"cause"\r\n')


def _in_use(database: Database) -> int:
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@pytest.fixture
async def token(database: Database) -> str:
    async with database.transaction() as tx:
        return await save_report(tx, "sla-2026-W47", [PICTURE, TABLE], now=NOW)


async def test_a_picture_is_shown(sender: Sender, token: str):
    """Byte by byte, and as nothing but a picture."""
    answer = await sender.http.get(f"/reports/{token}/{PICTURE.name}")
    assert (answer.status_code, answer.content) == (200, PICTURE.content)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == f'inline; filename="{PICTURE.name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")


async def test_a_table_is_saved(sender: Sender, token: str):
    """Under its name; no browser opens it as a page."""
    answer = await sender.http.get(f"/reports/{token}/{TABLE.name}")
    assert (answer.status_code, answer.content) == (200, TABLE.content)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{TABLE.name}"'


@pytest.mark.parametrize(
    "path",
    [
        "{token}/sla-2026-W47-other.png",
        "{wrong}/sla-2026-W47-trend.png",
        "{token}/",
        "{token}",
        "",
        "{token}/sla-2026-W47-trend.png/",
        "{token}/sla-2026-W47-trend.png%00",
        "{token}/%2e%2e%2fpolicy.yaml",
        "{token}x/sla-2026-W47-trend.png",
        "%27%20or%20true--/sla-2026-W47-trend.png",
        "é" * 32 + "/sla-2026-W47-trend.png",
    ],
)
async def test_all_else_is_not_there(sender: Sender, token: str, path: str):
    """A wrong token and a wrong name look the same, and so does what could never be."""
    answer = await sender.http.get(f"/reports/{path.format(token=token, wrong='x' * 32)}")
    assert (answer.status_code, answer.content) == (404, b"there is no such file\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_reports_are_only_read(sender: Sender, token: str, method: str):
    answer = await sender.http.request(method, f"/reports/{token}/{PICTURE.name}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_what_is_made_again_is_what_is_served(sender: Sender, database: Database, token: str):
    """At the address that people have already."""
    async with database.transaction() as tx:
        new = ReportFile(name=PICTURE.name, title="", media_type=PNG, content=b"new")
        await save_report(tx, "sla-2026-W47", [new], now=NOW)
    assert (await sender.http.get(f"/reports/{token}/{PICTURE.name}")).content == b"new"
    assert (await sender.http.get(f"/reports/{token}/{TABLE.name}")).status_code == 404


async def test_readers_never_keep_webhooks_waiting(sender: Sender, database: Database, token: str):
    """However many read while the store is slow, webhooks find it free, and readers get their file in the end."""
    holder = await database.dedicated_connection()
    await holder.exec_driver_sql("lock table report_files")
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(sender.http.get(f"/reports/{token}/{PICTURE.name}")) for _ in range(50)]
        await until(lambda: _in_use(database) == reports.AT_ONCE)
        assert (await sender.send(HTTP)).status_code == 200
        assert _in_use(database) == reports.AT_ONCE
        await holder.close()
    assert {reader.result().status_code for reader in readers} == {200}


async def test_a_store_that_does_not_answer(database: Database, token: str):
    """Told to come again; the next one is served."""
    serves = Reports(database, answer_seconds=0.05)
    async with database.transaction() as tx:
        await tx.exec_driver_sql("lock table report_files")
        answer = await serves.answer(f"{token}/{PICTURE.name}", method="GET")
        assert (answer.status, dict(answer.headers)[b"retry-after"]) == (503, b"5")
    assert (await Reports(database).answer(f"{token}/{PICTURE.name}", method="HEAD")).status == httpx.codes.OK
