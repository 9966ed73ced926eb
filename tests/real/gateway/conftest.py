"""The real gateway on a real socket, with a store of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deployments.gateway.app import Gateway
from tests.deployments.gateway.conftest import clock, gateway, key, prefect, store
from tests.deployments.gateway.wire import serving

__all__ = ["clock", "gateway", "key", "prefect", "store"]


@pytest.fixture
async def gateway_port(gateway: Gateway) -> AsyncIterator[int]:
    async with serving(gateway) as port:
        yield port
