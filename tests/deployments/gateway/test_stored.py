"""What is genuine is on disk once, as it came, before it is answered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from connectors.http.webhook import SENT_AT
from incidents.events import Lane
from tests.deployments.gateway.conftest import Sender, Store
from tests.deployments.gateway.vendors import HTTP, PAGERDUTY, SLACK, VENDORS, ZENDESK, Vendor

LANES = {ZENDESK: Lane.INTAKE, HTTP: Lane.INTAKE, PAGERDUTY: Lane.STATUS_SYNC, SLACK: Lane.STATUS_SYNC}
every_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.connection)


@every_vendor
async def test_a_genuine_webhook_is_stored_as_it_came(vendor: Vendor, sender: Sender, store: Store):
    """Byte for byte, in the lane whose drain reads it; the answer has no body, and says that it was new."""
    answer = await sender.send(vendor)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Liaison-Receipt"] == "new"
    (row,) = await store.deliveries()
    assert (row.connection, row.body) == (vendor.connection, vendor.event)
    assert (row.lane, row.state) == (LANES[vendor], "pending")


@every_vendor
async def test_the_same_again_is_answered_and_not_stored_again(vendor: Vendor, sender: Sender, store: Store):
    """Senders repeat what they got no answer to; they must hear 200, and we must act once."""
    await sender.send(vendor)
    again = await sender.send(vendor)
    assert (again.status_code, again.headers["Liaison-Receipt"]) == (200, "duplicate")
    assert len(await store.deliveries()) == 1


@every_vendor
async def test_ten_at_once_make_one_row(vendor: Vendor, sender: Sender, store: Store):
    """Whichever of them wins, each hears that it is safe."""
    answers = await asyncio.gather(*(sender.send(vendor) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert sorted(answer.headers["Liaison-Receipt"] for answer in answers) == ["duplicate"] * 9 + ["new"]
    assert len(await store.deliveries()) == 1


@every_vendor
async def test_an_event_of_a_kind_we_do_not_know_is_stored(vendor: Vendor, sender: Sender, store: Store):
    """What is not understood is judged later, parked in sight of people, and never lost at the door."""
    body = b'{"type":"zen:event-type:of-tomorrow","event":{"event_type":"of.tomorrow"}}'
    assert (await sender.send(vendor, body)).status_code == 200
    (row,) = await store.deliveries()
    assert row.body == body


@every_vendor
async def test_the_vendor_s_test_call_is_answered(vendor: Vendor, sender: Sender):
    """The button "Test webhook" in the vendor's screens must show success."""
    assert (await sender.send(vendor, vendor.test_call)).status_code == 200


async def test_zendesk_s_empty_test_call_is_answered(sender: Sender):
    """Its screen can also send no body at all."""
    assert (await sender.send(ZENDESK, b"")).status_code == 200


async def test_slack_s_challenge_is_answered_and_not_stored(sender: Sender, store: Store):
    """Slack saves the Request URL only when its challenge comes back; nobody has to read it later."""
    answer = await sender.send(SLACK, b'{"type":"url_verification","token":"x","challenge":"3eZbrw1a"}')
    assert (answer.status_code, answer.content) == (200, b"3eZbrw1a")
    assert answer.headers["content-type"].startswith("text/plain")
    assert await store.deliveries() == []


async def test_a_slash_command_is_stored_and_answered_with_nothing(sender: Sender, store: Store):
    """Slack would show a body to whoever typed the command."""
    fields = {"command": "/liaison", "text": "ack INC-2", "user_id": "U0ANNA", "trigger_id": "1.2"}
    answer = await sender.send(SLACK, urlencode(fields).encode())
    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-type" not in answer.headers
    assert len(await store.deliveries()) == 1


@every_vendor
async def test_a_proxy_s_credentials_are_not_kept(vendor: Vendor, sender: Sender, store: Store):
    """Vendors can be told to send basic authentication along, and proxies add their own."""
    headers = [*vendor.sign(vendor.event), ("Authorization", "Basic c2VjcmV0"), ("Cookie", "session=1")]
    assert (await sender.send(vendor, headers=headers)).status_code == 200
    (row,) = await store.deliveries()
    assert not {name.lower() for name, _ in row.headers} & {"authorization", "cookie"}


async def test_the_signed_headers_are_kept(sender: Sender, store: Store):
    """Whoever audits can verify again. The time of sending stands beside them, as the scheme proved it."""
    await sender.send(HTTP)
    (row,) = await store.deliveries()
    signed = HTTP.sign(HTTP.event)
    sent_at = datetime.fromtimestamp(int(dict(signed)["webhook-timestamp"]), UTC)
    assert [tuple(pair) for pair in row.headers] == [*signed, (SENT_AT, sent_at.isoformat())]
