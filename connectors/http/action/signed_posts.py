"""Signs our POSTs by the Standard Webhooks scheme, so that a service can tell them from anybody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

from connectors.kit.webhooks.signatures import sign_standard_webhook
from connectors.kit.webhooks.signing import ID, SIGNATURE, TIMESTAMP

IDEMPOTENCY_KEY = "Idempotency-Key"


class SignedPosts:
    """Signs the bytes that are really sent; a repeat has the same id and a time of its own.

    The idempotency key is the message's id; requests without one (reads) are not signed.
    """

    def __init__(self, secret: bytes, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._secret = secret
        self._clock = clock

    def __call__(self, request: httpx.Request) -> None:
        """Add the headers that prove it."""
        key = request.headers.get(IDEMPOTENCY_KEY)
        if key is not None:
            # The scheme joins id, time and body with dots, so an id must have none.
            message_id, timestamp = key.replace(".", "%2E"), str(int(self._clock().timestamp()))
            request.headers[ID] = message_id
            request.headers[TIMESTAMP] = timestamp
            request.headers[SIGNATURE] = sign_standard_webhook(
                request.content, self._secret, id=message_id, timestamp=timestamp
            )


def header_safe(key: str) -> str:
    """The key as a header can carry it; keys of plain words and punctuation stay as they are."""
    return quote(key, safe=":/-._~#@+=,;!$&'()*")
