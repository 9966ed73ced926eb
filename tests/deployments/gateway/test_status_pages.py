"""Status pages that the gateway serves: to anybody, where their connection says so, and nothing else of the disk."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from blocks.staticpage import StaticPageBlock
from deployments.gateway.public.status_pages import StatusPages
from incidents.public_incident import PublicFile
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.status_record import StoredStatusRecord
from tests.deployments.gateway.conftest import Sender
from tests.deployments.gateway.vendors import NOW


@pytest.fixture
async def folder(database: Database, key: str, tmp_path: Path) -> Path:
    """Two pages in the mirror, one of them served, and both written."""
    async with database.transaction() as tx:
        for name, served in (("main", True), ("hidden", False)):
            settings = {"folder": str(tmp_path / name), "served": served}
            await Mirror(key).save(tx, {f"staticpage/{name}": json.dumps(settings)}, now=NOW)
    for name in ("main", "hidden"):
        block = StaticPageBlock(folder=str(tmp_path / name))
        full = f"staticpage/{name}"
        await block.connector_from(full, StoredStatusRecord(database, full)).check()
    return tmp_path


async def test_a_page(folder: Path, sender: Sender):
    """The page and its files, each as what it is; a browser that comes without the last slash is sent on."""
    page = await sender.http.get("/status/main/")
    assert (page.status_code, page.content) == (200, (folder / "main" / "index.html").read_bytes())
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert page.headers["x-content-type-options"] == "nosniff"
    types = {"status.json": "application/json", "atom.xml": "application/atom+xml; charset=utf-8"}
    for name, media_type in types.items():
        assert (await sender.http.get(f"/status/main/{name}")).headers["content-type"] == media_type
    sent_on = await sender.http.get("/status/main")
    assert sent_on.status_code == 301
    assert str(httpx.URL("http://gateway.test/status/main").join(sent_on.headers["location"])).endswith(
        "/status/main/"
    )
    assert (await sender.http.head("/status/main/")).status_code == 200
    assert (await sender.http.post("/status/main/")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "hidden/",
        "hidden",
        "other/",
        "",
        "main/.liaison-status-page",
        "main/.liaison-lock",
        "main/../hidden/index.html",
        "main/%2e%2e/hidden/index.html",
        "main/..%2fhidden%2findex.html",
        "main//etc/passwd",
        "main/index.html/",
        "main/index.html%00",
        "staticpage/main/",
        "MAIN/",
        "%C3%A9/",
    ],
)
async def test_nothing_else(folder: Path, sender: Sender, path: str):
    """A page that is not served and one that never was look the same."""
    answer = await sender.http.get(
        httpx.URL("http://gateway.test").copy_with(raw_path=f"/status/{path}".encode())
    )
    assert (answer.status_code, answer.content) == (404, b"there is no such status page\n")


async def test_a_page_that_is_not_written_yet(folder: Path, sender: Sender):
    """Come again: so a browser and a proxy understand it."""
    (folder / "main" / "index.html").unlink()
    answer = await sender.http.get("/status/main/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


class Counted:
    """A page that counts how often it is read."""

    is_served = True

    def __init__(self) -> None:
        self.reads = 0

    async def public_file(self, name: str) -> PublicFile | None:
        self.reads += 1
        return PublicFile(content=b"x", media_type="text/plain") if name in ("", "a") else None


async def test_many_readers_are_one_to_the_disk():
    """Everybody looks when nothing works; what is read a moment ago is still true."""
    counted = Counted()
    pages = StatusPages(lambda name: counted)
    answers = [await pages.answer("main/", method="GET") for _ in range(100)]
    assert {answer.status for answer in answers} == {200}
    assert counted.reads == 1
