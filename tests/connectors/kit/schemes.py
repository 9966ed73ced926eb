"""Every scheme as its sender and its receiver would use it, so that one test serves them all."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.kit.webhooks import signatures as sig
from connectors.kit.webhooks import tokens

SECRET = b"a-secret-of-decent-length"
OTHER = b"another-secret-of-ours-too"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = b'{"ticket":{"id":81,"title":"Login fails"}}'

Verify = Callable[[bytes, Mapping[str, str | None], Sequence[bytes], datetime], None]
Sign = Callable[[bytes, bytes, datetime], dict[str, str]]


def unix(time: datetime) -> str:
    return str(int(time.timestamp()))


def iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Scheme:
    """A scheme's two sides; headers are named by their role (`signature`, `timestamp`, `id`, ...)."""

    sign: Sign
    verify: Verify
    is_timed: bool
    signs_body: bool = True


SCHEMES = {
    "github": Scheme(
        lambda body, key, now: {"signature": sig.sign_hex_hmac(body, key, prefix="sha256=")},
        lambda body, h, keys, now: sig.verify_hex_hmac(body, h["signature"], keys, prefix="sha256="),
        is_timed=False,
    ),
    "zammad": Scheme(
        lambda body, key, now: {"signature": sig.sign_hex_hmac(body, key, prefix="sha1=", algorithm="sha1")},
        lambda body, h, keys, now: sig.verify_hex_hmac(
            body, h["signature"], keys, prefix="sha1=", algorithm="sha1"
        ),
        is_timed=False,
    ),
    "pagerduty": Scheme(
        lambda body, key, now: {"signature": sig.sign_hex_hmac(body, key, prefix="v1=")},
        lambda body, h, keys, now: sig.verify_hex_hmac(body, h["signature"], keys, prefix="v1="),
        is_timed=False,
    ),
    "convoy": Scheme(
        lambda body, key, now: {"signature": sig.sign_hex_hmac(body, key, prefix="", algorithm="sha512")},
        lambda body, h, keys, now: sig.verify_hex_hmac(
            body, h["signature"], keys, prefix="", algorithm="sha512"
        ),
        is_timed=False,
    ),
    "grafana": Scheme(
        lambda body, key, now: {"signature": sig.sign_hex_hmac(body, key, prefix="")},
        lambda body, h, keys, now: sig.verify_hex_hmac(body, h["signature"], keys, prefix=""),
        is_timed=False,
    ),
    "hookdeck": Scheme(
        lambda body, key, now: {"signature": sig.sign_base64_hmac(body, key)},
        lambda body, h, keys, now: sig.verify_base64_hmac(body, h["signature"], keys),
        is_timed=False,
    ),
    "teams": Scheme(
        lambda body, key, now: {"signature": sig.sign_base64_hmac(body, key, prefix="HMAC ")},
        lambda body, h, keys, now: sig.verify_base64_hmac(body, h["signature"], keys, prefix="HMAC "),
        is_timed=False,
    ),
    "grafana with time": Scheme(
        lambda body, key, now: {
            "timestamp": unix(now),
            "signature": sig.sign_timestamped_hex(body, key, timestamp=unix(now)),
        },
        lambda body, h, keys, now: sig.verify_timestamped_hex(
            body, timestamp=h["timestamp"], signature=h["signature"], secrets=keys, now=now
        ),
        is_timed=True,
    ),
    "zendesk": Scheme(
        lambda body, key, now: {
            "timestamp": iso(now),
            "signature": sig.sign_timestamped_base64(body, key, timestamp=iso(now)),
        },
        lambda body, h, keys, now: sig.verify_timestamped_base64(
            body, timestamp=h["timestamp"], signature=h["signature"], secrets=keys, now=now
        ),
        is_timed=True,
    ),
    "slack": Scheme(
        lambda body, key, now: {
            "timestamp": unix(now),
            "signature": sig.sign_slack(body, key, timestamp=unix(now)),
        },
        lambda body, h, keys, now: sig.verify_slack(
            body, timestamp=h["timestamp"], signature=h["signature"], secrets=keys, now=now
        ),
        is_timed=True,
    ),
    "stripe": Scheme(
        lambda body, key, now: {"signature": sig.sign_stripe(body, key, timestamp=unix(now))},
        lambda body, h, keys, now: sig.verify_stripe(body, h["signature"], keys, now=now),
        is_timed=True,
    ),
    "standard webhooks": Scheme(
        lambda body, key, now: {
            "id": "msg_1",
            "timestamp": unix(now),
            "signature": sig.sign_standard_webhook(body, key, id="msg_1", timestamp=unix(now)),
        },
        lambda body, h, keys, now: sig.verify_standard_webhook(
            body, id=h["id"], timestamp=h["timestamp"], signature=h["signature"], secrets=keys, now=now
        ),
        is_timed=True,
    ),
    "token": Scheme(
        lambda body, key, now: {"token": key.decode()},
        lambda body, h, keys, now: tokens.verify_token(h["token"], keys),
        is_timed=False,
        signs_body=False,
    ),
    "bearer": Scheme(
        lambda body, key, now: {"authorization": f"Bearer {key.decode()}"},
        lambda body, h, keys, now: tokens.verify_bearer(h["authorization"], keys),
        is_timed=False,
        signs_body=False,
    ),
    "basic": Scheme(
        lambda body, key, now: {"authorization": "Basic " + base64.b64encode(key).decode()},
        lambda body, h, keys, now: tokens.verify_basic(h["authorization"], keys),
        is_timed=False,
        signs_body=False,
    ),
}
