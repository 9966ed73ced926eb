"""`liaison drill --on`: a whole drill on accounts that are other processes', and what is left however it ends."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deployments.demo.told import until
from tests.deployments.drill.sandbox import THEIRS, Sandbox, open_sandbox
from tests.servers import PrefectServer
from tests.stories.test_demo import scratch

__all__ = ["scratch"]

PATIENCE = 500.0
LIMITED = "429:2:POST /api/v2/tickets"


@pytest.fixture
async def sandbox(prefect_server: PrefectServer, scratch: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(prefect_server, scratch, LIMITED) as opened:
        await opened.save()
        yield opened


async def test_a_whole_drill_on_accounts(sandbox: Sandbox):
    """Scored, all measures reached; tickets are solved and pages resolved; nobody else's ticket was touched."""
    file = str(sandbox.write_file(tickets=4))
    program = await sandbox.drill("helpdesk-storm", "--on", file, "--yes", "--page-within", str(PATIENCE))
    async with asyncio.timeout(PATIENCE):
        said, told = await program.communicate()
    assert program.returncode == 0, told.decode()
    result = json.loads(said)
    measures = result["measures"]
    assert {name: one["passed"] for name, one in measures.items()} == dict.fromkeys(measures, True)
    assert (measures["pages"]["value"], measures["customers_told"]["value"]) == (1, 4)
    assert (result["ok"], result["left"], len(result["remains"])) == (True, [], 2)
    # The helpdesk said twice that it is asked too much, before it took the first ticket.
    assert told.decode().count("; again in 2 s") == 2

    theirs, *ours = await sandbox.tickets()
    assert theirs["subject"] == THEIRS
    assert (theirs["status"], theirs["tags"], len(await sandbox.comments(theirs))) == ("new", [], 1)
    assert len(ours) == 4
    for number, ticket in enumerate(ours, 1):
        assert ticket["subject"] == f"Checkout fails with an error [{result['drill']} {number}]"
        assert ticket["status"] == "solved"
        assert result["drill"] in ticket["tags"]
        public = [one for one in await sandbox.comments(ticket) if one["public"]]
        assert [one["author_id"] == ticket["requester_id"] for one in public] == [True, False, False]
    (page,) = await sandbox.pages()
    assert page["status"] == "resolved"
    assert sandbox.journals() == []
    assert sandbox.scratch_folders() == []


async def test_a_drill_that_is_told_to_end_cleans_up(sandbox: Sandbox):
    """As soon as its tickets are there: they are solved, and nothing of it is left here."""
    program = await sandbox.drill("helpdesk-storm", "--on", str(sandbox.write_file(tickets=2)), "--yes")

    async def has_asked_for_both() -> bool:
        return any(" 2]" in path.read_text() for path in sandbox.journals())

    await until("both tickets are asked for", has_asked_for_both, PATIENCE)
    program.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        _, told = await program.communicate()
    assert program.returncode == 130, told.decode()
    statuses = {one["subject"]: one["status"] for one in await sandbox.tickets()}
    assert statuses.pop(THEIRS) == "new"
    assert list(statuses.values()) == ["solved"] * 2
    assert sandbox.journals() == []
    assert sandbox.scratch_folders() == []


async def test_a_drill_that_was_killed_is_cleaned_up_later(sandbox: Sandbox):
    """Somebody was woken, and nobody was left to end it: the journal is enough; until then no other one begins."""
    file = str(sandbox.write_file(tickets=2))
    program = await sandbox.drill("helpdesk-storm", "--on", file, "--yes")
    assert program.stderr is not None
    async with asyncio.timeout(PATIENCE):
        async for line in program.stderr:
            if b"paged after" in line:
                break
    program.kill()
    await program.wait()
    (page,) = await sandbox.pages()
    assert page["status"] != "resolved"

    again = await sandbox.drill("helpdesk-storm", "--on", file, "--yes")
    _, told = await again.communicate()
    assert (again.returncode, b"--clean-up" in told) == (1, True)
    cleaning = await sandbox.drill("--clean-up")
    async with asyncio.timeout(PATIENCE):
        _, told = await cleaning.communicate()
    assert cleaning.returncode == 0, told.decode()
    assert [one["status"] for one in await sandbox.pages()] == ["resolved"]
    statuses = {one["subject"]: one["status"] for one in await sandbox.tickets()}
    assert statuses.pop(THEIRS) == "new"
    assert list(statuses.values()) == ["solved"] * 2
    assert sandbox.journals() == []
    assert sandbox.scratch_folders() == []
