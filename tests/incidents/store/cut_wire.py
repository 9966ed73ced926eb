"""A wire to PostgreSQL that can be cut between the server's commit and its answer."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import URL, make_url

from deployments.machine.embedded_database import SOCKET_NAME


class CutWire:
    """Passes everything on, until somebody has said `cuts_commit_after`; then the server hears the next COMMIT, and
    nobody hears its answer. That happens once."""

    def __init__(self, url: str) -> None:
        self.cuts_commit_after: bytes | None = None
        self.has_cut = False
        self._server = make_url(url)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await self._dial()
        answers = asyncio.create_task(_pass_on(from_server, writer))
        is_armed = False
        try:
            while data := await reader.read(65536):
                is_armed = is_armed or (self.cuts_commit_after is not None and self.cuts_commit_after in data)
                if is_armed and not self.has_cut and b"COMMIT" in data:
                    self.has_cut = True
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                    to_server.write(data)
                    await from_server.read(1)
                    return
                to_server.write(data)
        finally:
            answers.cancel()
            for end in (writer, to_server):
                end.close()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder = self._server.query.get("host")
        if folder is not None:
            return await asyncio.open_unix_connection(f"{folder}/{SOCKET_NAME}")
        return await asyncio.open_connection(self._server.host, self._server.port or 5432)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def cut_wire(url: str) -> AsyncIterator[tuple[CutWire, str]]:
    """The wire, and the address of the same database through it."""
    # Not pytest's tmp_path: its names are too long for a unix socket on macOS.
    folder = Path(tempfile.mkdtemp(prefix="wire"))
    wire = CutWire(url)
    server = await asyncio.start_unix_server(wire.serve, folder / SOCKET_NAME)
    # Made anew: `URL.set` takes None for "as it was", and the server's own port would name another socket.
    server_url = make_url(url)
    there = URL.create(
        server_url.drivername,
        username=server_url.username,
        password=server_url.password,
        database=server_url.database,
        query={"host": str(folder)},
    )
    try:
        yield wire, there.render_as_string(hide_password=False)
    finally:
        server.close()
        shutil.rmtree(folder)
