"""Front's webhooks: an app's with a time, a rule's without, hints both, and of our company alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.front import Front
from connectors.front.fake.app import COMPANY, FakeFront, signed_headers
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Ignored, Ping, TicketEvent, Verified
from incidents.models import Departure, TicketRef
from tests.connectors.front.conftest import settings
from tests.contracts.webhook_source import FIRST, SECOND, STRANGERS, Headers, Sign, WebhookSourceContract

NAME = "front/support"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOTH = [FIRST.decode(), SECOND.decode()]
RULES = {"signing_secrets": [], "rule_secrets": BOTH}


def event(**changes: Any) -> dict[str, Any]:
    """As documented, shortened."""
    said = {
        "id": "evt_1",
        "type": "inbound",
        "emitted_at": NOW.timestamp(),
        "conversation": {"id": "cnv_7"},
        "source": {"_meta": {"type": "inboxes"}},
        "target": {"_meta": {"type": "message"}, "data": {"id": "msg_1"}},
    }
    return said | changes


def of_app(payload: dict[str, Any] | None = None, **changes: Any) -> bytes:
    told = {
        "type": "inbound_received",
        "authorization": {"id": COMPANY},
        "payload": event() if payload is None else payload,
    }
    return json.dumps(told | changes).encode()


def sign_app(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    return list(signed_headers(body, secret, str(int(at.timestamp() * 1000))).items())


def sign_rule(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    return list(signed_headers(body, secret, None).items())


def front(**changes: object) -> Front:
    return Front(NAME, settings(**changes))


class TestFrontsAppWebhook(WebhookSourceContract):
    signature_headers = ("X-Front-Signature", "X-Front-Request-Timestamp")
    is_timed = True

    @pytest.fixture
    def source(self) -> Front:
        return front()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return of_app()

    @pytest.fixture
    def signed(self) -> Sign:
        return sign_app


class TestFrontsRuleWebhook(WebhookSourceContract):
    signature_headers = ("X-Front-Signature",)

    @pytest.fixture
    def source(self) -> Front:
        return front(**RULES)

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return json.dumps(event()).encode()

    @pytest.fixture
    def signed(self) -> Sign:
        return sign_rule


def told(body: bytes) -> list[object]:
    source = front()
    return list(source.events(source.verify(sign_app(body), body, now=NOW)))


def test_each_kind_by_its_own_secret() -> None:
    """Where both are configured, neither secret proves the other kind: a rule's has no time to be refused by."""
    source = front(signing_secrets=[FIRST.decode()], rule_secrets=[SECOND.decode()])
    app, rule = of_app(), json.dumps(event()).encode()
    assert source.events(source.verify(sign_app(app), app, now=NOW))
    assert source.events(source.verify(sign_rule(rule, secret=SECOND), rule, now=NOW))
    for headers, body in (
        (sign_app(app, secret=SECOND), app),
        (sign_rule(app), app),
        (sign_rule(rule, secret=STRANGERS), rule),
    ):
        with pytest.raises(Forged):
            source.verify(headers, body, now=NOW)


@pytest.mark.parametrize("is_rules", [False, True])
async def test_each_change_is_told(is_rules: bool) -> None:
    """The fake's own deliveries; the conversation is to be read again, with what was written."""
    source = front(**(RULES if is_rules else {}))
    seen: list[Verified] = []

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        seen.append(source.verify(list(headers.items()), body, now=NOW))
        return 200

    fake = FakeFront(
        webhook_url="https://liaison.example/hooks",
        secret=FIRST.decode(),
        is_rules=is_rules,
        deliver=deliver,
        clock=lambda: NOW,
    )
    own_id = fake.create_ticket("Ada", "ada@customer.example", "Hi", "x")
    assert await fake.drain_webhooks() == len(fake.company.events) == 2
    ref = TicketRef(connection=NAME, id=own_id)
    assert [source.events(one) for one in seen] == [[TicketEvent(ref=ref, at=NOW, comments_to_read=True)]] * 2
    assert [one.identity for one in seen] == [f"event:{one['id']}" for one in fake.company.events]


def test_another_companys_webhook() -> None:
    """One app may be installed by several, and signs alike for all."""
    body = of_app(authorization={"id": "cmp_other"})
    assert told(body) == [Ignored(connection=NAME, kind="of another company")]


def test_merged() -> None:
    """The one that lives is read again, and the others went into it."""
    target = {"_meta": {"type": "deleted_conversation_ids"}, "data": ["cnv_8", "cnv_7", 3, "../x"]}
    survivor, gone = told(of_app(event(type="conversations_merged", target=target)))
    assert isinstance(survivor, TicketEvent)
    assert isinstance(gone, TicketEvent)
    assert (survivor.ref.id, survivor.gone) == ("cnv_7", None)
    assert (gone.ref.id, gone.gone, gone.merged_into) == ("cnv_8", Departure.MERGED, "cnv_7")


def test_an_address_is_proven_when_it_is_saved() -> None:
    """Front asks it to say a word again: only when signed, only then, and no word that could be something else."""
    source = front()
    body = json.dumps({"type": "sync", "authorization": {"id": COMPANY}}).encode()
    asked = [*sign_app(body), ("x-front-challenge", "a-random-word")]
    found = source.verify(asked, body, now=NOW)
    assert found.reply is not None
    assert json.loads(found.reply.body) == {"challenge": "a-random-word"}
    assert found.reply.content_type == "application/json"
    assert source.events(found) == [Ping(connection=NAME)]
    with pytest.raises(Forged):
        source.verify([*sign_app(body, secret=STRANGERS), asked[-1]], body, now=NOW)
    for word in ("", "x" * 501, "a\nb", "\u00e9"):
        assert source.verify([*sign_app(body), ("x-front-challenge", word)], body, now=NOW).reply is None
    other = of_app()
    assert source.verify([*sign_app(other), asked[-1]], other, now=NOW).reply is None


def test_a_delivery_that_is_sent_again_is_known() -> None:
    """By the event's id, whatever else is told with it."""
    source = front()
    bodies = (of_app(), of_app(attempt=2))
    names = {source.verify(sign_app(body), body, now=NOW).identity for body in bodies}
    assert names == {"event:evt_1"}


@pytest.mark.parametrize(
    "body",
    [
        of_app(authorization={}),
        of_app(payload={}),
        of_app(event(conversation={"id": "cnv_../me"})),
        of_app(event(type=None)),
        of_app(event(emitted_at="soon")),
    ],
)
def test_what_lacks_something(body: bytes) -> None:
    with pytest.raises(Unrecognised):
        told(body)


@pytest.mark.parametrize("changes", [{}, RULES, {"rule_secrets": [SECOND.decode()]}])
def test_trial(changes: dict[str, object]) -> None:
    """`liaison try`: it proves the address and the secret, and is read as a test call."""
    source = front(**changes)
    trial = source.trial_webhook(now=NOW)
    assert source.events(source.verify(list(trial.headers), trial.body, now=NOW)) == [Ping(connection=NAME)]
    with pytest.raises(NotAllowed, match="signing_secrets"):
        front(signing_secrets=[]).trial_webhook(now=NOW)
