"""Sandbox accounts for drills: fakes in a process of their own, whose connections are saved at a Prefect server.

Nothing is shared with the drill but the wire: what is looked at afterwards is asked over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from blocks.pagerduty import PagerDutyBlock
from blocks.zendesk import ZendeskBlock
from deployments.machine.processes import free_port
from tests.servers import PrefectServer

ROOT = Path(__file__).parents[3]
HELPDESK, PAGER = "zendesk/sandbox", "pagerduty/sandbox"
THEIRS = "Cannot pay"
"""The subject of the ticket that somebody else has there."""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Both accounts, as `liaison fakes --json` tells of them, and where the drill finds them."""

    served: Mapping[str, Any]
    prefect: PrefectServer
    folder: Path
    drills: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def save(self, *, helpdesk_mark: bool = True, pager_mark: bool = True) -> None:
        """Save both connections, marked or not."""
        keys = self.served["zendesk"]["keys"]
        zendesk = ZendeskBlock(
            base_url=self.served["zendesk"]["address"],
            email=keys["email"],
            api_token=SecretStr(keys["api_token"]),
            signing_secrets=[SecretStr(keys["signing_secret"])],
            is_sandbox=helpdesk_mark,
        )
        keys = self.served["pagerduty"]["keys"]
        pagerduty = PagerDutyBlock(
            api_url=self.served["pagerduty"]["address"],
            events_url=self.served["pagerduty"]["address"],
            api_token=SecretStr(keys["api_token"]),
            from_email=keys["from_email"],
            routing_key=SecretStr(keys["routing_key"]),
            signing_secrets=[SecretStr(keys["signing_secret"])],
            is_sandbox=pager_mark,
        )
        with self.prefect.settings():
            await zendesk.save("sandbox", overwrite=True)
            await pagerduty.save("sandbox", overwrite=True)

    def write_file(self, **changes: object) -> Path:
        """The file that names them."""
        path = self.folder / "sandbox.yaml"
        path.write_text(json.dumps({"helpdesk": HELPDESK, "pager": PAGER, **changes}))
        return path

    async def drill(self, *words: str, env: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
        """`liaison drill`, as an operator types it; where nobody types anything more."""
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deployments.cli", "drill", *words),
            *("--json", "--port", str(free_port(0))),
            cwd=ROOT,
            env={
                **os.environ,
                "TMPDIR": str(self.folder),
                "LIAISON_HOME": str(self.folder / "home"),
                "PREFECT_API_URL": self.prefect.api_url,
                **(env or {}),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.drills.append(program)
        return program

    async def tickets(self) -> list[dict[str, Any]]:
        """All of the helpdesk, by its API."""
        return list((await self._zendesk("tickets.json"))["tickets"])

    async def comments(self, ticket: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What is written on one, its first words among it."""
        return list((await self._zendesk(f"tickets/{ticket['id']}/comments.json"))["comments"])

    async def pages(self) -> list[dict[str, Any]]:
        """All incidents of the on-call tool, by its API."""
        keys = self.served["pagerduty"]["keys"]
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(
                f"{self.served['pagerduty']['address']}/incidents",
                params={"date_range": "all"},
                headers={"Authorization": f"Token token={keys['api_token']}"},
            )
        return list(answer.json()["incidents"])

    def journals(self) -> Sequence[Path]:
        """Of drills that were not cleaned up."""
        return list((self.folder / "home" / "drills").glob("*.json"))

    def scratch_folders(self) -> Sequence[Path]:
        """What is left of scratch installations."""
        return list(self.folder.glob("liaison-d*"))

    async def _zendesk(self, path: str) -> Any:
        keys = self.served["zendesk"]["keys"]
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(
                f"{self.served['zendesk']['address']}/api/v2/{path}",
                auth=(f"{keys['email']}/token", keys["api_token"]),
            )
        return answer.json()


@asynccontextmanager
async def open_sandbox(prefect: PrefectServer, folder: Path, *faults: str) -> AsyncIterator[Sandbox]:
    """The accounts until the end of the block; `faults` as `liaison fakes --fault` takes them."""
    asked = [word for fault in faults for word in ("--fault", fault)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deployments.cli", "fakes", "--json", "--port", "0", *asked),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        served = json.loads(await process.stdout.readline())
        sandbox = Sandbox(served=served, prefect=prefect, folder=folder)
        try:
            yield sandbox
        finally:
            # One that a failed test has left: its watchdog ends the rest.
            for drill in sandbox.drills:
                if drill.returncode is None:
                    drill.kill()
                    await drill.wait()
    finally:
        process.kill()
        await process.wait()
