"""The board behind nginx, by the block of docs/board.md: nginx asks who it is, we believe it, and changes are live."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.serve import open_gateway
from deployments.machine.processes import free_port
from incidents.store.database import Database
from tests.deployments.gateway.conftest import Clock
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import NOW
from tests.docs.documents import PROJECT
from tests.incidents.builders import a_policy
from tests.incidents.store.examples import new_incident
from tests.real.nginx import nginx_config
from tests.real.programs import debian_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

CONFIG = """\
    server {{
        listen {host}:{port};
        {location}
    }}
"""
ANA = ("ana", "her password")
MISTAKEN = {"X-Remote-User": "ana"}


@pytest.fixture
async def gateway(database: Database, key: str, clock: Clock, prefect: PrefectApi) -> AsyncIterator[Gateway]:
    """A gateway that believes a proxy on this machine."""
    policy = a_policy(board={"user_header": "X-Remote-User", "proxies": [HOST]})
    async with open_gateway(
        database, key, connect=prefect.connect, clock=clock, policy=lambda: policy
    ) as gateway:
        yield gateway


@pytest.fixture
async def address(gateway_port: int, tmp_path: Path) -> AsyncIterator[str]:
    """Where nginx has the board, configured by the block of the documentation."""
    documented = (PROJECT / "docs" / "board.md").read_text("utf-8")
    found = re.search(r"location /board/ \{.*?\n   \}", documented, re.DOTALL)
    assert found is not None
    users = tmp_path / "htpasswd"
    users.write_text(f"{ANA[0]}:{{PLAIN}}{ANA[1]}\n")
    location = found[0].replace("/etc/nginx/liaison.htpasswd", str(users)).replace("8400", str(gateway_port))
    port = free_port(0)
    config = tmp_path / "nginx.conf"
    config.write_text(nginx_config(tmp_path, CONFIG.format(host=HOST, port=port, location=location)))
    command = [debian_program("nginx"), "-p", tmp_path, "-e", "stderr", "-c", config]
    async with running("nginx", command, port=port, home=tmp_path):
        yield f"http://{HOST}:{port}/board/"


async def test_who_is_logged_in_at_nginx_sees_it(address: str) -> None:
    """A header of a stranger's own does not help: nginx asks first."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
        assert (await http.get("", headers=MISTAKEN)).status_code == 401
        assert (await http.get("", auth=(ANA[0], "a guess"), headers=MISTAKEN)).status_code == 401
        page = await http.get("", auth=ANA)
    assert page.status_code == 200
    assert "No open incidents" in page.text


async def test_changes_come_through_at_once(address: str, gateway: Gateway, database: Database) -> None:
    async with (
        httpx.AsyncClient(base_url=address, trust_env=False, auth=ANA) as http,
        http.stream("GET", "events") as events,
    ):
        lines = events.aiter_lines()
        for title in ("first", "second"):
            async with database.transaction() as tx:
                await new_incident(tx, title=title, now=NOW)
            async with asyncio.timeout(5):
                while await anext(lines) != "event: change":
                    pass
        await gateway.end()
