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
STANDARD_WEBHOOK_PREFIX = b"whsec_"


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
    key = standard_webhook_key(secret)
    return "v1," + _base64_hmac(f"{id}.{timestamp}.".encode() + body, key)


def standard_webhook_key(secret: bytes) -> bytes:
    """The key behind a `whsec_` secret. Raises ValueError when what follows the prefix is not base64."""
    if not secret.startswith(STANDARD_WEBHOOK_PREFIX):
        return secret
    try:
        # The reference libraries take it without its padding, so vendors may leave that out.
        text = secret.removeprefix(STANDARD_WEBHOOK_PREFIX)
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(
            "the signing secret starts with whsec_ but is not base64; copy it again, whole"
        ) from error


def _base64_hmac(signed: bytes, key: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
