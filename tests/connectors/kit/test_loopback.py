"""A fake served on loopback behaves as it does in process: its faults are what a network would do."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.kit.fakes.faults import (
    FaultKind,
    Faults,
    FaultyApp,
)
from connectors.kit.fakes.loopback import serving
from connectors.kit.http import VendorHttp
from incidents.errors import Busy, Unknown


async def test_a_dropped_reply_is_a_dead_connection():
    """Not a 500, which uvicorn would make of it: the work is done and the connection ends without a byte."""
    orders: list[str] = []

    async def order(request: Request) -> JSONResponse:
        orders.append(request.url.path)
        return JSONResponse({"orders": len(orders)})

    faults = Faults()
    app = FaultyApp(Starlette(routes=[Route("/orders", order, methods=["POST"])]), faults)
    async with serving(app) as address, VendorHttp(vendor="shop", base_url=address) as shop:
        faults.arm(FaultKind.DROP_REPLY)
        with pytest.raises(Unknown, match=r"connection lost \(RemoteProtocolError|ReadError\)"):
            await shop.call("POST", "/orders", json={})
        assert (await shop.call("POST", "/orders", json={})).data == {"orders": 2}

        faults.arm(FaultKind.RATE_LIMIT, seconds=30)
        with pytest.raises(Busy) as busy:
            await shop.call("POST", "/orders", json={})
        assert busy.value.retry_after == 30
