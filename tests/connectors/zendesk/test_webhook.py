"""Zendesk's webhooks: the contract, what each says, and our own echo."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kit.webhooks.signatures import sign_timestamped_base64
from connectors.zendesk import Zendesk
from connectors.zendesk.webhook import SIGNATURE, TIMESTAMP
from incidents.errors import Unrecognised
from incidents.events import (
    Ping,
    TicketEvent,
    Verified,
)
from incidents.models import Author, Departure
from incidents.ports import WebhookSource
from tests.connectors.zendesk.conftest import settings
from tests.contracts.webhook_source import (
    FIRST,
    HOSTILE_BODIES,
    SECOND,
    Headers,
    Sign,
    WebhookSourceContract,
)

NOW = datetime(2025, 1, 8, 14, 25, 33, tzinfo=UTC)
# An empty body is no nonsense here: it is Zendesk's test call (see below).
HOSTILE = {name: body for name, body in HOSTILE_BODIES.items() if name != "empty"}
US, AGENT, CUSTOMER = "8447388090001", "8447388090495", "8447388090494"


def event(kind: str, *, actor: str = CUSTOMER, **inner: Any) -> dict[str, Any]:
    """An event as Zendesk's ticket-events page shows it."""
    return {
        "account_id": 22129848,
        "detail": {
            "actor_id": actor,
            "assignee_id": AGENT,
            "created_at": "2025-01-08T10:12:07Z",
            "description": "Customer cannot log in",
            "id": "5158",
            "priority": "HIGH",
            "requester_id": CUSTOMER,
            "status": "OPEN",
            "subject": "Cannot log in",
            "tags": ["mobile"],
            "updated_at": "2025-01-08T14:25:30Z",
            "via": {"channel": "web_service"},
        },
        "event": inner,
        "id": "d4f5c389-8f4a-4c2e-a1b9-8e4f39c71d52",
        "subject": "zen:ticket:5158",
        "time": "2025-01-08T14:25:30.123456789Z",
        "type": f"zen:event-type:ticket.{kind}",
        "zendesk_event_version": "2022-11-06",
    }


def comment(author: str, *, is_staff: bool | None, is_public: bool | None) -> dict[str, Any]:
    said = {"id": "9876543210", "body": "Still broken", "author": {"id": author, "name": "Somebody"}}
    if is_staff is not None:
        said["author"]["is_staff"] = is_staff  # type: ignore[index]
    if is_public is not None:
        said["is_public"] = is_public  # type: ignore[assignment]
    return event("comment_added", actor=author, comment=said)


def signed_headers(body: bytes, secret: bytes, at: datetime) -> Headers:
    timestamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        ("Content-Type", "application/json"),
        ("X-Zendesk-Webhook-Invocation-Id", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (SIGNATURE, sign_timestamped_base64(body, secret, timestamp=timestamp)),
        (TIMESTAMP, timestamp),
    ]


@pytest.fixture
def source() -> Zendesk:
    secrets = [FIRST.decode(), SECOND.decode()]
    return Zendesk("zendesk/support", settings(signing_secrets=secrets, integration_user_id=int(US)))


class TestZendeskWebhooks(WebhookSourceContract):
    signature_headers = (SIGNATURE, TIMESTAMP)
    is_timed = True

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return json.dumps(comment(CUSTOMER, is_staff=False, is_public=True)).encode()

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            return signed_headers(body, secret, at)

        return sign

    @pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
    def test_hostile_body(self, source: WebhookSource, signed: Sign, now: datetime, body: bytes) -> None:
        """As in the contract, but for the empty body."""
        super().test_hostile_body(source, signed, now, body)


def verified(source: Zendesk, body: bytes) -> Verified:
    return source.verify(signed_headers(body, FIRST, NOW), body, now=NOW)


def events(source: Zendesk, payload: Any) -> list[Any]:
    return list(source.events(verified(source, json.dumps(payload).encode())))


@pytest.mark.parametrize("body", [b"", b"  ", b'{"message":"This is a test"}', b'{"a":1,"b":null}'])
def test_test_call_is_a_ping(source: Zendesk, body: bytes) -> None:
    """The admin screen's "Test webhook" is authentic and means nothing."""
    assert list(source.events(verified(source, body))) == [Ping(connection="zendesk/support")]


@pytest.mark.parametrize(
    "kind", ["created", "status_changed", "tags_changed", "undeleted", "not_yet_invented"]
)
def test_ticket_event_is_a_hint(source: Zendesk, kind: str) -> None:
    """Whatever happened to a ticket, it is named and read again; unknown kinds too."""
    (found,) = events(source, event(kind))
    assert found == TicketEvent(
        ref=found.ref, at=datetime(2025, 1, 8, 14, 25, 30, 123456, tzinfo=UTC), ticket=None, comment=None
    )
    assert str(found.ref) == "zendesk/support#5158"


