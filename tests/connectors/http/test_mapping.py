"""From payloads to tickets: a helpdesk's nested JSON, and the flat rows of a ServiceNow incident log."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import connectors.http
from connectors.http.connector import Http
from connectors.http.fields import TicketFields
from connectors.http.mapping import TicketReader
from connectors.http.settings import HttpSettings, WebhookMapping
from connectors.kit.webhooks.signatures import sign_standard_webhook
from incidents.errors import Unrecognised
from incidents.events import TicketEvent
from incidents.models import (
    Author,
    Comment,
    Contact,
    Ticket,
    TicketRef,
    TicketStatus,
)
from tests.connectors.http.test_webhook import FIELDS, PAYLOAD

SENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "signing-secret-of-the-mapping-under-test"

# Column names as in the public ServiceNow incident log (UCI machine learning repository, data set 498).
SERVICENOW = WebhookMapping(
    signing_secrets=[SecretStr(SECRET)],
    timezone="America/Sao_Paulo",
    ticket=TicketFields(
        id="number",
        subject="category",
        status="incident_state",
        version="sys_mod_count",
        created_at="opened_at",
        updated_at="sys_updated_at",
        requester_id="caller_id",
        assignee="assigned_to",
        group="assignment_group",
        priority="priority",
        product="cmdb_ci",
        channel="contact_type",
        reassignments="reassignment_count",
        reopens="reopen_count",
    ),
    status_map={
        "New": TicketStatus.NEW,
        "Active": TicketStatus.OPEN,
        "Awaiting User Info": TicketStatus.WAITING_FOR_CUSTOMER,
        "Awaiting Evidence": TicketStatus.WAITING_FOR_CUSTOMER,
        "Awaiting Vendor": TicketStatus.WAITING_FOR_VENDOR,
        "Awaiting Problem": TicketStatus.WAITING_FOR_VENDOR,
        "Resolved": TicketStatus.SOLVED,
        "Closed": TicketStatus.CLOSED,
    },
)
ROW = {
    "number": "INC0900001",
    "event_no": "2",
    "incident_state": "Awaiting User Info",
    "active": "true",
    "reassignment_count": "3",
    "reopen_count": "1",
    "sys_mod_count": "7",
    "caller_id": "1234",
    "opened_at": "2016-07-04T08:15",
    "sys_updated_at": "2016-07-04T11:40",
    "contact_type": "Phone",
    "category": "26",
    "cmdb_ci": "",
    "priority": "3",
    "assignment_group": "70",
    "assigned_to": "",
}


def read(payload: Any, mapping: WebhookMapping = SERVICENOW) -> TicketEvent:
    return TicketReader("http/desk", mapping).event(payload, sent_at=SENT)


def test_a_row_of_the_servicenow_log() -> None:
    """Every column lands where it belongs; naive times are in the configured zone; empty is missing."""
    assert read(ROW).ticket == Ticket(
        ref=TicketRef(connection="http/desk", id="INC0900001"),
        subject="26",
        status=TicketStatus.WAITING_FOR_CUSTOMER,
        source_status="Awaiting User Info",
        requester=Contact(id="1234"),
        version=7,
        created_at=datetime(2016, 7, 4, 11, 15, tzinfo=UTC),
        updated_at=datetime(2016, 7, 4, 14, 40, tzinfo=UTC),
        group="70",
        priority="3",
        channel="Phone",
        reassignments=3,
        reopens=1,
    )


def test_a_nested_payload() -> None:
    """Paths go into objects, constants stand for what a source does not say, comments come along."""
    event = read(PAYLOAD, WebhookMapping(signing_secrets=[SecretStr(SECRET)], ticket=FIELDS))
    changed = datetime(2026, 3, 2, 9, 29, 30, tzinfo=UTC)
    assert event == TicketEvent(
        ref=TicketRef(connection="http/desk", id="4711"),
        at=changed,
        ticket=Ticket(
            ref=TicketRef(connection="http/desk", id="4711"),
            subject="Cannot pay",
            body="The card form spins for ever.",
            status=TicketStatus.OPEN,
            source_status="open",
            requester=Contact(id="c-9", name="Ada", email="ada@example.com"),
            version=3,
            created_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
            updated_at=changed,
            channel="web form",
            tags=("payments", "vip"),
            url="https://desk.example.com/4711",
        ),
        comment=Comment(
            id="k1", author=Author.CUSTOMER, author_name="Ada", is_public=True, text="Any news?", at=changed
        ),
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": None}, "number is missing"),
        ({"number": ""}, "number is missing"),
        ({"number": ["x"]}, "number is not a text"),
        ({"number": True}, "number is not a text"),
        ({"incident_state": None}, "incident_state is missing"),
        ({"incident_state": "-100"}, "incident_state has a word"),
        ({"sys_mod_count": None}, "sys_mod_count is missing"),
        ({"sys_mod_count": "7.5"}, "sys_mod_count is not a whole number"),
        ({"sys_mod_count": 7.0}, "sys_mod_count is not a whole number"),
        ({"sys_mod_count": True}, "sys_mod_count is not a whole number"),
        ({"sys_mod_count": 2**63}, "sys_mod_count is not a whole number"),
        ({"sys_mod_count": "٣"}, "sys_mod_count is not a whole number"),
        ({"reassignment_count": 2**31}, "reassignment_count is not a whole number"),
        ({"sys_updated_at": "yesterday"}, "sys_updated_at is not a time"),
        ({"sys_updated_at": True}, "sys_updated_at is not a time"),
        ({"sys_updated_at": "9999-12-31T23:59"}, "sys_updated_at is not a time"),
    ],
)
def test_what_is_not_understood(change: dict[str, Any], said: str) -> None:
    """The path is named, so that an operator can see which field of the mapping to mend."""
    with pytest.raises(Unrecognised, match=said):
        read(ROW | change)


@pytest.mark.parametrize("payload", [[], None, "text", 1])
def test_only_objects(payload: Any) -> None:
    """A ticket is an object."""
    with pytest.raises(Unrecognised, match="not a JSON object"):
        read(payload)


def with_fields(**fields: Any) -> WebhookMapping:
    return WebhookMapping(
        signing_secrets=[SecretStr(SECRET)], ticket=TicketFields(**{"id": "id", "status": "=open", **fields})
    )


def test_the_least_a_source_must_say() -> None:
    """With an id alone, the signed time of sending orders the deliveries."""
    ticket = read({"id": 7}, with_fields()).ticket
    assert ticket is not None
    assert ticket.updated_at == ticket.created_at == SENT
    assert ticket.version == int(SENT.timestamp() * 1000)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", "1"),
        (r"a\.b", "2"),
        ("list.0.x", "3"),
        ("list.-1.x", "4"),
        ("list.2.x", ""),
        ("list.x", ""),
        ("a.b.c", ""),
        ("=a.b", "a.b"),
        ("=", ""),
    ],
)
def test_paths(path: str, found: str) -> None:
    """Keys, escaped dots, indexes from either end, constants; what is not there is missing."""
    payload = {"id": 1, "a": {"b": "1"}, "a.b": "2", "list": [{"x": "3"}, {"x": "4"}]}
    ticket = read(payload, with_fields(subject=path)).ticket
    assert ticket is not None
    assert ticket.subject == found


@pytest.mark.parametrize("path", ["", ".", "a..b", "a.", ".a", "a\\"])
def test_bad_paths(path: str) -> None:
    """A path that cannot be read is refused when it is configured."""
    with pytest.raises(ValidationError):
        TicketFields(id=path, status="status")


def test_status_words() -> None:
    """Our own words mean themselves in any case; the map goes first; the default catches the rest."""
    mapping = with_fields(status="s").model_copy(
        update={"default_status": TicketStatus.OPEN, "status_map": {"new": TicketStatus.OPEN}}
    )
    assert [read({"id": 1, "s": word}, mapping).ticket.status for word in ("SOLVED", " New ", "odd")] == [
        TicketStatus.SOLVED,
        TicketStatus.OPEN,
        TicketStatus.OPEN,
    ]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ({"id": "k", "text": "hi"}, (Author.AGENT, False)),
        ({"id": "k", "text": "hi", "public": "Public"}, (Author.AGENT, True)),
        ({"id": "k", "text": "hi", "public": 0}, (Author.AGENT, False)),
        ({"text": "hi"}, None),
        ({"id": "k"}, None),
        (None, None),
    ],
)
def test_comments(comment: Any, expected: tuple[Author, bool] | None) -> None:
    """Private and an agent's unless the source says otherwise; without an id it is no comment."""
    mapping = with_fields(comment_id="c.id", comment_text="c.text", comment_public="c.public")
    found = read({"id": 1, "c": comment}, mapping).comment
    assert (found and (found.author, found.is_public)) == expected


