"""A page in Debian's Chromium, judged by axe-core: can everybody read it, and what did the browser complain of."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from tests.real.programs import cached_program, debian_program

SECONDS = 90.0


async def judged(address: str, scheme: str, width: int, picture: Path | None = None) -> dict[str, Any]:
    """What axe-core and the browser say of a page."""
    modules = cached_program("axe", "node_modules")
    script = Path(__file__).with_name("axe.cjs")
    program = await asyncio.create_subprocess_exec(
        *(debian_program("node"), script, address, debian_program("chromium"), scheme, str(width)),
        *([str(picture)] if picture else []),
        env=os.environ | {"NODE_PATH": str(modules.resolve())},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        out, err = await program.communicate()
    assert program.returncode == 0, err.decode()
    found: dict[str, Any] = json.loads(out)
    return found
