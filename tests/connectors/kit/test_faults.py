"""The fakes' switchable faults, as a real connector's client meets them."""

from __future__ import annotations

from collections.abc import AsyncIterator

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
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.http import VendorHttp
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Unknown


class Shop:
    """A vendor that counts the work it did."""

    def __init__(self) -> None:
        self.work = 0
        self.faults = Faults()
        self.app = FaultyApp(
            Starlette(routes=[Route("/{path:path}", self._do, methods=["POST"])]), self.faults
        )

    async def _do(self, request: Request) -> JSONResponse:
        self.work += 1
        return JSONResponse({"path": request.url.path})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[VendorHttp]:
    async with VendorHttp(
        vendor="shop", base_url="http://shop.example", transport=InProcessTransport(shop.app)
    ) as http:
        yield http


async def post(client: VendorHttp, path: str = "/orders") -> None:
    await client.call("POST", path, json={})


async def test_no_fault(shop, client):
    """Without a fault the app answers as it is."""
    assert (await client.call("POST", "/orders", json={})).data == {"path": "/orders"}
    assert shop.work == 1


@pytest.mark.parametrize(
    ("kind", "expected", "work"),
    [
        (FaultKind.DROP_REPLY, Unknown, 1),
        (FaultKind.ERROR_AFTER_WORK, Unknown, 1),
        (FaultKind.OUTAGE, Unknown, 0),
        (FaultKind.HTML, Unknown, 0),
        (FaultKind.CRASH, Unknown, 0),
        (FaultKind.UNAUTHORIZED, NotAllowed, 0),
        (FaultKind.MISSING, NotFound, 0),
        (FaultKind.RATE_LIMIT, Busy, 0),
    ],
)
async def test_fault(shop, client, kind, expected, work):
    """Each fault is met as the error it stands for, with the work done or not, once; then all is well."""
    shop.faults.arm(kind)
    with pytest.raises(LiaisonError) as caught:
        await post(client)
    assert type(caught.value) is expected
    assert shop.work == work
    await post(client)
    assert shop.work == work + 1


async def test_delay(shop):
    """A late answer meets the deadline; the same fault without a wait changes nothing."""
    shop.faults.arm(FaultKind.DELAY, seconds=3600)
    async with VendorHttp(
        vendor="shop", base_url="http://shop.example", transport=InProcessTransport(shop.app), deadline=0.02
    ) as client:
        with pytest.raises(Unknown):
            await post(client)
        shop.faults.arm(FaultKind.DELAY)
        await post(client)
    assert shop.work == 1


def test_every_kind_is_tested():
    """A new fault must get its row above."""
    (mark,) = [mark for mark in test_fault.pytestmark if mark.name == "parametrize"]
    assert {row[0] for row in mark.args[1]} | {FaultKind.DELAY} == set(FaultKind)


async def test_where_and_times(shop, client):
    """A fault hits only its paths, so many times; None means until it is cleared."""
    shop.faults.arm(FaultKind.MISSING, where="/orders", times=2)
    await post(client, "/customers")
    for _ in range(2):
        with pytest.raises(NotFound):
            await post(client)
    await post(client)
    shop.faults.arm(FaultKind.MISSING, times=None)
    for _ in range(5):
        with pytest.raises(NotFound):
            await post(client)
    shop.faults.clear()
    await post(client)


async def test_faults_queue(shop, client):
    """Faults armed one after the other happen one after the other."""
    shop.faults.arm(FaultKind.MISSING)
    shop.faults.arm(FaultKind.UNAUTHORIZED)
    with pytest.raises(NotFound):
        await post(client)
    with pytest.raises(NotAllowed):
        await post(client)
    await post(client)