def test_comment_authors() -> None:
    """The source's own words for authors are mapped; an unknown one is not guessed."""
    mapping = with_fields(comment_id="c", comment_text="c", comment_author_kind="by").model_copy(
        update={"author_map": {"end-user": Author.CUSTOMER}}
    )
    found = read({"id": 1, "c": "x", "by": "End-User"}, mapping).comment
    assert found is not None
    assert found.author is Author.CUSTOMER
    with pytest.raises(Unrecognised, match="by has a word"):
        read({"id": 1, "c": "x", "by": "robot"}, mapping)
    with pytest.raises(Unrecognised, match="by is missing"):
        read({"id": 1, "c": "x"}, mapping)


def test_the_example_in_the_readme() -> None:
    """The settings that people will copy are valid ones, and the mapping reads what it says it reads."""
    text = Path(connectors.http.__file__).with_name("README.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0].replace("whsec_...", SECRET) for part in text.split("```json")[1:]]
    preset, example, outbound = map(json.loads, blocks)
    for settings in (preset, example, outbound | preset):
        HttpSettings.model_validate(settings)
    mapping = HttpSettings.model_validate(example).webhook
    assert mapping is not None
    comments = [
        {"id": "k1", "text": "first"},
        {"id": "k2", "text": "last", "internal": False, "written": "2026-03-02T08:00:00"},
    ]
    data = {"id": 1, "state": "resolved", "revision": 2, "customer": {"id": "c"}, "comments": comments}
    event = read({"data": data}, mapping)
    assert event.ticket is not None
    assert event.ticket.status is TicketStatus.SOLVED
    assert event.comment is not None
    assert event.comment.text == "last"
    assert event.comment.is_public
    assert event.comment.at == datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_odd_but_harmless_values() -> None:
    """A link that is no web address is dropped; tags may be one text with commas."""
    mapping = with_fields(url="url", tags="tags")
    ticket = read({"id": 1, "url": "javascript:alert(1)", "tags": "a, b,,c"}, mapping).ticket
    assert ticket is not None
    assert ticket.url is None
    assert ticket.tags == ("a", "b", "c")


def test_a_storm_is_read_quickly() -> None:
    """10,000 take a second or two; a fifth of them is well within four, on any machine."""
    source = Http("http/servicenow", HttpSettings(webhook=SERVICENOW))
    deliveries = []
    for number in range(2_000):
        body = json.dumps(ROW | {"number": f"INC{number:07}"}).encode()
        message, timestamp = f"msg_{number}", str(int(SENT.timestamp()))
        signature = sign_standard_webhook(body, SECRET.encode(), id=message, timestamp=timestamp)
        headers = [
            ("webhook-id", message),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ]
        deliveries.append((headers, body))
    started = time.process_time()
    read_ids = {source.events(source.verify(*delivery, now=SENT))[0].ref.id for delivery in deliveries}
    took = time.process_time() - started
    assert len(read_ids) == 2_000
    assert took < 4.0, f"{took:.2f} s of processor time"


def test_the_last_comment_in_every_update_keeps_the_time_we_first_saw_it() -> None:
    """Told again hours later with another change, it is as old as it was; a new one is new."""
    reader = TicketReader("http/desk", with_fields(updated_at="at", comment_id="c.id", comment_text="c.text"))

    def comment_at(hour: int, id_: str) -> int:
        at = datetime(2026, 3, 2, hour, tzinfo=UTC)
        event = reader.event({"id": 1, "at": at.isoformat(), "c": {"id": id_, "text": "x"}}, sent_at=at)
        assert event.comment is not None
        return event.comment.at.hour

    assert [comment_at(8, "a"), comment_at(12, "a"), comment_at(13, "b"), comment_at(14, "a")] == [
        8,
        8,
        13,
        8,
    ]
    assert comment_at(7, "a") == 7  # an earlier update that comes late knows better
