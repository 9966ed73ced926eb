"""Prefect's pages behind nginx, as docs/roles.md has it: they are told to call where the browser has them."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import httpx
import pytest

from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import Child, Program, free_port
from deployments.machine.server_role import DATABASE, LOGIN, ServerPart, server_role
from tests.docs.documents import PROJECT
from tests.real.nginx import nginx_config
from tests.real.programs import debian_program
from tests.real.running import HOST, running
from tests.servers import Postgres

pytestmark = pytest.mark.real

START_SECONDS = 120.0


def documented(*, front: int, server: int) -> str:
    """The page's configuration, with ports of ours in place of its own."""
    page = (PROJECT / "docs" / "roles.md").read_text("utf-8")
    (text,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    ports = {"4201": server, "4202": server, "4200": front, "8080": free_port(0)}
    return re.sub(r"(?<=127\.0\.0\.1:)(\d+)", lambda found: str(ports.get(found[1], 1)), text)


async def test_pages_and_origin_are_the_proxys(postgres: Postgres, tmp_path: Path) -> None:
    """And no other origin is let in."""
    front, port = free_port(0), free_port(0)
    public = f"http://{HOST}:{front}"
    role = server_role(
        ServerPart.ALL,
        host=HOST,
        port=port,
        public_url=public,
        environ={DATABASE: postgres.url("behind_nginx"), LOGIN: "user:password"},
    )
    program = Program(
        name="prefect",
        command=role.command,
        env={**os.environ, **role.settings, "PREFECT_HOME": str(tmp_path / "prefect")},
        log=tmp_path / "prefect.log",
        restarts=False,
    )
    child = Child(program=program, table=ProcessTable(tmp_path / "table.json"), say=print)
    config = tmp_path / "nginx.conf"
    config.write_text(nginx_config(tmp_path, documented(front=front, server=port)))
    command = [debian_program("nginx"), "-p", tmp_path, "-e", "stderr", "-c", config]
    await child.start()
    try:
        async with (
            running("nginx", command, port=front, home=tmp_path),
            httpx.AsyncClient(base_url=public, trust_env=False) as http,
        ):
            await _until_it_answers(http, child)
            told = (await http.get("/ui-settings")).json()
            assert told["api_url"] == f"{public}/api"
            assert await _allowed(http, public) == public
            assert await _allowed(http, "https://elsewhere.example") is None
    finally:
        await child.stop()


async def _until_it_answers(http: httpx.AsyncClient, child: Child) -> None:
    async with asyncio.timeout(START_SECONDS):
        while (await http.get("/api/health")).status_code != httpx.codes.OK:
            assert child.is_running, child.log_tail()
            await asyncio.sleep(0.2)


async def _allowed(http: httpx.AsyncClient, origin: str) -> str | None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = await http.options("/api/flows/filter", headers=asked)
    allowed: str | None = answer.headers.get("access-control-allow-origin")
    return allowed
