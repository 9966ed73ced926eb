"""The webhooks of Freshdesk's automation rules: only who knows the secret, and a hint only."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.freshdesk import Freshdesk
from connectors.freshdesk.fake.app import FakeFreshdesk
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Ping, TicketEvent, Verified
from incidents.models import TicketRef
from tests.connectors.freshdesk.conftest import settings
from tests.contracts.webhook_source import FIRST, STRANGERS, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = json.dumps({"freshdesk_webhook": {"ticket_id": 7}}).encode()


def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    return [("X-Liaison-Token", secret.decode()), ("Content-Type", "application/json")]


def freshdesk(**changes: object) -> Freshdesk:
    return Freshdesk(
        "freshdesk/support", settings(**changes), transport=InProcessTransport(FakeFreshdesk().app)
    )


class TestFreshdeskWebhook(WebhookSourceContract):
    signature_headers = ("X-Liaison-Token",)
    signs_body = False

    @pytest.fixture
    def source(self) -> Freshdesk:
        return freshdesk()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return BODY

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


async def test_each_change_is_told() -> None:
    """The rules' own deliveries; the ticket is to be read again, with its comments."""
    source = freshdesk()
    told: list[Verified] = []

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        told.append(source.verify(list(headers.items()), body, now=NOW))
        return 202

    fake = FakeFreshdesk(webhook_url="https://liaison.example/hooks", token=FIRST.decode(), deliver=deliver)
    ticket = fake.create_ticket("Ada", "ada@customer.example", "Hi", "x")
    fake.customer_reply(ticket, "Any news?")
    fake.agent_note(ticket, "Looks like the card provider")
    assert await fake.drain_webhooks() == 3
    assert [source.events(one) for one in told] == [
        [
            TicketEvent(
                ref=TicketRef(connection="freshdesk/support", id=str(ticket)), at=NOW, comments_to_read=True
            )
        ]
    ] * 3
    # Equal bytes are other news, unless they still wait.
    assert len({one.identity for one in told}) == 1
    assert all(one.is_repeatable for one in told)


def test_the_secret_is_not_kept() -> None:
    """It would be a credential in the inbox."""
    verified = freshdesk().verify(sign(BODY), BODY, now=NOW)
    assert FIRST.decode() not in str(verified)


def test_another_accounts_webhook() -> None:
    """Each connection has its own address and secret: what shows another's is refused, whatever it says of itself."""
    ours, theirs = freshdesk(), freshdesk(signing_secrets=[STRANGERS.decode()])
    theirs.verify(sign(BODY, secret=STRANGERS), BODY, now=NOW)
    with pytest.raises(Forged):
        ours.verify(sign(BODY, secret=STRANGERS), BODY, now=NOW)


@pytest.mark.parametrize("ticket_id", [7, "7"])
def test_a_number_or_a_text(ticket_id: object) -> None:
    """Simple content gives a number, a placeholder in content of one's own a text."""
    body = json.dumps({"freshdesk_webhook": {"ticket_id": ticket_id, "ticket_subject": "Hi"}}).encode()
    source = freshdesk()
    (event,) = source.events(source.verify(sign(body), body, now=NOW))
    assert isinstance(event, TicketEvent)
    assert event.ref.id == "7"


def test_a_rule_that_tells_no_id() -> None:
    """It is parked, and says what to tick."""
    body = json.dumps({"freshdesk_webhook": {"ticket_subject": "Hi"}}).encode()
    source = freshdesk()
    with pytest.raises(Unrecognised, match="tick Ticket ID"):
        source.events(source.verify(sign(body), body, now=NOW))


def test_trial() -> None:
    """`liaison try`: it proves the address and the secret, and is read as a test call."""
    source = freshdesk()
    trial = source.trial_webhook(now=NOW)
    verified = source.verify(list(trial.headers), trial.body, now=NOW)
    assert source.events(verified) == [Ping(connection="freshdesk/support")]
    with pytest.raises(NotAllowed, match="signing_secrets"):
        freshdesk(signing_secrets=[]).trial_webhook(now=NOW)
