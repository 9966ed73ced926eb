"""A webhook that we send to ourselves, to see whether it arrives (`liaison try`): signed as its vendor would sign it.

It goes through the gateway like any other, and is read as a test call: nothing comes of it.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.kit.webhooks.schemes import Scheme, SignatureScheme
from connectors.kit.webhooks.signing import (
    ID,
    SIGNATURE,
    TIMESTAMP,
    sign_hmac,
    sign_standard_webhook,
    sign_stripe,
)
from incidents.errors import NotAllowed
from incidents.events import TrialWebhook

KEY = "liaison_try"
_ONLY_THEIRS = frozenset({Scheme.ED25519, Scheme.ECDSA, Scheme.JWT})


def trial_body() -> bytes:
    """A body that no other delivery has; for vendors whose own test calls we do not know."""
    return json.dumps({KEY: secrets.token_hex(12)}).encode()


def is_trial(data: Mapping[str, Any]) -> bool:
    """Whether this body, read, is such a one."""
    return set(data) == {KEY}


def trial_webhook(
    scheme: SignatureScheme, secret: bytes, *, now: datetime, body: bytes | None = None
) -> TrialWebhook:
    """The delivery with its sender's headers. Raises `NotAllowed` where only the sender can sign, as we have but its
    public key."""
    body = trial_body() if body is None else body
    return TrialWebhook(headers=(*_headers(scheme, secret, body, now),), body=body)


def _headers(scheme: SignatureScheme, secret: bytes, body: bytes, now: datetime) -> list[tuple[str, str]]:
    form = scheme.form
    if scheme.scheme in _ONLY_THEIRS or secret.startswith(b"whpk_"):
        raise NotAllowed(
            "only the sender can sign its webhooks, by a key that we do not have: use its own test"
        )
    seconds = str(int(now.timestamp()))
    match scheme.scheme:
        case Scheme.STANDARD_WEBHOOKS:
            message = f"liaison-try-{secrets.token_hex(12)}"
            signature = sign_standard_webhook(body, secret, id=message, timestamp=seconds)
            return [(ID, message), (TIMESTAMP, seconds), (SIGNATURE, signature)]
        case Scheme.BEARER:
            return [(form.header, f"Bearer {secret.decode()}")]
        case Scheme.BASIC:
            return [(form.header, f"Basic {base64.b64encode(secret).decode()}")]
        case Scheme.TOKEN:
            return [(form.header, secret.decode())]
        case Scheme.STRIPE:
            return [(form.header, sign_stripe(body, secret, timestamp=seconds))]
    signed, headers = body, []
    if form.timestamp:
        stamps = {
            "seconds": seconds,
            "milliseconds": str(int(now.timestamp() * 1000)),
            "iso": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        stamp = stamps[form.time]
        headers.append((form.timestamp, stamp))
        signed = form.signed.replace("{timestamp}", stamp).removesuffix("{body}").encode() + body
    signature = sign_hmac(
        signed, secret, prefix=form.prefix, algorithm=form.algorithm, encoding=form.encoding
    )
    return [(form.header, signature), *headers]
