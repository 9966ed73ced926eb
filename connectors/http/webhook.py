"""Signed webhooks in, by the Standard Webhooks scheme: verified on the raw bytes, read only afterwards.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.http.mapping import TicketReader
from connectors.http.settings import WebhookMapping
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.signatures import (
    one_header,
    usable_secret,
    verify_standard_webhook,
)
from incidents.errors import Unrecognised
from incidents.events import TicketEvent, Verified

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
MAX_ID = 255  # characters; honest ones are about 30


class SignedTickets:
    """The webhook side of one connection."""

    def __init__(self, connection: str, mapping: WebhookMapping) -> None:
        self._secrets = [usable_secret(secret) for secret in mapping.signing_secrets]
        self._reader = TicketReader(connection, mapping)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        """The id is inside the signed bytes, so it tells deliveries apart."""
        message_id, timestamp = one_header(headers, ID), one_header(headers, TIMESTAMP)
        signature = one_header(headers, SIGNATURE)
        verify_standard_webhook(
            body, id=message_id, timestamp=timestamp, signature=signature, secrets=self._secrets, now=now
        )
        kept = ((ID, message_id), (TIMESTAMP, timestamp), (SIGNATURE, signature))
        return Verified(
            headers=tuple((name, value) for name, value in kept if value is not None),
            body=body,
            identity=_identity(str(message_id)),
        )

    def events(self, verified: Verified) -> Sequence[TicketEvent]:
        return [self._reader.event(parse_json(verified.body), sent_at=_sent_at(verified))]


def _identity(id: str) -> str:
    """The id as it came, or its hash where no database would keep it."""
    if len(id) <= MAX_ID and id.isprintable():
        return id
    return hashlib.sha256(id.encode()).hexdigest()


def _sent_at(verified: Verified) -> datetime:
    """The signed time of sending."""
    for name, value in verified.headers:
        if name == TIMESTAMP and value.isascii() and value.isdecimal() and len(value) <= 11:
            return datetime.fromtimestamp(int(value), UTC)
    raise Unrecognised(f"delivery has no usable {TIMESTAMP} header")
