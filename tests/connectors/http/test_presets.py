"""Each common sender gets a ticket in by its preset's name and a secret alone."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from blocks.http import HttpBlock
from connectors.http.presets.presets import preset_names
from connectors.http.settings import WebhookMapping
from connectors.http.webhook import SignedTickets
from connectors.kit.webhooks.signing import sign_hmac
from incidents.errors import Forged
from incidents.events import Ignored, TicketEvent
from incidents.models import Author, TicketStatus
from tests.connectors.http import payloads

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "user-of-a-rule:a-secret-of-decent-length"
AT = datetime(2026, 3, 2, 9, 29, 30, tzinfo=UTC)

Headers = list[tuple[str, str]]


def hub(header: str, prefix: str, algorithm: Any = "sha256", encoding: Any = "hex") -> Any:
    def sign(body: bytes) -> Headers:
        value = sign_hmac(body, SECRET.encode(), prefix=prefix, algorithm=algorithm, encoding=encoding)
        return [(header, value)]

    return sign


def timed(header: str, stamp: str, value: str, between: str, *, prefix: str, encoding: Any) -> Any:
    def sign(body: bytes) -> Headers:
        signed = f"{value}{between}".encode() + body
        signature = sign_hmac(signed, SECRET.encode(), prefix=prefix, algorithm="sha256", encoding=encoding)
        return [(header, signature), (stamp, value)]

    return sign


def shown(name: str, value: str) -> Any:
    return lambda body: [(name, value)]


SECONDS = str(int(NOW.timestamp()))
BASIC = shown("Authorization", "Basic " + base64.b64encode(SECRET.encode()).decode())
BEARER = shown("Authorization", f"Bearer {SECRET}")
SENDERS: dict[str, Any] = {
    "freshdesk": BASIC,
    "zammad": hub("X-Hub-Signature", "sha1=", "sha1"),
    "intercom": hub("X-Hub-Signature", "sha1=", "sha1"),
    "helpscout": hub("X-HelpScout-Signature", "", "sha1", "base64"),
    "front": timed(
        "X-Front-Signature", "X-Front-Request-Timestamp", f"{SECONDS}000", ":", prefix="", encoding="base64"
    ),
    "chatwoot": timed(
        "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", SECONDS, ".", prefix="sha256=", encoding="hex"
    ),
    "servicenow": BEARER,
    "jira": hub("X-Hub-Signature", "sha256="),
    "github": hub("X-Hub-Signature-256", "sha256="),
    "gitlab": shown("X-Gitlab-Token", SECRET),
    "linear": hub("Linear-Signature", ""),
    "alertmanager": BEARER,
    "grafana": BEARER,
}


@dataclass(frozen=True)
class Sent:
    """What a sender sends, and what must be understood of it."""

    preset: str
    payload: Any
    id: str
    status: TicketStatus
    requester: str
    tags: tuple[str, ...] = ("payments",)
    headers: Headers = field(default_factory=list)
    subject: str = "Cannot pay"
    at: datetime = AT
    comment: tuple[str, Author, bool] | None = None


OPEN, WAITING, SOLVED = TicketStatus.OPEN, TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.SOLVED
COMPLAINT = "It is still broken."
NOTE = "They wait for the bank."
ALERT = {"requester": "alertmanager", "tags": (), "subject": "payments is down", "at": NOW}
SENT = [
    Sent("freshdesk", payloads.FRESHDESK, "4711", WAITING, "ada@example.com", ("payments", "vip"), at=NOW),
    Sent(
        "freshdesk", payloads.FRESHDESK_ANSWER, "4711", OPEN, "", (), at=NOW,
        comment=(COMPLAINT, Author.CUSTOMER, True),
    ),
    Sent(
        "zammad", payloads.ZAMMAD, "81", WAITING, "9", (), [("X-Zammad-Delivery", "d-1")],
        at=AT.replace(microsecond=456000), comment=(NOTE, Author.AGENT, False),
    ),
    Sent("intercom", payloads.INTERCOM, "147", OPEN, "c9", comment=(f"<p>{COMPLAINT}</p>", Author.CUSTOMER, True)),
    Sent(
        "helpscout", payloads.HELPSCOUT, "123", OPEN, "238604",
        headers=[("X-HelpScout-Event", "convo.note.created")], comment=(NOTE, Author.AGENT, False),
    ),
    Sent(
        "front", payloads.FRONT, "cnv_1jaufv", TicketStatus.NEW, "ada@example.com",
        at=AT.replace(microsecond=123000), comment=(COMPLAINT, Author.CUSTOMER, True),
    ),
    Sent(
        "chatwoot", payloads.CHATWOOT, "567", OPEN, "9", subject=COMPLAINT, at=NOW,
        comment=(COMPLAINT, Author.CUSTOMER, True),
    ),
    Sent(
        "servicenow", payloads.SERVICENOW, "9c573169c611228700193229fff72400", WAITING,
        "681ccaf9c0a8016400b98a06818d57c7", (), comment=(NOTE, Author.AGENT, False),
    ),
    Sent(
        "jira", payloads.JIRA, "PAY-12", OPEN, "qm:1", at=AT.replace(microsecond=456000),
        comment=(COMPLAINT, Author.CUSTOMER, True),
    ),
    Sent(
        "github", payloads.GITHUB, "acme/shop#12", OPEN, "9", ("payments", "bug"),
        [("X-GitHub-Event", "issue_comment"), ("X-GitHub-Delivery", "72d3162e")],
        comment=(COMPLAINT, Author.CUSTOMER, True),
    ),
    Sent("gitlab", payloads.GITLAB_ISSUE, "acme/shop#23", OPEN, "51"),
    Sent("gitlab", payloads.GITLAB_NOTE, "acme/shop#23", SOLVED, "51", comment=(NOTE, Author.AGENT, False)),
    Sent("linear", payloads.LINEAR, "PAY-12", OPEN, "u-9"),
    Sent("alertmanager", payloads.alerts(), "39c757562aedef64-2026-03-02T09:29:00.000Z", OPEN, **ALERT),
    Sent(
        "grafana", payloads.alerts(version="1", orgId=1, state="alerting"),
        "39c757562aedef64-2026-03-02T09:29:00.000Z", OPEN, **(ALERT | {"requester": "grafana"}),
    ),
]  # fmt: skip


def source(preset: str, **changes: Any) -> SignedTickets:
    given = {"preset": preset, "signing_secrets": [SecretStr(SECRET)], **changes}
    return SignedTickets("http/desk", WebhookMapping.model_validate(given))


def delivered(sent: Sent, **changes: Any) -> list[Any]:
    body = json.dumps(sent.payload).encode()
    tickets = source(sent.preset, **changes)
    verified = tickets.verify([*SENDERS[sent.preset](body), *sent.headers], body, now=NOW)
    return list(tickets.events(verified))


@pytest.mark.parametrize("sent", SENT, ids=[f"{sent.preset} {sent.id[:20]}" for sent in SENT])
def test_a_common_senders_ticket_gets_in(sent: Sent) -> None:
    """Its signature holds, and id, status, customer, tags, time and comment are where they belong."""
    event = delivered(sent)[0]
    assert isinstance(event, TicketEvent)
    ticket = event.ticket
    assert ticket is not None
    assert (ticket.ref.id, ticket.status, ticket.requester.id) == (sent.id, sent.status, sent.requester)
    assert (ticket.subject, ticket.tags, ticket.updated_at) == (sent.subject, sent.tags, sent.at)
    said = event.comment
    assert sent.comment == (None if said is None else (said.text, said.author, said.is_public))


@pytest.mark.parametrize("sent", SENT, ids=[f"{sent.preset} {sent.id[:20]}" for sent in SENT])
def test_a_strangers_delivery_does_not(sent: Sent) -> None:
    """The same delivery under another secret, or without any header, is forged."""
    body = json.dumps(sent.payload).encode()
    strict = source(sent.preset, signing_secrets=[SecretStr("another:secret-of-decent-length")])
    with pytest.raises(Forged):
        strict.verify([*SENDERS[sent.preset](body), *sent.headers], body, now=NOW)
    with pytest.raises(Forged):
        strict.verify(sent.headers, body, now=NOW)


def test_every_preset_is_tried_here() -> None:
    """A preset without a payload of its sender's shape is not proven."""
    assert set(preset_names()) == set(SENDERS) == {sent.preset for sent in SENT}
    assert len(preset_names()) >= 12


