"""The vendors' own libraries and ours, each verifying what the other has signed.

PagerDuty publishes no such library for Python; its published vector is tested with the kit.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from pydantic import SecretStr

from connectors.http import Http, HttpSettings
from connectors.http.fields import TicketFields
from connectors.http.settings import WebhookAction, WebhookMapping
from connectors.kit.webhooks.signatures import (
    sign_slack,
    sign_standard_webhook,
    sign_stripe,
    verify_stripe,
)
from connectors.slack import Slack, SlackSettings
from incidents.errors import Forged
from incidents.ports import WebhookSource
from tests.real.programs import cached_program

pytestmark = pytest.mark.real

PROGRAM = Path(__file__).with_name("their_signatures.py")
SECRET = "whsec_" + base64.b64encode(bytes(range(25))).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODIES = (
    '{"id":4711,"status":"open"}',
    "{}",
    '{\r\n  "text": "Größe & <b>Café</b> 😀 \u2028 \\u0000"\t}\n',
    json.dumps({"text": "x" * 200_000}),
)


def moment() -> str:
    """Now, as it is signed. Asked for each delivery: a long run is older at its end than their tolerance allows."""
    return str(int(time.time()))


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What is signed. Without a signature it is a question for one, with it whether it holds."""

    scheme: str
    body: str = BODIES[0]
    secret: str = SECRET
    id: str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
    timestamp: str = field(default_factory=moment)
    now: str = field(default_factory=moment)
    signature: str | None = None


class Ask(Protocol):
    """Their answers, one for each delivery."""

    def __call__(self, *deliveries: Delivery) -> list[str | bool]: ...


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    command = [cached_program("signers", "bin/python"), PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as theirs:  # noqa: S603
        assert theirs.stdin is not None
        assert theirs.stdout is not None

        def ask(*deliveries: Delivery) -> list[str | bool]:
            print(json.dumps([asdict(delivery) for delivery in deliveries]), file=theirs.stdin, flush=True)
            answers: list[str | bool] = json.loads(theirs.stdout.readline())
            return answers

        yield ask


def signed_by_slack(delivery: Delivery) -> str:
    return sign_slack(delivery.body.encode(), delivery.secret.encode(), timestamp=delivery.timestamp)


def signed_by_standard(delivery: Delivery) -> str:
    return sign_standard_webhook(
        delivery.body.encode(), delivery.secret.encode(), id=delivery.id, timestamp=delivery.timestamp
    )


def signed_by_stripe(delivery: Delivery) -> str:
    return sign_stripe(delivery.body.encode(), delivery.secret.encode(), timestamp=delivery.timestamp)


def slack_room(secret: str) -> WebhookSource:
    secrets = [SecretStr(secret)]
    return Slack("slack/x", SlackSettings(bot_token=SecretStr("xoxb-test"), signing_secrets=secrets))


def http_tickets(secret: str) -> WebhookSource:
    fields = TicketFields(id="id", status="status")
    return Http(
        "http/x", HttpSettings(webhook=WebhookMapping(signing_secrets=[SecretStr(secret)], ticket=fields))
    )


def verify_as_slack(delivery: Delivery) -> None:
    headers = [
        ("X-Slack-Request-Timestamp", delivery.timestamp),
        ("X-Slack-Signature", str(delivery.signature)),
    ]
    slack_room(delivery.secret).verify(headers, delivery.body.encode(), now=at(delivery.now))


def verify_as_standard(delivery: Delivery) -> None:
    headers = [
        ("webhook-id", delivery.id),
        ("webhook-timestamp", delivery.timestamp),
        ("webhook-signature", str(delivery.signature)),
    ]
    http_tickets(delivery.secret).verify(headers, delivery.body.encode(), now=at(delivery.now))


def verify_as_stripe(delivery: Delivery) -> None:
    verify_stripe(
        delivery.body.encode(), delivery.signature, [delivery.secret.encode()], now=at(delivery.now)
    )


def at(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


@dataclass(frozen=True)
class Ours:
    """Our side of a scheme: signing, and a verification that raises."""

    scheme: str
    sign: Callable[[Delivery], str]
    verify: Callable[[Delivery], None]

    def accepts(self, delivery: Delivery) -> bool:
        try:
            self.verify(delivery)
        except Forged:
            return False
        return True


OURS = [
    Ours("slack", signed_by_slack, verify_as_slack),
    Ours("standardwebhooks", signed_by_standard, verify_as_standard),
    Ours("svix", signed_by_standard, verify_as_standard),
    Ours("stripe", signed_by_stripe, verify_as_stripe),
]
every_scheme = pytest.mark.parametrize("ours", OURS, ids=lambda ours: ours.scheme)


@every_scheme
def test_we_accept_what_they_sign(ask: Ask, ours: Ours) -> None:
    """Through the connector where we have one: headers, raw bytes and all."""
    deliveries = [Delivery(scheme=ours.scheme, body=body) for body in BODIES]
    for delivery, signature in zip(deliveries, ask(*deliveries), strict=True):
        ours.verify(replace(delivery, signature=str(signature)))


@every_scheme
def test_they_accept_what_we_sign(ask: Ask, ours: Ours) -> None:
    """So our fakes and `replay` sign as the vendors do."""
    deliveries = [Delivery(scheme=ours.scheme, body=body) for body in BODIES]
    signed = [replace(delivery, signature=ours.sign(delivery)) for delivery in deliveries]
    assert ask(*signed) == [True] * len(BODIES)


@every_scheme
def test_what_they_refuse_we_refuse(ask: Ask, ours: Ours) -> None:
    """Another body, another key, a time that was not signed, and a delivery of ten minutes ago."""
    genuine = Delivery(scheme=ours.scheme)
    genuine = replace(genuine, signature=ours.sign(genuine))
    old = replace(genuine, timestamp=str(int(genuine.timestamp) - 600))
    forged = [
        replace(genuine, body=genuine.body + " "),
        replace(genuine, secret=OTHER_SECRET),
        replace(old, signature=ours.sign(old)),
    ]
    if ours.scheme != "stripe":  # its time is inside the signature's header
        forged.append(replace(genuine, timestamp=str(int(genuine.timestamp) - 1)))
    assert ask(genuine, *forged) == [True] + [False] * len(forged)
    assert [ours.accepts(delivery) for delivery in forged] == [False] * len(forged)


@pytest.mark.parametrize("library", ["standardwebhooks", "svix"])
def test_a_key_without_its_padding_is_the_same_key(ask: Ask, library: str) -> None:
    """Their libraries take a secret whose base64 was given without the closing `=`."""
    bare = Delivery(scheme=library, secret=SECRET.rstrip("="))
    (theirs,) = ask(bare)
    verify_as_standard(replace(bare, signature=str(theirs)))


async def test_they_accept_the_remedies_we_order(ask: Ask) -> None:
    """A service that runs our actions can check them with the library it has."""
    posts: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        posts.append(request)
        return httpx.Response(200, json={"status": "succeeded"})

    action = WebhookAction(url="https://runner.example/run/{action}", signing_secret=SecretStr(SECRET))
    runner = Http("http/x", HttpSettings(action=action), transport=httpx.MockTransport(answer))
    await runner.run("restart", {"region": "Zürich 😀"}, once="liaison:a1.b2:INC-7:g1:action:restart")
    await runner.aclose()
    (post,) = posts
    received = Delivery(
        scheme="standardwebhooks",
        body=post.content.decode(),
        id=post.headers["webhook-id"],
        timestamp=post.headers["webhook-timestamp"],
        signature=post.headers["webhook-signature"],
    )
    assert ask(received, replace(received, scheme="svix")) == [True, True]
