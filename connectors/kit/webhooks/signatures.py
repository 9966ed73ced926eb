"""Whether a webhook comes from who it says: every verifier returns, or raises `Forged`, and nothing else.

Nothing a sender puts in a header or a body can cause another exception. All compare in constant time, accept
any of several live secrets (rotation), and judge the signature before the time, so that `Forged.reason ==
"timestamp"` is said only of a genuine delivery: many of them mean that a clock is wrong, ours or theirs.

Reasons: `missing` (no header), `header` (repeated or malformed), `signature`, `timestamp`.

An empty list of secrets is our own misconfiguration, not a forgery: it raises ValueError, so that a gateway
answers "later" and the sender keeps the delivery.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from connectors.kit.webhooks.public_keys import verify_v1a
from connectors.kit.webhooks.signing import (
    Algorithm,
    Encoding,
    TimeForm,
    sign_base64_hmac,
    sign_hex_hmac,
    sign_hmac,
    sign_slack,
    sign_standard_webhook,
    sign_stripe,
    sign_timestamped_base64,
    sign_timestamped_hex,
    standard_webhook_keys,
)
from connectors.kit.webhooks.signing_secrets import usable_secret
from incidents.errors import Forged

__all__ = [
    "one_header",
    "require_fresh",
    "shown_header",
    "sign_base64_hmac",
    "sign_hex_hmac",
    "sign_slack",
    "sign_standard_webhook",
    "sign_stripe",
    "sign_timestamped_base64",
    "sign_timestamped_hex",
    "time_in",
    "usable_secret",
    "verify_base64_hmac",
    "verify_hex_hmac",
    "verify_hmac",
    "verify_slack",
    "verify_standard_webhook",
    "verify_stripe",
    "verify_timestamped_base64",
    "verify_timestamped_hex",
]

PUBLIC_KEY_PREFIX = b"whpk_"
MAX_HEADER = 4096  # characters; the longest honest one, two secrets of SHA-512 in hex, is under 300

# Strict on purpose: a laxer reading would let bytes move between the time and the body beside it.
_UNIX_SECONDS = re.compile(r"[0-9]{1,11}")
_UNIX_MILLISECONDS = re.compile(r"[0-9]{1,14}")
_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def one_header(headers: Sequence[tuple[str, str]], name: str) -> str | None:
    """The header's value, or None without one; names in any case.

    Raises `Forged("header")` when it is repeated: two readers could take two different values.
    """
    wanted, long = name.lower(), len(name)
    # The length first: it is for each header of each webhook, and most are of another one.
    values = [value for key, value in headers if len(key) == long and key.lower() == wanted]
    if len(values) > 1:
        raise Forged("header", f"header {name} is repeated")
    return values[0] if values else None


def verify_hex_hmac(
    body: bytes,
    header: str | None,
    secrets: Sequence[bytes],
    *,
    prefix: str,
    algorithm: Algorithm = "sha256",
) -> None:
    """GitHub, Jira, PagerDuty (`v1=a,v1=b`, any may match), Zammad, Grafana and Convoy (prefix "").

    Only the named prefix and algorithm count: what else a header offers (`sha1=`, `md5=`) is a downgrade.
    """
    parts = [part.strip() for part in shown_header(header).split(",")]
    _match(
        [part.removeprefix(prefix).lower() for part in parts if part.startswith(prefix)],
        secrets,
        lambda secret: sign_hex_hmac(body, secret, prefix="", algorithm=algorithm),
    )


def verify_base64_hmac(
    body: bytes, header: str | None, secrets: Sequence[bytes], *, prefix: str = ""
) -> None:
    """Hookdeck; Microsoft Teams with prefix `HMAC ` and its token base64-decoded."""
    _match([shown_header(header)], secrets, lambda secret: sign_base64_hmac(body, secret, prefix=prefix))


def verify_timestamped_hex(
    body: bytes,
    *,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[bytes],
    now: datetime,
    tolerance: float = 300.0,
) -> None:
    """Grafana with a timestamp header; without one it has no protection against replays."""
    text = shown_header(timestamp)
    time = _unix_time(text)
    _match(
        [shown_header(signature).lower()],
        secrets,
        lambda secret: sign_timestamped_hex(body, secret, timestamp=text),
    )
    require_fresh(time, now, tolerance)


def verify_timestamped_base64(
    body: bytes,
    *,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[bytes],
    now: datetime,
    tolerance: float = 300.0,
) -> None:
    """Zendesk. It publishes no time window; ours is `tolerance` seconds either way.

    https://developer.zendesk.com/documentation/webhooks/verifying/
    """
    text = shown_header(timestamp)
    time = _iso_time(text)
    _match(
        [shown_header(signature)],
        secrets,
        lambda secret: sign_timestamped_base64(body, secret, timestamp=text),
    )
    require_fresh(time, now, tolerance)


def verify_slack(
    body: bytes,
    *,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[bytes],
    now: datetime,
    tolerance: float = 300.0,
) -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    text = shown_header(timestamp)
    time = _unix_time(text)
    _match([shown_header(signature)], secrets, lambda secret: sign_slack(body, secret, timestamp=text))
    require_fresh(time, now, tolerance)


def verify_stripe(
    body: bytes,
    header: str | None,
    secrets: Sequence[bytes],
    *,
    now: datetime,
    tolerance: float = 300.0,
) -> datetime:
    """Stripe: `t=time,v1=a,v1=b`; other versions (v0) prove nothing. Returns the signed time."""
    parts = [part.strip() for part in shown_header(header).split(",")]
    times = [part.removeprefix("t=") for part in parts if part.startswith("t=")]
    if len(times) != 1:
        raise Forged("header", "signature header must have one time")
    time = _unix_time(times[0])
    claimed = [f"t={times[0]},{part}" for part in parts if part.startswith("v1=")]
    _match(claimed, secrets, lambda secret: sign_stripe(body, secret, timestamp=times[0]))
    require_fresh(time, now, tolerance)
    return time


def verify_standard_webhook(
    body: bytes,
    *,
    id: str | None,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[bytes],
    now: datetime,
    tolerance: float = 300.0,
) -> None:
    """Standard Webhooks: `v1` under a secret, `v1a` under a `whpk_` public key; a list, any may match.

    `secrets` are as configured, `whsec_`, `whpk_` and all. https://github.com/standard-webhooks/standard-webhooks
    """
    message, text, claimed = shown_header(id), shown_header(timestamp), shown_header(signature).split()
    # The parts are joined by dots, so a dot in the id would let bytes move between id, time and body.
    if "." in message:
        raise Forged("header", "webhook id has a dot in it")
    time = _unix_time(text)
    signed = f"{message}.{text}.".encode() + body
    public = [secret for secret in secrets if secret.startswith(PUBLIC_KEY_PREFIX)]
    if not any(verify_v1a(signed, claimed, key) for key in public):
        shared = [secret for secret in secrets if not secret.startswith(PUBLIC_KEY_PREFIX)]
        if public and not shared:
            raise Forged("signature", "signature does not match")
        _match(
            claimed,
            [key for secret in shared for key in standard_webhook_keys(secret)],
            lambda key: sign_hmac(signed, key, prefix="v1,", algorithm="sha256", encoding="base64"),
        )
    require_fresh(time, now, tolerance)


def shown_header(value: str | None) -> str:
    """The header as it can honestly be: there, ASCII and short. Raises `Forged`."""
    if not value:
        raise Forged("missing", "signature header is missing")
    if len(value) > MAX_HEADER or not value.isascii():
        raise Forged("header", "signature header is malformed")
    return value


def verify_hmac(
    signed: bytes,
    header: str | None,
    secrets: Sequence[bytes],
    *,
    prefix: str,
    algorithm: Algorithm,
    encoding: Encoding,
) -> None:
    """Any sender's HMAC over `signed`; a header may list several, parted by commas.

    Only the named prefix and algorithm count: what else a header offers is a downgrade.
    """
    parts = [part.strip() for part in shown_header(header).split(",")]
    claimed = [part for part in parts if part.startswith(prefix)]
    if encoding == "hex":
        claimed = [prefix + part.removeprefix(prefix).lower() for part in claimed]
    _match(
        claimed,
        secrets,
        lambda secret: sign_hmac(signed, secret, prefix=prefix, algorithm=algorithm, encoding=encoding),
    )


def _match(claimed: Sequence[str], secrets: Sequence[bytes], sign: Callable[[bytes], str]) -> None:
    """Text is compared, never decoded: odd base64 or hex is merely unequal."""
    if not secrets or not all(secrets):
        raise ValueError("no signing secret is configured; verification is never skipped")
    for secret in secrets:
        expected = sign(secret).encode()
        for text in claimed:
            if hmac.compare_digest(text.encode(), expected):
                return
    raise Forged("signature", "signature does not match")


def _unix_time(text: str) -> datetime:
    if _UNIX_SECONDS.fullmatch(text) is None:
        raise Forged("header", "timestamp header is not Unix seconds")
    return datetime.fromtimestamp(int(text), UTC)


def time_in(text: str, form: TimeForm) -> datetime:
    """A signed time in a sender's form. Raises `Forged`."""
    if form == "iso":
        return _iso_time(text)
    if form == "seconds":
        return _unix_time(text)
    if _UNIX_MILLISECONDS.fullmatch(text) is None:
        raise Forged("header", "timestamp header is not Unix milliseconds")
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def _iso_time(text: str) -> datetime:
    if _ISO_8601.fullmatch(text) is None:
        raise Forged("header", "timestamp header is not an ISO 8601 time with its zone")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Forged("header", "timestamp header is not a time that exists") from error


def require_fresh(time: datetime, now: datetime, tolerance: float) -> None:
    """Raises `Forged("timestamp")` for a time more than `tolerance` seconds away."""
    if abs((now - time).total_seconds()) > tolerance:
        raise Forged("timestamp", "delivery is too old or from the future")
