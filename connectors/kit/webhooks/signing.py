"""What a webhook's sender computes: each scheme's signature, as the header carries it.

The fakes and `replay` sign with these; `connectors.kit.webhooks.signatures` verifies by signing again and comparing,
so the two sides cannot drift apart (and the vendors' own vectors hold both to the truth).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Literal

Algorithm = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64"]
TimeForm = Literal["seconds", "milliseconds", "iso"]
STANDARD_WEBHOOK_PREFIX = b"whsec_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
"""The headers of Standard Webhooks."""


def sign_hex_hmac(body: bytes, secret: bytes, *, prefix: str, algorithm: Algorithm = "sha256") -> str:
    """GitHub `sha256=`, Jira `sha256=`, PagerDuty `v1=`, Zammad `sha1=`; Grafana, Convoy none."""
    return prefix + hmac.digest(secret, body, algorithm).hex()


def sign_base64_hmac(body: bytes, secret: bytes, *, prefix: str = "") -> str:
    """Hookdeck without prefix; Microsoft Teams `HMAC `, whose secret is the base64-decoded token."""
    return prefix + _base64_hmac(body, secret)


def sign_timestamped_hex(body: bytes, secret: bytes, *, timestamp: str, separator: str = ":") -> str:
    """Grafana with a timestamp header (`:`) and Stripe's v1 (`.`): the time, the separator, the body."""
    return hmac.digest(secret, f"{timestamp}{separator}".encode() + body, "sha256").hex()


def sign_timestamped_base64(body: bytes, secret: bytes, *, timestamp: str) -> str:
    """Zendesk: the ISO 8601 time directly followed by the body; the secret is used as text, not decoded."""
    return _base64_hmac(timestamp.encode() + body, secret)


def sign_slack(body: bytes, secret: bytes, *, timestamp: str) -> str:
    """Slack: `v0:time:body`, the time in Unix seconds."""
    return "v0=" + hmac.digest(secret, f"v0:{timestamp}:".encode() + body, "sha256").hex()


def sign_stripe(body: bytes, secret: bytes, *, timestamp: str) -> str:
    """Stripe: one header with the time and the signature; its `whsec_` secret is used as text."""
    return f"t={timestamp},v1={sign_timestamped_hex(body, secret, timestamp=timestamp, separator='.')}"


def sign_standard_webhook(body: bytes, secret: bytes, *, id: str, timestamp: str) -> str:
    """Standard Webhooks, Svix, incident.io, GitLab: `id.time.body`.

    The secret is given as configured: `whsec_` and base64, or any other bytes as they are.
    """
    key = standard_webhook_keys(secret)[0]
    return "v1," + _base64_hmac(f"{id}.{timestamp}.".encode() + body, key)


def standard_webhook_keys(secret: bytes) -> tuple[bytes, ...]:
    """The keys a secret may stand for; ours is the first.

    The reference libraries decode every secret as base64, also one without `whsec_`, and others take such a text
    as it is: both are the holder's. Raises ValueError when what follows the prefix is not base64.
    """
    if secret.startswith(STANDARD_WEBHOOK_PREFIX):
        return (_standard_webhook_key(secret),)
    try:
        decoded = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return (secret,)
    return (secret, decoded) if decoded else (secret,)


def _standard_webhook_key(secret: bytes) -> bytes:
    try:
        # The reference libraries take it without its padding, so vendors may leave that out.
        text = secret.removeprefix(STANDARD_WEBHOOK_PREFIX)
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(
            "the signing secret starts with whsec_ but is not base64; copy it again, whole"
        ) from error


def sign_hmac(signed: bytes, secret: bytes, *, prefix: str, algorithm: Algorithm, encoding: Encoding) -> str:
    """Any sender's HMAC: the prefix and the digest, in hex or base64."""
    digest = hmac.digest(secret, signed, algorithm)
    return prefix + (digest.hex() if encoding == "hex" else base64.b64encode(digest).decode("ascii"))


def _base64_hmac(signed: bytes, key: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
