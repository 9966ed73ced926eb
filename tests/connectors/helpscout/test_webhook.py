"""Help Scout's webhook: signed, a hint, and of our inboxes alone.

The vectors' secrets and bodies are those of Help Scout's own client where it has them (helpscout-api-php,
tests/Webhooks/IncomingWebhookTest.php); their signatures were made by `openssl dgst -sha1 -hmac SECRET -binary`, in
base64.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.helpscout import HelpScout
from connectors.helpscout.fake.app import FakeHelpScout
from connectors.helpscout.fake.desk import INBOX
from connectors.helpscout.fake.webhooks import signed as signed_by_fake
from connectors.helpscout.webhook import verified_from
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Ignored, Ping, TicketEvent, Verified
from incidents.models import TicketRef
from tests.connectors.helpscout.conftest import settings
from tests.contracts.webhook_source import FIRST, STRANGERS, Headers, Sign, WebhookSourceContract

NAME = "helpscout/support"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIGNATURE = "X-HelpScout-Signature"
EVENT = "X-HelpScout-Event"

THEIRS = ("asdffdsa", '{"id":123}')
"""Secret and body of Help Scout's own client's test."""
GENUINE = [
    (*THEIRS, "YhXKie6t+YQPJLRzdKWwTPsJN2w="),
    ("the-first-live-secret-of-a-test", '{"id":123}', "GPC+pEb9fqeZpfjFTJmUD668v6k="),
    # The bytes as they come, whatever JSON could be written instead.
    ("mZ9XbGHodXmZ9XbGHodX", '{"id":291938,"subject":"Grüße \\u00fc"}', "CzYIJLHL2duq2dHgPCGYwmHsU6o="),
]
FORGED = {
    "the client's own wrong one": "asdfasdfasdfasdf",
    "another secret's": "GPC+pEb9fqeZpfjFTJmUD668v6k=",
    "SHA-256": "7KBGqfAAxfK5PzcYegRMdeLVR27e4gkbOLRI3KYi1C0=",
    "in hex": "6215ca89eeadf9840f24b47374a5b04cfb09376c",
    "with a prefix": "sha1=YhXKie6t+YQPJLRzdKWwTPsJN2w=",
    "cut off": "YhXKie6t+YQPJLRzdKWwTPsJN2w",
    "in small letters": "yhxkie6t+yqpjlrzdkwwtpsjn2w=",
    "nothing": "",
}


def notice(event_inbox: int | None = INBOX, **changes: Any) -> bytes:
    """As documented, shortened."""
    said: dict[str, Any] = {
        "id": 7,
        "number": 15_473,
        "status": "active",
        "state": "published",
        "subject": "Cannot pay",
        "mailboxId": event_inbox,
        "createdAt": "2026-03-01T11:00:00Z",
        "primaryCustomer": {"id": 238_604},
    }
    return json.dumps(said | changes).encode()


def sign(
    body: bytes, *, secret: bytes = FIRST, at: datetime = NOW, event: str = "convo.customer.reply.created"
) -> Headers:
    return list(signed_by_fake(body, secret.decode(), event).items())


def helpscout(**changes: object) -> HelpScout:
    return HelpScout(NAME, settings(**changes))


class TestHelpScoutWebhook(WebhookSourceContract):
    signature_headers = (SIGNATURE,)

    @pytest.fixture
    def source(self) -> HelpScout:
        return helpscout()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return notice()

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


def told(body: bytes, *, event: str = "convo.customer.reply.created", **changes: object) -> list[object]:
    source = helpscout(**changes)
    return list(source.events(source.verify(sign(body, event=event), body, now=NOW)))


@pytest.mark.parametrize(("secret", "body", "signature"), GENUINE)
def test_a_genuine_vector(secret: str, body: str, signature: str) -> None:
    headers = [(SIGNATURE, signature), (EVENT, "helpscout.test")]
    verified = verified_from(headers, body.encode(), secrets=[secret.encode()], now=NOW)
    assert verified.body == body.encode()


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_vector(case: str) -> None:
    secret, body = THEIRS
    with pytest.raises(Forged):
        verified_from([(SIGNATURE, FORGED[case])], body.encode(), secrets=[secret.encode()], now=NOW)


def test_a_body_written_anew() -> None:
    """Equal JSON in other bytes is another body."""
    secret, _, signature = GENUINE[0]
    with pytest.raises(Forged):
        verified_from([(SIGNATURE, signature)], b'{"id": 123}', secrets=[secret.encode()], now=NOW)


async def test_each_change_is_told() -> None:
    """The account's own deliveries; the conversation is to be read again, with what was written."""
    source = helpscout()
    seen: list[Verified] = []

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        seen.append(source.verify(list(headers.items()), body, now=NOW))
        return 200

    fake = FakeHelpScout(
        webhook_url="https://liaison.example/hooks", secret=FIRST.decode(), deliver=deliver, clock=lambda: NOW
    )
    own_id = fake.desk.create("Ada", "ada@customer.example", "Hi", "x")
    fake.desk.answer(own_id, "Any news?")
    fake.desk.delete(own_id)
    assert await fake.drain_webhooks() == 3
    ref = TicketRef(connection=NAME, id=str(own_id))
    # That it was deleted stands in a header alone, which nobody signed: reading says so.
    assert [source.events(one) for one in seen] == [[TicketEvent(ref=ref, at=NOW, comments_to_read=True)]] * 3
    assert len({one.identity for one in seen}) == 3


