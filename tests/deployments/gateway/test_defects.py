"""Our own faults cost nobody a ticket: whatever breaks inside, the sender hears 503 and comes again."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime

import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.notices import Notices, error_words
from incidents.errors import Busy, Forged, LiaisonError, NotAllowed, Refused, Unrecognised
from incidents.events import (
    Event,
    Lane,
    Verified,
)
from tests.deployments.gateway.conftest import Sender, Store
from tests.deployments.gateway.vendors import HTTP, SECRET, SLACK

CANARY = "canary-4f2a9c"


class Failing:
    """A source whose verifier has a defect."""

    lane = Lane.INTAKE

    def __init__(self, error: Exception) -> None:
        self._error = error

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        raise self._error

    def events(self, verified: Verified) -> Sequence[Event]:
        raise AssertionError("the gateway never reads a delivery")


@pytest.mark.parametrize(
    "error",
    [
        ValueError(CANARY),
        RecursionError(CANARY),
        UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY),
        MemoryError(),
        json.JSONDecodeError(CANARY, CANARY, 0),
        AssertionError(CANARY),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_unexpected_exception_of_a_verifier(
    error: Exception, gateway: Gateway, sender: Sender, store: Store, caplog: pytest.LogCaptureFixture
):
    """503, told by type and place; its words may quote what the sender sent."""
    gateway._sources._sources["http/desk"] = Failing(error)
    answer = await sender.send(HTTP)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert await store.deliveries() == []
    assert await store.rejections() == []
    assert (
        f"verifying a webhook of http/desk failed: {type(error).__name__} at test_defects.py" in caplog.text
    )
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        NotAllowed("why"),
        Refused("why"),
        Unrecognised("why"),
        Busy("why", retry_after=1.0),
        LiaisonError("why"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_another_error_of_ours_from_a_verifier(error: Exception, gateway: Gateway, sender: Sender):
    """Only `Forged` proves anything against the sender."""
    gateway._sources._sources["http/desk"] = Failing(error)
    assert (await sender.send(HTTP)).status_code == 503


async def test_forged_is_the_only_401(gateway: Gateway, sender: Sender):
    """Whatever its reason."""
    gateway._sources._sources["http/desk"] = Failing(Forged("of tomorrow"))
    assert (await sender.send(HTTP)).status_code == 401


async def test_a_connection_without_a_webhook_section(
    sender: Sender, store: Store, caplog: pytest.LogCaptureFixture
):
    """It exists, and its operator may be about to add the section: 503 keeps the delivery, the log tells him."""
    answer = await sender.http.post(
        "/hooks/http/probes-only", content=HTTP.event, headers=HTTP.sign(HTTP.event)
    )
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "http/probes-only has no webhook section" in caplog.text


async def test_a_defect_elsewhere(gateway: Gateway, sender: Sender, caplog: pytest.LogCaptureFixture):
    """No 500 leaves the gateway: some senders give up on it."""
    gateway._clock_check = None  # type: ignore[assignment]
    answer = await sender.send(HTTP)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "a request failed: AttributeError at app.py" in caplog.text


async def test_nothing_secret_is_logged(gateway: Gateway, sender: Sender, caplog: pytest.LogCaptureFixture):
    """Bodies, signatures, secrets and tokens stay out of the log, whatever happened to the webhook."""
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"id": CANARY, "status": "open"}).encode()
    await sender.send(HTTP, body)
    await sender.send(HTTP, body, secret=f"{CANARY}-of-a-stranger")
    await sender.send(HTTP, body, headers=[("webhook-signature", CANARY), ("Authorization", CANARY)])
    await sender.http.post(f"/hooks/http/{CANARY}?token={CANARY}", content=body)
    await sender.http.post(f"/hooks/{CANARY}", content=body)
    gateway._sources._sources["slack/engineering"] = Failing(ValueError(CANARY))
    await sender.send(SLACK, body)
    gateway._inbox = None  # type: ignore[assignment]
    await sender.send(HTTP, body)
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("liaison"))
    assert ours.count(CANARY) == 1
    assert f"webhooks come for http/{CANARY}, which is no connection" in ours
    assert SECRET not in caplog.text


def test_a_flood_is_one_line_a_minute(caplog: pytest.LogCaptureFixture):
    """For each subject; and then again, so that an operator who comes later sees that it goes on."""
    now = [0.0]
    notices = Notices(clock=lambda: now[0])
    for _ in range(100):
        notices.warn("%s fails", "http/desk", subject="http/desk")
        notices.warn("%s fails", "http/other", subject="http/other")
    now[0] = 60.0
    notices.warn("%s fails", "http/desk", subject="http/desk")
    assert [record.getMessage() for record in caplog.records] == [
        "http/desk fails",
        "http/other fails",
        "http/desk fails",
    ]


def test_an_error_that_was_never_raised_is_told_all_the_same():
    """It has no place."""
    assert error_words(ValueError(CANARY)) == "ValueError"