def test_an_alert_that_ended_is_solved_in_the_same_delivery() -> None:
    """Each alert goes by its own status, not by the group's, and an episode by its start."""
    sent = next(sent for sent in SENT if sent.preset == "alertmanager")
    statuses = [event.ticket.status for event in delivered(sent)]
    assert statuses == [TicketStatus.OPEN, TicketStatus.SOLVED]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("github", {"headers": [("X-GitHub-Event", "star")]}),
        ("helpscout", {"headers": [("X-HelpScout-Event", "customer.created")]}),
        ("intercom", {"payload": {**payloads.INTERCOM, "topic": "user.created"}}),
        ("jira", {"payload": {**payloads.JIRA, "webhookEvent": "board_created"}}),
        ("linear", {"payload": {**payloads.LINEAR, "type": "Comment", "action": "create"}}),
        (
            "gitlab",
            {"payload": {"object_kind": "note", "object_attributes": {"noteable_type": "MergeRequest"}}},
        ),
    ],
)
def test_what_is_not_about_tickets_is_only_counted(name: str, changes: dict[str, Any]) -> None:
    """Other types of events are no riddle that a person must look at."""
    sent = next(sent for sent in SENT if sent.preset == name)
    changed = Sent(**{**{one: getattr(sent, one) for one in sent.__dataclass_fields__}, **changes})
    (event,) = delivered(changed)
    assert isinstance(event, Ignored)
    assert event.kind


