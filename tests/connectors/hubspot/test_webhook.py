"""HubSpot's webhooks: signed with the address that we were told, in batches, hints all, and of our portal alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.hubspot import HubSpot
from connectors.hubspot.fake.app import FakeHubSpot
from connectors.hubspot.fake.portal import APP, PORTAL
from connectors.hubspot.webhook import SIGNATURE, TIMESTAMP, signed_headers, verified_from
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Event, Ignored, Ping, TicketEvent, Verified
from incidents.models import Departure, TicketRef
from tests.connectors.hubspot.conftest import URL, settings
from tests.contracts.webhook_source import FIRST, SECOND, STRANGERS, Headers, Sign, WebhookSourceContract

# Elsewhere the dev dependencies may be older than this test; in CI a missing one is a failure.
if os.environ.get("CI"):
    official = importlib.import_module("hubspot.utils.signature")
else:
    official = pytest.importorskip(
        "hubspot.utils.signature", reason="hubspot-api-client is among the dev dependencies"
    )

NAME = "hubspot/support"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OTHER = "of another portal"


def event(**changes: Any) -> dict[str, Any]:
    """As documented."""
    said = {
        "eventId": 100,
        "subscriptionId": 138,
        "portalId": PORTAL,
        "appId": APP,
        "occurredAt": int(NOW.timestamp() * 1000),
        "subscriptionType": "ticket.propertyChange",
        "attemptNumber": 0,
        "objectId": 7,
        "propertyName": "hs_pipeline_stage",
        "propertyValue": "4",
        "changeSource": "CRM_UI",
    }
    return said | changes


def batch(*events: dict[str, Any]) -> bytes:
    return json.dumps(events or [event()]).encode()


def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW, url: str = URL) -> Headers:
    return list(signed_headers(body, secret, url, at).items())


def hubspot(**changes: object) -> HubSpot:
    return HubSpot(NAME, settings(**changes))


def told(*events: dict[str, Any]) -> list[Event]:
    source, body = hubspot(), batch(*events)
    return list(source.events(source.verify(sign(body), body, now=NOW)))


def ticket(own_id: str, **more: Any) -> TicketEvent:
    return TicketEvent(ref=TicketRef(connection=NAME, id=own_id), at=NOW, **more)


class TestHubSpotsWebhook(WebhookSourceContract):
    signature_headers = (SIGNATURE, TIMESTAMP)
    is_timed = True

    @pytest.fixture
    def source(self) -> HubSpot:
        return hubspot()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return batch()

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


def test_as_hubspots_own_client_signs() -> None:
    """The reference: each body that we sign is signed so by HubSpot's client, and as the documentation says it."""
    for body in (batch(), b"", '[{"a":"\u00f6\u2603"}]'.encode(), b'[{"a": "b"}]\n'):
        for secret in (FIRST, SECOND, "s\u00e9cret-of-sixteen".encode()):
            headers = signed_headers(body, secret, URL, NOW)
            theirs = official.Signature.get_signature(
                secret.decode(),
                body.decode(),
                "v3",
                http_uri=URL,
                http_method="POST",
                timestamp=headers[TIMESTAMP],
            )
            source = f"POST{URL}".encode() + body + headers[TIMESTAMP].encode()
            by_hand = base64.b64encode(hmac.digest(secret, source, hashlib.sha256)).decode()
            assert headers[SIGNATURE] == theirs == by_hand


EXAMPLE_URL, EXAMPLE_STAMP = "https://www.example.com/webhook_uri", "15000000"
EXAMPLE_BODY = b"{'example_field':'example_value'}"
EXAMPLE_SIGNATURE = "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw="


@pytest.mark.parametrize(
    ("signature", "stamp", "body", "url", "seconds", "reason"),
    [
        (EXAMPLE_SIGNATURE, EXAMPLE_STAMP, EXAMPLE_BODY, EXAMPLE_URL, 15_000, ""),
        (EXAMPLE_SIGNATURE, EXAMPLE_STAMP, EXAMPLE_BODY, EXAMPLE_URL, 15_301, "timestamp"),
        (EXAMPLE_SIGNATURE, "15000001", EXAMPLE_BODY, EXAMPLE_URL, 15_000, "signature"),
        (EXAMPLE_SIGNATURE, EXAMPLE_STAMP, EXAMPLE_BODY + b" ", EXAMPLE_URL, 15_000, "signature"),
        (EXAMPLE_SIGNATURE, EXAMPLE_STAMP, EXAMPLE_BODY, f"{EXAMPLE_URL}/", 15_000, "signature"),
        (EXAMPLE_SIGNATURE.lower(), EXAMPLE_STAMP, EXAMPLE_BODY, EXAMPLE_URL, 15_000, "signature"),
        (EXAMPLE_SIGNATURE, EXAMPLE_STAMP, EXAMPLE_BODY, "", 15_000, "signature"),
    ],
)
def test_the_signature_of_hubspots_own_test(
    *, signature: str, stamp: str, body: bytes, url: str, seconds: int, reason: str
) -> None:
    """https://github.com/HubSpot/hubspot-api-python/blob/master/tests/spec/utils/test_signature.py"""
    keys, now = [b"yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"], datetime.fromtimestamp(seconds, UTC)
    headers = [(SIGNATURE, signature), (TIMESTAMP, stamp)]
    if not reason:
        assert verified_from(headers, body, keys=keys, url=url, now=now).body == body
        return
    with pytest.raises(Forged) as caught:
        verified_from(headers, body, keys=keys, url=url, now=now)
    assert caught.value.reason == reason


