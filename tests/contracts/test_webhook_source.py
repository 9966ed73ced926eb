"""The webhook contract itself: a source that keeps it passes, and each way of breaking it is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.signatures import (
    one_header,
    sign_slack,
    verify_slack,
)
from incidents.errors import Forged, Unrecognised
from incidents.events import (
    Event,
    Lane,
    Ping,
    Verified,
)
from tests.contracts.webhook_source import FIRST, SECOND, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A_BODY = b'{"ping":"from here"}'


class Pinger:
    """The smallest honest webhook source."""

    lane = Lane.STATUS_SYNC

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        verify_slack(
            body,
            timestamp=one_header(headers, "X-Time"),
            signature=one_header(headers, "X-Signature"),
            secrets=[FIRST, SECOND],
            now=now,
        )
        kept = (("X-Time", one_header(headers, "X-Time") or ""),)
        return Verified(headers=kept, body=body, identity=hashlib.sha256(body).hexdigest())

    def events(self, verified: Verified) -> Sequence[Event]:
        document = parse_json(verified.body)
        name = document.get("ping") if isinstance(document, dict) else None
        if not isinstance(name, str):
            raise Unrecognised("no ping")
        return [Ping(connection=name)]


class TestPinger(WebhookSourceContract):
    signature_headers = ("X-Time", "X-Signature")
    is_timed = True

    @pytest.fixture
    def source(self) -> Pinger:
        return Pinger()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return A_BODY

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    stamp = str(int(at.timestamp()))
    return [("X-Time", stamp), ("X-Signature", sign_slack(body, secret, timestamp=stamp))]


class Trusting(Pinger):
    """Verifies nothing."""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return Verified(headers=tuple(headers), body=body, identity="1")


class TakesTheLast(Pinger):
    """Reads headers into a dict, so that the last of two wins."""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return super().verify(
            list({name.lower(): (name, value) for name, value in headers}.values()), body, now=now
        )


class OneSecret(Pinger):
    """Forgets the second live secret."""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        stamp, signature = one_header(headers, "X-Time"), one_header(headers, "X-Signature")
        verify_slack(body, timestamp=stamp, signature=signature, secrets=[FIRST], now=now)
        return Verified(headers=tuple(headers), body=body, identity="1")


class HashesHeaders(Pinger):
    """Lets unsigned headers change the identity."""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        verified = super().verify(headers, body, now=now)
        return Verified(headers=verified.headers, body=body, identity=repr(headers))


class ParsesFirst(Pinger):
    """Judges the body's meaning before it is stored."""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        verified = super().verify(headers, body, now=now)
        parse_json(body)
        return verified


class KeepsAll(Pinger):
    """Puts whatever came into the inbox."""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        verified = super().verify(headers, body, now=now)
        return Verified(headers=tuple(headers), body=body, identity=verified.identity)


class LooseJson(Pinger):
    """Parses as the standard library does, and trusts the shape."""

    def events(self, verified: Verified) -> Sequence[Event]:
        return [Ping(connection=json.loads(verified.body)["ping"])]


@pytest.mark.parametrize(
    ("source", "test"),
    [
        (KeepsAll(), "test_what_else_comes_with_it_is_not_kept"),
        (Trusting(), "test_wrong_secret"),
        (Trusting(), "test_changed_body"),
        (Trusting(), "test_stale_and_future"),
        (Trusting(), "test_hostile_signature_headers"),
        (TakesTheLast(), "test_each_signature_header_is_needed"),
        (OneSecret(), "test_second_live_secret"),
        (HashesHeaders(), "test_same_delivery_has_one_identity"),
        (LooseJson(), "test_any_field_may_be_odd"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_broken_source_is_noticed(source, test):
    """Each broken source fails the test that is there for it."""
    with pytest.raises((AssertionError, pytest.fail.Exception, Forged, KeyError, TypeError)):
        getattr(TestPinger(), test)(source, sign, NOW, A_BODY)


@pytest.mark.parametrize("source", [ParsesFirst(), LooseJson()], ids=lambda source: type(source).__name__)
def test_hostile_body_is_noticed(source):
    """Judging a body too early, or too loosely, does not pass."""
    with pytest.raises((Unrecognised, pytest.fail.Exception)):
        TestPinger().test_hostile_body(source, sign, NOW, b'{"ping":"a","ping":"b"}')
