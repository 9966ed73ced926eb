"""The nginx of docs/roles.md: a webhook is taken as long as one gateway is there, whichever was away just before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from deployments.machine.processes import free_port
from tests.real.roles.site import PORTS, nginx_by_the_docs
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


async def test_the_other_gateway_goes_just_after_one_has_come_back(tmp_path: Path) -> None:
    """As in a rolling upgrade; the control is that without any gateway a webhook is refused."""
    ports = {name: free_port(0) for name in PORTS}
    nginx = nginx_by_the_docs(tmp_path, ports)
    url = f"http://{HOST}:{ports['hooks']}/hooks/zendesk"
    async with (
        running("nginx", nginx, port=ports["hooks"], home=tmp_path),
        httpx.AsyncClient(trust_env=False, timeout=10) as client,
    ):

        async def answers(times: int) -> set[int]:
            return {(await client.post(url, content=b"{}")).status_code for _ in range(times)}

        async with await _gateway(ports["gateway-1"]):
            # nginx sees that the second one is away.
            assert await answers(4) == {200}
            second = await _gateway(ports["gateway-2"])
        async with second:
            assert await answers(4) == {200}
        assert await answers(1) == {502}


async def _gateway(port: int) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, HOST, port)
