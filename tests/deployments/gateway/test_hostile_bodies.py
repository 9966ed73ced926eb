"""Authentic nonsense is stored raw and judged later: the door never chokes on a payload."""

from __future__ import annotations

import gzip

import pytest

from deployments.gateway.bodies import MAX_BODY_BYTES
from tests.contracts.webhook_source import HOSTILE_BODIES
from tests.deployments.gateway.conftest import Sender, Store
from tests.deployments.gateway.vendors import HTTP, VENDORS, Vendor

BOMB = gzip.compress(b"\0" * 50_000_000)
BODIES = {
    **{name: body for name, body in HOSTILE_BODIES.items() if len(body) <= MAX_BODY_BYTES},
    "every byte": bytes(range(256)),
    "as large as may be": b"[" + b" " * (MAX_BODY_BYTES - 2) + b"]",
    "XML with entities": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
}
every_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.connection)


@every_vendor
async def test_correctly_signed_nonsense_is_stored(vendor: Vendor, sender: Sender, store: Store):
    """Not UTF-8, nested 100,000 deep, numbers of 5,000 digits: 200, and every byte is in the inbox."""
    for number, body in enumerate(BODIES.values()):
        assert (await sender.send(vendor, body, id=f"msg_{number}")).status_code == 200
    assert [row.body for row in await store.deliveries()] == list(BODIES.values())


@every_vendor
async def test_a_gzip_bomb_is_stored_as_it_came(vendor: Vendor, sender: Sender, store: Store):
    """Whatever Content-Encoding says, nothing is inflated: the signature is over the bytes on the wire."""
    headers = [*vendor.sign(BOMB), ("Content-Encoding", "gzip")]
    assert (await sender.send(vendor, BOMB, headers=headers)).status_code == 200
    (row,) = await store.deliveries()
    assert row.body == BOMB


@pytest.mark.parametrize(
    "identity", ["msg:é", "\x7f", "a" * 4000, " ", "'; drop table deliveries", "%00", "msg/1"]
)
async def test_odd_ids_are_never_an_error_of_ours(identity: str, sender: Sender, store: Store):
    """Signed by the sender, so stored, or refused as no header of the scheme; and found again as the same."""
    headers = [(name, value.encode()) for name, value in HTTP.sign(HTTP.event, id=identity)]
    statuses = [
        (await sender.http.post(HTTP.path, content=HTTP.event, headers=headers)).status_code for _ in range(2)
    ]
    assert statuses in ([200, 200], [401, 401])
    assert len(await store.deliveries()) == (1 if statuses[0] == 200 else 0)