def test_two_changes_in_equal_bytes() -> None:
    """Neither an id nor a time is told: an equal delivery is a double only while the first one waits."""
    source = helpscout()
    one, other = (
        source.verify(sign(notice(), event=event), notice(), now=NOW)
        for event in ("convo.tags", "convo.status")
    )
    assert one.is_repeatable
    assert one.identity != other.identity


def test_another_inboxes_webhook() -> None:
    """A webhook of all inboxes, or of another account with our secret in it: ours are told by their ids."""
    assert told(notice(99), inbox_ids=[INBOX]) == [Ignored(connection=NAME, kind="of another inbox")]
    assert isinstance(told(notice(INBOX), inbox_ids=[INBOX])[0], TicketEvent)
    assert isinstance(told(notice(99))[0], TicketEvent)


def test_one_that_was_moved_away() -> None:
    """It names the inbox where it is now; reading says that it is none of ours any more."""
    assert isinstance(told(notice(99), event="convo.moved", inbox_ids=[INBOX])[0], TicketEvent)


def test_another_accounts_webhook() -> None:
    """Signed by another secret: forged."""
    body = notice()
    with pytest.raises(Forged):
        helpscout().verify(sign(body, secret=STRANGERS), body, now=NOW)


@pytest.mark.parametrize(
    "event", ["customer.created", "tag.deleted", "satisfaction.ratings", "beacon.chat.created"]
)
def test_other_things(event: str) -> None:
    assert told(notice(), event=event) == [Ignored(connection=NAME, kind=event)]


def test_a_test_call() -> None:
    """Help Scout's own, by the name that its client knows; `liaison try` is read alike."""
    assert told(b'{"id":123}', event="helpscout.test") == [Ping(connection=NAME)]
    source = helpscout()
    trial = source.trial_webhook(now=NOW)
    assert source.events(source.verify(list(trial.headers), trial.body, now=NOW)) == [Ping(connection=NAME)]
    with pytest.raises(NotAllowed, match="signing_secrets"):
        helpscout(signing_secrets=[]).trial_webhook(now=NOW)


@pytest.mark.parametrize(
    ("body", "event", "words"),
    [
        (notice(), "", "X-HelpScout-Event"),
        (notice(id=None), "convo.tags", "V2"),
        (b'{"uri":"https://api.helpscout.net/v2/conversations/7"}', "convo.tags", "no mere notification"),
        (b"[]", "convo.tags", "not a JSON object"),
    ],
)
def test_what_lacks_something(body: bytes, event: str, words: str) -> None:
    with pytest.raises(Unrecognised, match=words):
        told(body, event=event)


def test_an_event_that_is_told_twice() -> None:
    """Two readers could take two different ones."""
    body = notice()
    with pytest.raises(Forged):
        helpscout().verify([*sign(body), (EVENT, "convo.tags")], body, now=NOW)
