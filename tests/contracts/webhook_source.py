"""What every `WebhookSource` must keep: only its vendor gets in, and nothing a stranger sends breaks it.

Subclass it in `tests/connectors/<vendor>/test_webhook.py`:

    class TestZendeskWebhook(WebhookSourceContract):
        signature_headers = ("X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp")
        is_timed = True

        @pytest.fixture
        def source(self) -> Zendesk: ...          # its settings hold FIRST and SECOND as live secrets

        @pytest.fixture
        def now(self) -> datetime: ...            # where the vendor's clock stands

        @pytest.fixture
        def a_body(self) -> bytes: ...            # a real event of that vendor

        @pytest.fixture
        def signed(self, now) -> Sign:            # a genuine delivery's headers
            def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers: ...
            return sign

Fixtures must be plain (not async): hypothesis calls the tests many times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.errors import Forged, Unrecognised
from incidents.events import QUERY, Event, Verified
from incidents.ports import WebhookSource

FIRST = b"the-first-live-secret-of-a-test"
SECOND = b"the-second-live-secret-of-a-test"
STRANGERS = b"a-secret-that-is-not-configured"
MAX_IDENTITY = 512  # bytes; PostgreSQL indexes about 2,700

Headers = list[tuple[str, str]]

HOSTILE_BODIES = {
    "empty": b"",
    "not UTF-8": b'{"a":"\xff\xfe"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "deep list": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "never closed": b"[" * 100_000,
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":1e400}',
    "repeated key": b'{"a":1,"a":2}',
    "5,000 digits": b'{"a":' + b"9" * 5_000 + b"}",
    "bare list": b"[]",
    "bare null": b"null",
    "bare text": b'"text"',
    "bare number": b"1",
    "unknown object": b"{}",
    "HTML": b"<html><body>Please log in</body></html>",
    "huge": b'{"a":"' + b"a" * 1_048_576 + b'"}',
}

ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1.5, "", " ", "\x00", "\ud800", "x" * 5_000, "../..",
    [], [None], [[]], {}, {"id": None},
)  # fmt: skip

# The fixtures hold no state that a repeated call could spoil, and the class is made to be inherited.
repeated = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


class Sign(Protocol):
    """Signs a body as the vendor does: by default with `FIRST`, at the contract's `now`."""

    def __call__(self, body: bytes, *, secret: bytes = ..., at: datetime = ...) -> Headers: ...


