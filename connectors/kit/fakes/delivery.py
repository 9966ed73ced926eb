"""How a fake's webhooks leave: over the network, or however a test has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

Deliver = Callable[[str, dict[str, str], bytes], Awaitable[int]]
"""Posts a body with headers to an address and returns the status; 0 stands for no answer."""
PATIENCE = 30.0
"""Seconds that an answer may take."""


async def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """Deliver over the network, without following redirects."""
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        try:
            return (await client.post(url, headers=headers, content=body)).status_code
        except httpx.TransportError:
            return 0