def test_what_the_older_versions_sign_proves_nothing() -> None:
    """Versions 1 and 2 come along with a delivery; they have no time and are no keyed hash."""
    body, source = batch(), hubspot()
    for version in ("v1", "v2"):
        older = official.Signature.get_signature(FIRST.decode(), body.decode(), version, http_uri=URL)
        headers = [("X-HubSpot-Signature", older), ("X-HubSpot-Signature-Version", version)]
        for shown in (headers, [*headers, (SIGNATURE, older), (TIMESTAMP, sign(body)[1][1])]):
            with pytest.raises(Forged):
                source.verify(shown, body, now=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/hooks/hubspot/support",
        "http://liaison.example/hooks/hubspot/support",
        f"{URL}/",
        f"{URL}?a=1",
        "",
    ],
)
def test_another_address(url: str) -> None:
    """It is part of what is signed, and is what the settings say: a Host header that says otherwise changes nothing."""
    body, source = batch(), hubspot()
    with pytest.raises(Forged):
        source.verify(sign(body, url=url), body, now=NOW)
    for host in ("evil.example", "liaison.example"):
        others = [("Host", host), ("X-Forwarded-Host", host), ("X-Forwarded-Proto", "http")]
        assert source.verify([*sign(body), *others], body, now=NOW)
        with pytest.raises(Forged):
            source.verify([*sign(body, url=url), *others], body, now=NOW)


def test_parts_do_not_move() -> None:
    """Method, address, body and time are joined without anything between them: what moves from one to the other is
    refused."""
    source, body = hubspot(), b'[{"a":1}]'
    headers = dict(sign(body))
    stamp = headers[TIMESTAMP]
    for moved, time in (
        (body + stamp[:1].encode(), stamp[1:]),
        (body[:-1], f"]{stamp}"),
        (body, f" {stamp}"),
    ):
        with pytest.raises(Forged):
            source.verify([(SIGNATURE, headers[SIGNATURE]), (TIMESTAMP, time)], moved, now=NOW)


def test_five_minutes() -> None:
    body, source = batch(), hubspot()
    for seconds in (-300, 0, 300):
        assert source.verify(sign(body, at=NOW + timedelta(seconds=seconds)), body, now=NOW)
    # In seconds, as others say it, it is long ago.
    headers = [(SIGNATURE, sign(body)[0][1]), (TIMESTAMP, str(int(NOW.timestamp())))]
    with pytest.raises(Forged):
        source.verify(headers, body, now=NOW)


def test_without_a_secret() -> None:
    """Our own mistake: the sender is asked to come again."""
    body, source = batch(), hubspot(signing_secrets=[])
    with pytest.raises(ValueError, match="no signing secret"):
        source.verify(sign(body), body, now=NOW)
    with pytest.raises(NotAllowed, match="signing_secrets"):
        source.trial_webhook(now=NOW)


def test_a_batch() -> None:
    """In any order; each ticket is read once, by the newest time, and what is no ticket's is counted."""
    early = int((NOW - timedelta(minutes=1)).timestamp() * 1000)
    assert told(
        event(objectId=8),
        event(occurredAt=early),
        event(),
        event(subscriptionType="conversation.newMessage", objectId=9, messageType="MESSAGE"),
        event(subscriptionType="contact.creation", objectId=10),
        event(subscriptionType="ticket.deletion", objectId=11),
        event(subscriptionType="object.propertyChange", objectTypeId="0-5", objectId=12),
        event(subscriptionType="object.creation", objectTypeId="0-1", objectId=13),
        event(portalId=PORTAL + 1, objectId=14),
    ) == [
        *(ticket(one, comments_to_read=True) for one in ("8", "7", "11", "12")),
        Ignored(connection=NAME, kind="no ticket's"),
        Ignored(connection=NAME, kind=OTHER),
    ]