class WebhookSourceContract:
    signature_headers: ClassVar[tuple[str, ...]]
    """The headers without which a delivery proves nothing."""
    is_timed: ClassVar[bool] = False
    """Whether the scheme signs its time, so that replays can be refused by age."""
    has_time_in_body: ClassVar[bool] = False
    """Whether that time stands in the body: a damaged one may say another time."""
    signs_body: ClassVar[bool] = True
    """False for senders that only show a token."""

    def test_is_a_webhook_source(self, source: Any) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(source, WebhookSource)
        assert source.lane

    def without_credential(self, body: bytes) -> bytes:
        """What is kept of a body; another one where the vendor shows its token there."""
        return body

    def test_genuine_delivery(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """What the vendor sends verifies, is kept byte for byte but for a credential in it, and says something."""
        verified = source.verify(signed(a_body), a_body, now=now)
        assert verified.body == self.without_credential(a_body)
        assert verified.reply is None
        events = source.events(verified)
        assert len(events) > 0
        require_storable_events(events)

    def test_what_else_comes_with_it_is_not_kept(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """The address's query may hold a secret, another header a login: neither is for the inbox."""
        genuine = signed(a_body)
        shown = {name.lower() for name, _ in genuine}
        others = [(name, f"private-{name}") for name in (QUERY, "Authorization", "Cookie")]
        verified = source.verify(
            [*genuine, *((name, value) for name, value in others if name.lower() not in shown)],
            a_body,
            now=now,
        )
        kept = repr(verified.headers) + verified.identity
        assert "private-" not in kept
        assert FIRST.decode() not in kept

    def test_header_names_in_any_case(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """Proxies and HTTP/2 change the case of header names."""
        source.verify([(name.lower(), value) for name, value in signed(a_body)], a_body, now=now)
        source.verify([(name.upper(), value) for name, value in signed(a_body)], a_body, now=now)

    def test_second_live_secret(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """During a rotation the second configured secret is accepted too."""
        source.verify(signed(a_body, secret=SECOND), a_body, now=now)

    def test_wrong_secret(self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes) -> None:
        """A stranger's secret proves a forgery."""
        with pytest.raises(Forged):
            source.verify(signed(a_body, secret=STRANGERS), a_body, now=now)

    def test_changed_body(self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes) -> None:
        """A body changed on the way, even by a blank, is refused where the scheme signs it."""
        if not self.signs_body:
            pytest.skip("this sender does not sign the body")
        for body in (a_body + b" ", a_body[:-1], a_body.replace(b":", b": ", 1) + b"\n", b""):
            with pytest.raises(Forged):
                source.verify(signed(a_body), body, now=now)

    def test_each_signature_header_is_needed(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """Missing, empty, cut, or repeated even with the same value: each is refused."""
        genuine = signed(a_body)
        for needed in self.signature_headers:
            value = next(value for name, value in genuine if name.lower() == needed.lower())
            others = [(name, value) for name, value in genuine if name.lower() != needed.lower()]
            for bad in ([], [""], [value[:-1]], [value[1:]], [value, value], [value, "x"]):
                with pytest.raises(Forged):
                    source.verify([*others, *((needed, text) for text in bad)], a_body, now=now)

    def test_hostile_signature_headers(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """Nonsense of any shape and size in a signature header is a reject, never a crash."""
        genuine = signed(a_body)
        hostile = (
            "é",
            "\ud800",
            "\x00",
            "=",
            ",",
            "v1,=",
            "t=nan",
            "NaN",
            "1e400",
            "9" * 5_000,
            "a" * 65_536,
        )
        for needed in self.signature_headers:
            others = [(name, value) for name, value in genuine if name.lower() != needed.lower()]
            for text in hostile:
                with pytest.raises(Forged):
                    source.verify([*others, (needed, text)], a_body, now=now)

    def test_stale_and_future(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """A captured delivery replayed later, or one from the future, is refused where time is signed."""
        if not self.is_timed:
            pytest.skip("this scheme signs no time")
        for seconds in (-301, 301, -30 * 86_400):
            with pytest.raises(Forged) as caught:
                source.verify(signed(a_body, at=now + timedelta(seconds=seconds)), a_body, now=now)
            assert caught.value.reason == "timestamp"

    def test_same_delivery_has_one_identity(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """A retry is known again; unsigned headers around it, which anybody can change, do not count."""
        headers = signed(a_body)
        first = source.verify(headers, a_body, now=now)
        again = source.verify([*headers, ("X-Anything", "else")], a_body, now=now + timedelta(seconds=5))
        assert first.identity == again.identity
        require_storable(first)

    @pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=list(HOSTILE_BODIES))
    def test_hostile_body(self, source: WebhookSource, signed: Sign, now: datetime, body: bytes) -> None:
        """Authentic nonsense is stored before it is judged: it verifies, and is then `Unrecognised`."""
        verified = source.verify(signed(body), body, now=now)
        require_storable(verified)
        with pytest.raises(Unrecognised):
            source.events(verified)

    def test_any_field_may_be_odd(
        self, source: WebhookSource, signed: Sign, now: datetime, a_body: bytes
    ) -> None:
        """Every field in turn is missing or of another kind: understood, or `Unrecognised`, never a crash."""
        for body in odd_variants(a_body):
            self._read(source, signed(body), body, now)

    @repeated
    @given(damage=st.tuples(st.integers(0, 4_000), st.integers(0, 40), st.binary(max_size=20)))
    def test_damaged_body(
        self,
        source: WebhookSource,
        signed: Sign,
        now: datetime,
        a_body: bytes,
        damage: tuple[int, int, bytes],
    ) -> None:
        """A real body with bytes lost or put in: understood, or `Unrecognised`, never a crash."""
        start, length, filling = damage
        start %= len(a_body)
        body = a_body[:start] + filling + a_body[start + length :]
        self._read(source, signed(body), body, now)

    def _read(self, source: WebhookSource, headers: Headers, body: bytes, now: datetime) -> None:
        try:
            verified = source.verify(headers, body, now=now)
        except Forged as error:
            if self.has_time_in_body and error.reason == "timestamp":
                return
            raise
        require_storable(verified)
        with suppress(Unrecognised):
            require_storable_events(source.events(verified))

    @repeated
    @given(data=st.data(), body=st.binary(max_size=300))
    def test_random_delivery(
        self, source: WebhookSource, now: datetime, data: st.DataObject, body: bytes
    ) -> None:
        """Whatever strangers send, only `Forged` comes out."""
        names = st.sampled_from([*self.signature_headers, "Content-Type", "X-Other"])
        values = st.text(st.characters(exclude_categories=()), max_size=60)
        headers = data.draw(st.lists(st.tuples(names, values), max_size=8))
        with pytest.raises(Forged):
            source.verify(headers, body, now=now)


def require_storable(verified: Verified) -> None:
    """The identity fits an indexed text column: no NUL, no lone surrogate, not empty, not long."""
    assert "\x00" not in verified.identity
    assert 0 < len(verified.identity.encode()) <= MAX_IDENTITY


def require_storable_events(events: Sequence[Event]) -> None:
    """Every text fits a text column, and every whole number a bigint."""
    for event in events:
        _require_storable(asdict(event))


def _require_storable(value: Any) -> None:
    if isinstance(value, dict):
        for inner in value.values():
            _require_storable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _require_storable(inner)
    elif isinstance(value, str):
        assert "\x00" not in value
        value.encode()
    elif isinstance(value, int):
        assert abs(value) < 2**63


def odd_variants(body: bytes) -> Iterator[bytes]:
    """The JSON body with each value in turn missing or replaced by each odd one; nothing if it is no JSON."""
    try:
        document = json.loads(body)
    except ValueError:
        return
    for path in list(_paths(document)):
        for odd in ODD_VALUES:
            yield json.dumps(_with(document, path, odd)).encode()
        yield json.dumps(_without(document, path)).encode()


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    items: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        yield from _paths(inner, (*path, key))


def _with(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    key, *rest = path
    copy = document.copy()
    copy[key] = _with(document[key], tuple(rest), value) if rest else value
    return copy


def _without(document: Any, path: tuple[str | int, ...]) -> Any:
    key, *rest = path
    copy = document.copy()
    if rest:
        copy[key] = _without(document[key], tuple(rest))
    else:
        del copy[key]
    return copy
