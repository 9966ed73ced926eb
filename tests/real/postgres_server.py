"""Debian's PostgreSQL in a folder of its own, run by the user `postgres` where root tests."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from deployments.machine.processes import Child
from tests.real.programs import postgres_programs
from tests.real.running import HOST, running

OWNER = "postgres"


@asynccontextmanager
async def debian_postgres(
    home: Path, port: int, *, cluster: Sequence[str], settings: Sequence[str]
) -> AsyncIterator[Child]:
    """A new cluster, made with these options of initdb and run with these settings beside the address; its log is in
    `home`, which that user may enter. It takes connections, perhaps before it is ready for them."""
    # It refuses to run as root, which is what runs tests in a container.
    as_owner = (
        ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups", "--"]
        if os.geteuid() == 0
        else []
    )
    data, programs = home / "data", postgres_programs()
    data.mkdir()
    if as_owner:
        shutil.chown(data, OWNER)
    make = [
        *as_owner,
        programs / "initdb",
        "-D",
        data,
        "-U",
        OWNER,
        "--auth=trust",
        "--encoding=UTF8",
        *cluster,
    ]
    await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True, cwd=data)
    serve = [*as_owner, programs / "postgres", "-D", data, "-p", str(port)]
    for setting in (f"listen_addresses={HOST}", "unix_socket_directories=", *settings):
        serve += ["-c", setting]
    async with running("postgres", serve, port=port, home=home) as process:
        yield process
