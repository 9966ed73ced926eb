"""A PagerDuty account for the tests, and the connector on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import stamina

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.pagerduty import PagerDuty, PagerDutySettings
from connectors.pagerduty.fake.app import (
    API_TOKEN,
    FROM_EMAIL,
    ROUTING_KEY,
    FakePagerDuty,
)
from tests.contracts.webhook_source import FIRST, SECOND

PAYMENTS_KEY = "fedcba9876543210fedcba9876543210"


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings(**changes: object) -> PagerDutySettings:
    values: dict[str, object] = {
        "api_token": API_TOKEN,
        "from_email": FROM_EMAIL,
        "routing_key": ROUTING_KEY,
        "routing_keys": {"payments": PAYMENTS_KEY},
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
    }
    return PagerDutySettings.model_validate(values | changes)


def connect(fake: FakePagerDuty, **changes: object) -> PagerDuty:
    return PagerDuty("pagerduty/main", settings(**changes), transport=InProcessTransport(fake.app))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakePagerDuty:
    return FakePagerDuty(
        routing_keys={"": ROUTING_KEY, "payments": PAYMENTS_KEY},
        on_call={"": "Jane Doe", "payments": "Omar Haddad"},
        clock=clock,
    )


@pytest.fixture
def pagerduty(fake: FakePagerDuty) -> PagerDuty:
    return connect(fake)


@pytest.fixture(autouse=True)
def _retry_at_once() -> Iterator[None]:
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)
