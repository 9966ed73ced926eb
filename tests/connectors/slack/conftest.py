"""A fake Slack on a clock that stands still, and connectors to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
import stamina

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.slack import Slack, SlackSettings
from connectors.slack.fake.app import (
    SIGNING_SECRET,
    TOKEN,
    FakeSlack,
)
from tests.contracts.webhook_source import FIRST, SECOND

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def settings(**more: object) -> SlackSettings:
    secrets = [SIGNING_SECRET, FIRST.decode(), SECOND.decode()]
    return SlackSettings.model_validate({"bot_token": TOKEN, "signing_secrets": secrets, **more})


def connect(fake: FakeSlack, **more: object) -> Slack:
    return Slack("slack/engineering", settings(**more), transport=InProcessTransport(fake.app))


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries in place happen, without their pauses."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def fake() -> FakeSlack:
    return FakeSlack(clock=NOW.timestamp, burst=20)


@pytest.fixture
async def chat(fake: FakeSlack) -> AsyncIterator[Slack]:
    slack = connect(fake)
    yield slack
    await slack.aclose()


@pytest.fixture
async def fresh_chat(fake: FakeSlack) -> AsyncIterator[Slack]:
    slack = connect(fake)
    yield slack
    await slack.aclose()
