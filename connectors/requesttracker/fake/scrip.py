"""The fake RT's scrip: what `scrip/liaison_scrip.pl` sends, as it was seen to be sent by RT 5.0.3."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from connectors.kit.webhooks.signing import sign_standard_webhook
from connectors.requesttracker.fake.desk import FakeDesk, FakeTransaction, w3c

Headers = list[tuple[str, str]]


class FakeScrip:
    """Collects its calls in `deliveries`; none where there is no secret."""

    def __init__(self, clock: Callable[[], datetime], secret: bytes) -> None:
        self.deliveries: list[tuple[Headers, bytes]] = []
        self._clock = clock
        self._secret = secret

    def tell(self, desk: FakeDesk) -> None:
        """A call for what one user did in one request; what RT did itself upon it is a call of its own."""
        by_creator: dict[str, list[FakeTransaction]] = {}
        for one in desk.batch:
            by_creator.setdefault(one.creator, []).append(one)
        desk.batch.clear()
        for done in by_creator.values() if self._secret else []:
            ticket = desk.tickets[done[0].ticket]
            document = {
                "source": "liaison-scrip",
                "version": 1,
                "ticket": ticket.id,
                "status": ticket.status,
                "transactions": [_told(one) for one in done],
            }
            body = json.dumps(document).encode()
            delivery = f"rt-{ticket.id}-{done[0].id}-{done[-1].id}"
            self.deliveries.append((self.signed(body, delivery), body))

    def signed(self, body: bytes, delivery: str) -> Headers:
        """The headers of a call."""
        stamp = str(int(self._clock().timestamp()))
        signature = sign_standard_webhook(body, self._secret, id=delivery, timestamp=stamp)
        return [("webhook-id", delivery), ("webhook-timestamp", stamp), ("webhook-signature", signature)]


def _told(one: FakeTransaction) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": one.kind,
        "field": one.field_name,
        "creator": one.creator,
        "at": w3c(one.at),
    }