def test_what_is_said_goes_over_the_preset() -> None:
    """One path, one word and the scheme can be an operator's own; the rest stays the preset's."""
    sent = next(sent for sent in SENT if sent.preset == "zammad")
    event = delivered(
        sent, ticket={"product": "ticket.group.name"}, status_map={"Pending Reminder": "waiting_for_vendor"}
    )[0]
    assert event.ticket.product == "Users"
    assert event.ticket.status is TicketStatus.WAITING_FOR_VENDOR
    assert event.ticket.requester.name == "Ada Lovelace"


@pytest.mark.parametrize("name", SENDERS)
def test_a_preset_survives_being_saved(name: str) -> None:
    """A block is written with every field named, and read again as what it was."""
    given = WebhookMapping.model_validate(
        {"preset": name, "signing_secrets": [SECRET], "timezone": "Europe/Berlin"}
    )
    written = HttpBlock(webhook=given).model_dump_json(context={"include_secrets": True})
    read = HttpBlock.model_validate_json(written).webhook
    assert read is not None
    assert read.with_preset() == given.with_preset()
    assert read.with_preset().timezone == "Europe/Berlin"


def test_fronts_challenge_is_answered_when_it_is_proven() -> None:
    """Front saves no webhook whose address does not give back its challenge."""
    body = b"{}"
    headers = [*SENDERS["front"](body), ("X-Front-Challenge", "cha-1")]
    verified = source("front").verify(headers, body, now=NOW)
    assert verified.reply is not None
    assert verified.reply.body == b"cha-1"
    with pytest.raises(Forged):
        source("front").verify([("X-Front-Challenge", "cha-1")], body, now=NOW)


def test_an_unknown_preset_is_named_with_the_nearest() -> None:
    """A slip of the pen is told what was meant."""
    with pytest.raises(ValidationError, match="did you mean 'zammad'"):
        source("zamad")
