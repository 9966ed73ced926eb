"""A drill on a real helpdesk: Debian's Request Tracker as the sandbox, and a fake on-call tool in its own process."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from blocks.requesttracker import RequestTrackerBlock
from tests.deployments.drill.sandbox import open_sandbox
from tests.real.rt_server import BOT, BOT_PASSWORD, RealRt, real_rt
from tests.servers import PrefectServer

pytestmark = pytest.mark.real

PATIENCE = 1_200.0
"""Seconds: RT takes a second a call, and several where the machine is busy."""


@pytest.fixture(scope="module")
def rt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRt]:
    with real_rt(tmp_path_factory.mktemp("rt"), "") as server:
        yield server


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because a unix socket's path may not be long."""
    found = Path(tempfile.mkdtemp(prefix="drill"))
    yield found
    shutil.rmtree(found)


async def test_a_drill_on_request_tracker(rt: RealRt, prefect_server: PrefectServer, folder: Path) -> None:
    """All measures are reached, by what RT holds; its tickets resolved, another one's untouched."""
    theirs = rt.create("Checkout fails", "ada@customer.example")
    block = RequestTrackerBlock(
        base_url=rt.url,
        user=BOT,
        password=SecretStr(BOT_PASSWORD),
        queues=["General"],
        tag_field="Tags",
        is_sandbox=True,
    )
    async with open_sandbox(prefect_server, folder) as sandbox:
        await sandbox.save()
        with prefect_server.settings():
            await block.save("sandbox", overwrite=True)
        file = sandbox.write_file(helpdesk="requesttracker/sandbox", tickets=2)
        program = await sandbox.drill(
            *("helpdesk-storm", "--on", str(file), "--yes"), *("--page-within", str(PATIENCE))
        )
        async with asyncio.timeout(PATIENCE):
            said, told = await program.communicate()
        print(told.decode())
        assert program.returncode == 0, told.decode()
        result = json.loads(said)
        measures = result["measures"]
        assert {name: one["passed"] for name, one in measures.items()} == dict.fromkeys(measures, True)
        assert (measures["pages"]["value"], measures["customers_told"]["value"]) == (1, 2)
        assert [one["status"] for one in await sandbox.pages()] == ["resolved"]
        assert (sandbox.journals(), sandbox.scratch_folders()) == ([], [])
    for number in range(1, 3):
        ticket = rt.call("GET", f"ticket/{int(theirs) + number}").json()
        assert ticket["Subject"].endswith(f" [{result['drill']} {number}]")
        assert (ticket["Status"], ticket["Requestor"][0]["id"]) == (
            "resolved",
            f"drill-customer-{number}@example.org",
        )
        (tags,) = [one["values"] for one in ticket["CustomFields"] if one["name"] == "Tags"]
        assert result["drill"] in tags
        kinds = [one["Type"] for one in history(rt, ticket["id"])]
        assert kinds.count("Correspond") == 2
    assert rt.call("GET", f"ticket/{theirs}").json()["Status"] == "new"
    assert {"Correspond", "Comment"}.isdisjoint(one["Type"] for one in history(rt, theirs))


def history(rt: RealRt, ticket: object) -> list[dict[str, str]]:
    """What happened on a ticket, as the superuser sees it."""
    found: list[dict[str, str]] = rt.call("GET", f"ticket/{ticket}/history?fields=Type&per_page=100").json()[
        "items"
    ]
    return found