@pytest.mark.parametrize(
    ("author", "is_staff", "is_public", "kind"),
    [
        (CUSTOMER, False, True, Author.CUSTOMER),
        ("777", False, True, Author.CUSTOMER),
        ("777", None, True, Author.CUSTOMER),
        (CUSTOMER, True, True, Author.CUSTOMER),
        (CUSTOMER, True, False, Author.AGENT),
        (AGENT, True, True, Author.AGENT),
        (AGENT, True, False, Author.AGENT),
        (AGENT, None, None, Author.AGENT),
    ],
)
def test_comment(
    source: Zendesk, author: str, is_staff: bool | None, is_public: bool | None, kind: Author
) -> None:
    """Who spoke, and to whom; what does not say that it is public is private."""
    (found,) = events(source, comment(author, is_staff=is_staff, is_public=is_public))
    assert found.comment.author is kind
    assert found.comment.is_public is (is_public is True)
    assert (found.comment.text, found.comment.id) == ("Still broken", "9876543210")


def test_what_we_did_is_marked_as_ours(source: Zendesk) -> None:
    """Our own comments and changes come back as webhooks; the ledger says whether they are echoes. A ticket that we
    opened for a customer is news, and so is what others do."""
    ours = [
        comment(US, is_staff=True, is_public=True),
        comment(US, is_staff=True, is_public=False),
        event("status_changed", actor=US, previous="OPEN", current="SOLVED"),
    ]
    others = [
        comment(AGENT, is_staff=True, is_public=False),
        event("status_changed", actor=AGENT, previous="OPEN", current="SOLVED"),
        event("created", actor=US),
    ]
    assert [found.by_us for one in ours for found in events(source, one)] == [True, True, True]
    assert [found.by_us for one in others for found in events(source, one)] == [False, False, False]


def test_unknown_selves_keep_every_event() -> None:
    """Before our user id is known nothing is dropped: a hint too many is harmless, one too few is not."""
    stranger = Zendesk("zendesk/support", settings(signing_secrets=[FIRST.decode()]))
    (found,) = events(stranger, comment(US, is_staff=True, is_public=True))
    assert not found.by_us


@pytest.mark.parametrize("id", [5158, "5158"])
def test_trigger(source: Zendesk, id: object) -> None:
    """A trigger's template names the ticket; the signed time is its time."""
    (found,) = events(source, {"ticket_id": id})
    assert (str(found.ref), found.at) == ("zendesk/support#5158", NOW.replace(microsecond=0))


@pytest.mark.parametrize(
    "payload",
    [
        {"ticket_id": "{{ticket.id}}"},
        {"ticket_id": ""},
        {"ticket_id": True},
        {"ticket_id": "5158/../1"},
        {"ticket": {"id": 5}},
        {"note": {"deep": 1}},
        event("created") | {"subject": "zen:user:5158"},
        event("created") | {"subject": "zen:ticket:5158/.."},
        event("created") | {"time": "yesterday"},
    ],
)
def test_unrecognised(source: Zendesk, payload: Any) -> None:
    """What names no ticket is parked, visible, and not taken for a test call."""
    with pytest.raises(Unrecognised):
        events(source, payload)


def test_identity(source: Zendesk) -> None:
    """An event is its id, whatever time it was signed at; a trigger is its signed bytes, and may repeat."""
    body = json.dumps(event("created")).encode()
    assert verified(source, body).identity == "d4f5c389-8f4a-4c2e-a1b9-8e4f39c71d52"
    assert not verified(source, body).is_repeatable

    trigger = b'{"ticket_id":"5158"}'
    later = NOW.replace(second=34)
    first = verified(source, trigger)
    second = source.verify(signed_headers(trigger, FIRST, later), trigger, now=later)
    assert first.is_repeatable
    assert first.identity.startswith("sha256:")
    assert first.identity != second.identity


@pytest.mark.parametrize("actor", [AGENT, US])
@pytest.mark.parametrize(
    ("kind", "inner", "gone", "into"),
    [
        ("soft_deleted", {}, Departure.DELETED, None),
        ("permanently_deleted", {}, Departure.DELETED, None),
        ("marked_as_spam", {}, Departure.SPAM, None),
        ("merged", {"target_ticket_id": "5160"}, Departure.MERGED, "5160"),
        ("merged", {"target_ticket_id": 5160}, Departure.MERGED, "5160"),
        ("merged", {"target_ticket_id": "../5160"}, Departure.MERGED, None),
        ("merged", {}, Departure.MERGED, None),
    ],
)
def test_a_ticket_that_is_no_more_is_said_so(source, kind, inner, gone, into, *, actor):
    """It cannot be read any more, so the event itself must say it, whoever did it."""
    (found,) = events(source, event(kind, actor=actor, **inner))
    assert (found.ref.id, found.gone, found.merged_into) == ("5158", gone, into)
