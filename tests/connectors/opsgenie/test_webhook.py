"""Opsgenie's webhooks: only who knows the secret, and what they tell of an alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.opsgenie import Opsgenie
from connectors.opsgenie.fake.app import FakeOpsgenie
from incidents.errors import Forged, Unrecognised
from incidents.events import Event, Ignored, PageChange, PageEvent, Ping
from tests.connectors.opsgenie.conftest import JANE, OMAR, connect
from tests.contracts.pager import KEY, PAGE
from tests.contracts.webhook_source import FIRST, STRANGERS, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
ALERT = {
    "alertId": "8743a1b2-11da-480e-8493-744660987bef",
    "alias": "inc-42_2Fpage_2F1",
    "message": "Checkout fails",
    "tinyId": "7",
    "username": JANE,
    "updatedAt": 1772460000000000001,
}
ACKNOWLEDGED = {"action": "Acknowledge", "alert": ALERT, "source": {"name": "web", "type": "web"}}
BODY = json.dumps(ACKNOWLEDGED).encode()


def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    return [("X-Liaison-Token", secret.decode()), ("Content-Type", "application/json")]


def read(source: Opsgenie, said: object) -> list[Event]:
    body = json.dumps(said).encode()
    return list(source.events(source.verify(sign(body), body, now=NOW)))


class TestOpsgenieWebhook(WebhookSourceContract):
    signature_headers = ("X-Liaison-Token",)
    signs_body = False

    @pytest.fixture
    def source(self, opsgenie: Opsgenie) -> Opsgenie:
        return opsgenie

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return BODY

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


def test_a_persons_acknowledgement(opsgenie: Opsgenie) -> None:
    """With the key that we paged with."""
    assert read(opsgenie, ACKNOWLEDGED) == [
        PageEvent(
            connection="opsgenie/main",
            page_id=ALERT["alertId"],  # type: ignore[arg-type]
            key=KEY,
            change=PageChange.ACKNOWLEDGED,
            at=NOW,
            actor=JANE,
        )
    ]


async def test_each_change_is_told() -> None:
    """By whom, and whether that was us or a machine; a delivery that is sent again is the same one."""
    heard: list[Event] = []
    identities: list[str] = []
    tries = 0

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        nonlocal tries
        verified = source.verify(list(headers.items()), body, now=NOW)
        identities.append(verified.identity)
        tries += 1
        if tries == 1:
            return 500
        heard.extend(source.events(verified))
        return 202

    fake = FakeOpsgenie(webhook_url="https://liaison.example/hooks", token=FIRST.decode(), deliver=deliver)
    source = connect(fake, InProcessTransport(fake.app))
    await source.page(PAGE, once=KEY)
    await source.add_note(KEY, "12 customers wait", once="note")
    alert = fake.alerts[0]
    fake.account.add_note(alert, {"note": "a lock in the database", "user": OMAR})
    fake.account.escalate(alert, 1)
    fake.acknowledge(alert, OMAR)
    fake.close(alert)
    await fake.drain_webhooks()
    told = [one for one in heard if isinstance(one, PageEvent)]
    assert [(one.change, one.text, one.by_us, one.by_machine) for one in told] == [
        (PageChange.TRIGGERED, "", True, True),
        (PageChange.NOTED, "12 customers wait", True, True),
        (PageChange.NOTED, "a lock in the database", False, False),
        (PageChange.ESCALATED, "", False, True),
        (PageChange.ACKNOWLEDGED, "", False, False),
        (PageChange.RESOLVED, "", False, True),
    ]
    assert {one.key for one in told} == {KEY}
    assert len(set(identities)) == len(identities) - 1
    await source.aclose()


def test_what_says_nothing_of_who_has_it(opsgenie: Opsgenie) -> None:
    """Counted and left; a test of Opsgenie's own is a test call."""
    assert read(opsgenie, ACKNOWLEDGED | {"action": "AddTags"}) == [
        Ignored(connection="opsgenie/main", kind="AddTags")
    ]
    assert read(opsgenie, {"action": "TestAction"}) == [Ping(connection="opsgenie/main")]
    (snoozed,) = read(opsgenie, ACKNOWLEDGED | {"action": "Snooze"})
    assert isinstance(snoozed, PageEvent)
    assert (snoozed.change, bool(snoozed.text)) == (PageChange.CHANGED, True)


def test_without_details(opsgenie: Opsgenie) -> None:
    """It is parked, and says what to tick."""
    with pytest.raises(Unrecognised, match="alertId"):
        read(opsgenie, {"action": "Close", "alert": {}})
    with pytest.raises(Unrecognised, match="action"):
        read(opsgenie, {"alert": ALERT})


def test_an_alias_is_optional(opsgenie: Opsgenie) -> None:
    """Then the pager is asked by its id."""
    (event,) = read(opsgenie, ACKNOWLEDGED | {"alert": ALERT | {"alias": None}})
    assert isinstance(event, PageEvent)
    assert event.key is None


def test_the_secret_is_not_kept(opsgenie: Opsgenie) -> None:
    """It would be a credential in the inbox."""
    assert FIRST.decode() not in str(opsgenie.verify(sign(BODY), BODY, now=NOW))


async def test_another_accounts_webhook(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """Each connection has its own address and secret: what shows another's is refused, whatever it says of itself."""
    theirs = connect(fake, signing_secrets=[STRANGERS.decode()])
    theirs.verify(sign(BODY, secret=STRANGERS), BODY, now=NOW)
    with pytest.raises(Forged):
        opsgenie.verify(sign(BODY, secret=STRANGERS), BODY, now=NOW)
    await theirs.aclose()


def test_trial(opsgenie: Opsgenie) -> None:
    """`liaison try`: it proves the address and the secret, and is read as a test call."""
    trial = opsgenie.trial_webhook(now=NOW)
    verified = opsgenie.verify(list(trial.headers), trial.body, now=NOW)
    assert opsgenie.events(verified) == [Ping(connection="opsgenie/main")]
