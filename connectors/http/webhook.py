"""Webhooks in, by the scheme the operator named: verified on the raw bytes, read only afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.http.event_types.filter import TypeFilter
from connectors.http.mapping import TicketReader
from connectors.http.settings import WebhookMapping
from connectors.kit.fields import utc_time
from connectors.kit.paths.places import Payload, Place
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Headers, Proof, SignatureScheme, Verifier
from connectors.kit.webhooks.signatures import one_header, usable_secret
from connectors.kit.webhooks.trial import is_trial, trial_webhook
from incidents.errors import Forged, Unrecognised
from incidents.events import Event, Ignored, Ping, Reply, TrialWebhook, Verified

MAX_ID = 255  # characters; honest ones are about 30
# Ours, put beside the sender's in the inbox: the signed time, or when it came where no time is signed.
SENT_AT = "liaison-sent-at"
_STANDARD_TIMES = frozenset({"webhook-timestamp", "svix-timestamp"})


class SignedTickets:
    """The webhook side of one connection."""

    def __init__(self, connection: str, mapping: WebhookMapping) -> None:
        self._reader = TicketReader(connection, mapping)
        mapping = mapping.with_preset()
        self._connection = connection
        self._scheme = mapping.signature or SignatureScheme()
        self._secrets = [usable_secret(secret) for secret in mapping.signing_secrets]
        self._verifier = Verifier(self._scheme, self._secrets)
        self._challenge_header = mapping.challenge_header
        self._identity_header = mapping.identity_header
        self._identity_field = Place(mapping.identity_field) if mapping.identity_field is not None else None
        self._types = TypeFilter(mapping.event_types) if mapping.event_types is not None else None

    def verify(self, headers: Headers, body: bytes, *, now: datetime) -> Verified:
        """Raises `Forged`, and nothing else whatever headers and body hold."""
        proof = self._verifier.verify(headers, body, now=now)
        identity = self._identity(proof, headers, body)
        sent_at = proof.sent_at or now
        kept = [*proof.headers, (SENT_AT, sent_at.isoformat())]
        if self._types is not None and self._types.header is not None:
            kept += _optional(headers, self._types.header)
        return Verified(
            headers=tuple(kept),
            body=body,
            identity=identity or f"sha256:{hashlib.sha256(body).hexdigest()}",
            # Two changes may well be told in equal bytes; only one that still waits says the same.
            is_repeatable=identity is None,
            reply=self._challenge(headers),
        )

    def events(self, verified: Verified) -> Sequence[Event]:
        """The tickets in the delivery; `Ignored` for a type that is not read here. Raises `Unrecognised`."""
        data = parse_json(verified.body)
        if isinstance(data, dict) and is_trial(data):
            return [Ping(connection=self._connection)]
        if self._types is not None:
            kind = self._types.kind(verified, data)
            if kind and not self._types.is_read(kind):
                return [Ignored(connection=self._connection, kind=kind)]
        return self._reader.events(data, sent_at=_sent_at(verified))

    def trial(self, *, now: datetime) -> TrialWebhook:
        """As `incidents.subscriptions.TriedByWebhook` says."""
        return trial_webhook(self._scheme, self._secrets[0], now=now)

    def _identity(self, proof: Proof, headers: Headers, body: bytes) -> str | None:
        """What tells this delivery from others; None where the sender names nothing.

        A header that is not signed counts together with the body: else whoever could send one old delivery
        again, under the number of one to come, would have that one dropped as known.
        """
        if self._identity_header is not None:
            named = _optional(headers, self._identity_header)
            return f"{_short(named[0][1])}:{hashlib.sha256(body).hexdigest()}" if named else None
        if self._identity_field is not None:
            return self._named_in(body)
        return None if proof.id is None else _short(proof.id)

    def _challenge(self, headers: Headers) -> Reply | None:
        """Front sends one when the webhook is saved, and wants it back."""
        asked = _optional(headers, self._challenge_header) if self._challenge_header is not None else []
        return Reply(body=asked[0][1].encode("ascii")) if asked else None

    def _named_in(self, body: bytes) -> str | None:
        try:
            data = parse_json(body)
            found = self._identity_field.text(Payload(data, data)) if self._identity_field else None
        except Unrecognised:
            return None  # stored before it is judged
        return None if found is None else _short(found)


def _optional(headers: Headers, name: str) -> list[tuple[str, str]]:
    """A header that may be missing; one that no store could keep is a stranger's."""
    value = one_header(headers, name)
    if not value:
        return []
    if len(value) > MAX_ID or not value.isascii() or not value.isprintable():
        raise Forged("header", f"header {name} is malformed")
    return [(name.lower(), value)]


def _short(id: str) -> str:
    """The id as it came, or its hash where no database would keep it."""
    if len(id) <= MAX_ID and id.isprintable():
        return id
    return hashlib.sha256(id.encode()).hexdigest()


def _sent_at(verified: Verified) -> datetime:
    """When it was sent. Deliveries stored by an earlier version have only Standard Webhooks' own header."""
    for name, value in verified.headers:
        if name == SENT_AT:
            return utc_time(value, of="http")
    for name, value in verified.headers:
        if name in _STANDARD_TIMES and value.isascii() and value.isdecimal() and len(value) <= 11:
            return datetime.fromtimestamp(int(value), UTC)
    raise Unrecognised("delivery has no usable time of sending")