def test_a_whole_batch() -> None:
    assert len(told(*(event(objectId=1_000 + number) for number in range(100)))) == 100


def test_another_portal() -> None:
    """One app may be installed by several, and signs alike for all: nothing of the other's is read."""
    merge = event(portalId=1, subscriptionType="ticket.merge", primaryObjectId=7, mergedObjectIds=[8])
    assert told(event(portalId=1), event(portalId=2), merge) == [Ignored(connection=NAME, kind=OTHER)]


@pytest.mark.parametrize("left", [{"newObjectId": 7}, {}])
def test_merged(left: dict[str, Any]) -> None:
    """The one that is left is read again, and the others went into it; ids that are none are left out."""
    merge = event(
        subscriptionType="ticket.merge", objectId=7, primaryObjectId=7, mergedObjectIds=[8, 7, "x", None, -1]
    )
    assert told(merge | left) == [
        ticket("7", comments_to_read=True),
        ticket("8", gone=Departure.MERGED, merged_into="7"),
    ]


def test_merged_into_a_new_one() -> None:
    """A merger may make a new record of both."""
    merge = event(
        subscriptionType="ticket.merge", objectId=7, primaryObjectId=7, mergedObjectIds=[8], newObjectId=9
    )
    assert told(merge) == [
        ticket("9", comments_to_read=True),
        *(ticket(one, gone=Departure.MERGED, merged_into="9") for one in ("7", "8")),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"subscriptionType": None},
        {"portalId": str(PORTAL)},
        {"portalId": None},
        {"objectId": "../x"},
        {"objectId": None},
        {"objectId": True},
        {"occurredAt": "soon"},
        {"occurredAt": None},
        {"occurredAt": 2**70},
    ],
)
def test_what_lacks_something(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unrecognised):
        told(event(**wrong))


def test_a_delivery_that_is_tried_again_is_known() -> None:
    """Another attempt says another number; another event with the same `eventId` is another one."""
    source = hubspot()

    def name(*events: dict[str, Any]) -> str:
        body = batch(*events)
        return source.verify(sign(body), body, now=NOW).identity

    assert name(event()) == name(event(attemptNumber=3))
    assert len({name(event()), name(event(objectId=8)), name(event(), event(objectId=8))}) == 3


async def test_each_change_is_told() -> None:
    """The fake's own deliveries: the ticket is to be read again, with what was written."""
    source, seen, clock = hubspot(), list[Verified](), NOW

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        assert url == URL
        seen.append(source.verify(list(headers.items()), body, now=clock))
        return 200

    fake = FakeHubSpot(webhook_url=URL, secret=FIRST.decode(), deliver=deliver, clock=lambda: clock)
    own_id = fake.portal.create("Ada", "ada@customer.example", "Hi", "x")
    assert await fake.drain_webhooks() == 1
    other = fake.portal.create("Bob", "bob@customer.example", "The same", "x")
    fake.portal.merge(other, own_id)
    fake.portal.answer(own_id, "It still is")
    assert await fake.drain_webhooks() == 1
    first, second = (source.events(one) for one in seen)
    mine = ticket(own_id, comments_to_read=True)
    assert first == [mine, Ignored(connection=NAME, kind="no ticket's")]
    assert [one for one in second if isinstance(one, TicketEvent)] == [
        mine,
        ticket(other, gone=Departure.MERGED, merged_into=own_id),
    ]


async def test_a_failed_delivery_comes_again() -> None:
    source, names, answers = hubspot(), list[str](), [500, 0, 200]

    async def deliver(_: str, headers: dict[str, str], body: bytes) -> int:
        names.append(source.verify(list(headers.items()), body, now=NOW).identity)
        return answers.pop(0)

    fake = FakeHubSpot(webhook_url=URL, secret=FIRST.decode(), deliver=deliver, clock=lambda: NOW)
    fake.portal.create("Ada", "ada@customer.example", "Hi", "x")
    await fake.drain_webhooks()
    assert (len(names), len(set(names))) == (3, 1)


def test_trial() -> None:
    """`liaison try`: it proves the address and the secret, and is read as a test call."""
    source = hubspot()
    trial = source.trial_webhook(now=NOW)
    assert source.events(source.verify(list(trial.headers), trial.body, now=NOW)) == [Ping(connection=NAME)]
    with pytest.raises(Forged):
        hubspot(signing_secrets=[STRANGERS.decode()]).verify(list(trial.headers), trial.body, now=NOW)
