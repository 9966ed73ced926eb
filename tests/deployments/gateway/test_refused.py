"""Only a proven forgery is refused; it leaves a row for the auditor, and nothing of what it said."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import httpx
import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.notices import Notices
from deployments.gateway.rejections import Rejections
from incidents.store.database import Database
from tests.deployments.gateway.conftest import Sender, Store
from tests.deployments.gateway.vendors import HTTP, NOW, OTHER_SECRET, VENDORS, Vendor

STRANGERS = "a-secret-that-is-not-configured"
every_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.connection)


async def _assert_refused(
    answer: httpx.Response, gateway: Gateway, store: Store, *, reason: str, body: bytes
) -> None:
    assert answer.status_code == 401
    await gateway._rejections.written()
    (row,) = await store.rejections()
    assert (row.reason, row.size) == (reason, len(body))
    assert row.sha256 == hashlib.sha256(body).hexdigest()
    assert body not in repr(tuple(row)).encode()
    assert await store.deliveries() == []


@every_vendor
async def test_a_stranger_s_secret(vendor: Vendor, sender: Sender, gateway: Gateway, store: Store):
    """Refused, and written down without its body."""
    answer = await sender.send(vendor, secret=STRANGERS)
    await _assert_refused(answer, gateway, store, reason="signature", body=vendor.event)


@every_vendor
async def test_no_signature(vendor: Vendor, sender: Sender, gateway: Gateway, store: Store):
    """There is no unsigned mode."""
    answer = await sender.send(vendor, headers=[])
    await _assert_refused(answer, gateway, store, reason="missing", body=vendor.event)


@every_vendor
async def test_a_truncated_signature(vendor: Vendor, sender: Sender, gateway: Gateway, store: Store):
    """A part of the right one proves nothing."""
    headers = [(name, _cut(name, value)) for name, value in vendor.sign(vendor.event)]
    answer = await sender.send(vendor, headers=headers)
    await _assert_refused(answer, gateway, store, reason="signature", body=vendor.event)


@every_vendor
async def test_a_changed_body(vendor: Vendor, sender: Sender, gateway: Gateway, store: Store):
    """A proxy that re-writes the JSON, or an attacker that re-writes the story."""
    body = vendor.event + b" "
    answer = await sender.send(vendor, body, headers=vendor.sign(vendor.event))
    await _assert_refused(answer, gateway, store, reason="signature", body=body)


@every_vendor
async def test_a_repeated_header(vendor: Vendor, sender: Sender, gateway: Gateway, store: Store):
    """Two readers could take two different values."""
    headers = vendor.sign(vendor.event)
    answer = await sender.send(vendor, headers=[*headers, headers[-1]])
    await _assert_refused(answer, gateway, store, reason="header", body=vendor.event)


@pytest.mark.parametrize("seconds", [-301, 301])
@pytest.mark.parametrize(
    "vendor", [vendor for vendor in VENDORS if vendor.is_timed], ids=lambda vendor: vendor.connection
)
async def test_a_captured_delivery(
    vendor: Vendor, seconds: int, sender: Sender, gateway: Gateway, store: Store
):
    """Genuine once, and sent again by whoever listened; or prepared for a time to come."""
    answer = await sender.send(vendor, at=NOW + timedelta(seconds=seconds))
    await _assert_refused(answer, gateway, store, reason="timestamp", body=vendor.event)


async def test_another_connection_s_signature(sender: Sender, store: Store):
    """A customer's key opens that customer's door only, although the vendor is the same."""
    signed = HTTP.sign(HTTP.event)
    answer = await sender.http.post("/hooks/http/other", content=HTTP.event, headers=signed)
    assert answer.status_code == 401
    assert await store.deliveries() == []
    own = HTTP.sign(HTTP.event, secret=OTHER_SECRET)
    assert (await sender.http.post("/hooks/http/other", content=HTTP.event, headers=own)).status_code == 200


async def test_a_flood_is_not_written_down_row_by_row(database: Database, store: Store):
    """An attacker must not fill our disk; the counters still tell how many there were."""
    now = [0.0]
    rejections = Rejections(database, Notices(), rows_a_minute=3, clock=lambda: now[0])
    for _ in range(50):
        rejections.record("http/desk", "signature", b"x")
    rejections.record("http/other", "signature", b"x")
    now[0] = 60.0
    rejections.record("http/desk", "missing", b"x")
    await rejections.written()
    told = sorted((row.connection, row.reason) for row in await store.rejections())
    assert told == [
        ("http/desk", "missing"),
        *[("http/desk", "signature")] * 3,
        ("http/other", "signature"),
    ]


async def test_the_audit_may_fail(empty_database: Database, caplog: pytest.LogCaptureFixture):
    """A store that is away is told of; the refusal stands."""
    rejections = Rejections(empty_database, Notices())
    rejections.record("http/desk", "signature", b"x")
    await rejections.written()
    assert "could not write down a refused webhook" in caplog.text


def _cut(name: str, value: str) -> str:
    return value[:-1] if name.lower().endswith("signature") else value
