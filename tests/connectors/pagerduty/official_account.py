"""A fake PagerDuty on loopback, with PagerDuty's own Python client at it."""

from __future__ import annotations

import queue
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pagerduty

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.pagerduty.fake.app import API_TOKEN, FROM_EMAIL, ROUTING_KEY, FakePagerDuty
from tests.connectors.served import served


@dataclass
class Account:
    """The fake with its two clients. Incident 1 (`PINC1`, key `k1`) is open, with one alert."""

    fake: FakePagerDuty
    rest: pagerduty.RestApiV2Client
    events: pagerduty.EventsApiV2Client
    address: str
    trust: ssl.SSLContext
    received: queue.Queue[bytes]

    def incident(self, **fields: Any) -> Any:
        """Opened over the REST API at the first service."""
        service = {"id": self.service["id"], "type": "service_reference"}
        return self.rest.rpost(
            "incidents", json={"type": "incident", "title": "Checkout is down", "service": service} | fields
        )

    @property
    def service(self) -> Any:
        return self.rest.rget("services")[0]

    def many(self, count: int) -> None:
        for number in range(count):
            self.events.trigger(f"fault {number}", "checkout", dedup_key=f"many-{number}")


@contextmanager
def opened_account(certificate: LoopbackCertificate) -> Iterator[Account]:
    """An account with one page, until the end of the block."""
    received: queue.Queue[bytes] = queue.Queue()

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        received.put(body)
        return 202

    fake = FakePagerDuty(deliver=deliver, events_a_minute=10_000, requests_a_minute=10_000)
    with served(fake.app, certificate) as address:
        trust = ssl.create_default_context(cafile=certificate.certificate)
        rest = pagerduty.RestApiV2Client(API_TOKEN, default_from=FROM_EMAIL, base_url=address, verify=trust)
        events = pagerduty.EventsApiV2Client(ROUTING_KEY, base_url=address, verify=trust)
        events.trigger("Checkout is slow", "checkout", dedup_key="k1", custom_details={"region": "eu"})
        yield Account(fake, rest, events, address, trust, received)
        rest.parent.close()
        events.parent.close()
