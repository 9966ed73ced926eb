"""zenpy at the fake Zendesk: requests as their makers see them, and what the account has at large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from zenpy.lib.api_objects import Comment, Identity, Organization, Request, User

from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.zendesk.official_account import Desk, opened_desk

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(certificate: LoopbackCertificate) -> Iterator[Desk]:
    with opened_desk(certificate) as desk:
        yield desk


def _requested(d: Desk) -> bool:
    made = d.client.requests.create(Request(subject="No invoice", comment=Comment(body="Where is it?")))
    return [one.subject for one in d.client.requests.open()] == [
        "Cannot pay",
        "No invoice",
    ] and made.status == "new"


def _seen_by_the_customer(d: Desk) -> bool:
    d.fake.agent_note(d.first, "Grace", "only for us")
    d.fake.agent_reply(d.first, "Grace", "We look into it.")
    said = [comment.body for comment in d.client.requests.comments(d.first)]
    return said == ["Cards are refused", "We look into it."]


def _solved(d: Desk) -> bool:
    request = d.client.requests(id=d.first)
    request.solved = True
    d.client.requests.update(request)
    return [one.id for one in d.client.requests.solved()] == [d.first]


def _metric_events(d: Desk) -> bool:
    d.fake.agent_reply(d.first, "Grace", "We look into it.")
    found = d.client.tickets.metrics_incremental(LONG_AGO)
    return [(event.metric, event.type) for event in found] == [
        ("reply_time", "activate"),
        ("reply_time", "fulfill"),
    ]


def _organizations(d: Desk) -> bool:
    d.client.organizations.create(Organization(name="Acme"))
    return [one.name for one in d.client.organizations.incremental(LONG_AGO)] == ["Acme"]


def _primary(d: Desk) -> bool:
    user = d.user()
    made = d.client.users.identities.create(user.id, Identity(type="email", value="bob@home.example"))
    d.client.users.identities.make_primary(user.id, made.id)
    shown = d.client.users.identities.show(user.id, made.id)
    return d.client.users(id=user.id).email == "bob@home.example" and shown.value == "bob@customer.example"


def _merged(d: Desk) -> bool:
    other = d.user()
    d.client.users.merge(source_user=d.look().requester_id, dest_user=other.id)
    return bool(d.look().requester_id == other.id)


def _forgotten(d: Desk) -> bool:
    user = d.user()
    d.client.users.delete(user)
    d.client.users.permanently_delete(user)
    return [one.name for one in d.client.users.deleted()] == ["Permanently deleted user"]


def _put_many(d: Desk) -> bool:
    users = [User(name="Ada B", email="ada@customer.example"), User(name="Eve", email="eve@customer.example")]
    return d.done(d.client.users.create_or_update(users)) and len(list(d.client.users())) == 4


CALLS: list[tuple[str, Callable[[Desk], object]]] = [
    ("make a request", _requested),
    ("a request's comments", _seen_by_the_customer),
    ("solve a request", _solved),
    ("search requests", lambda d: [one.id for one in d.client.requests.search("refused")] == [d.first]),
    ("tags of the account", lambda d: [tag.name for tag in d.client.tags()] == ["shop"]),
    ("languages", lambda d: [one.locale for one in d.client.locales()] == ["en-US"]),
    ("metric events", _metric_events),
    ("organizations since", _organizations),
    ("users since", lambda d: len(list(d.client.users.incremental(LONG_AGO))) == 3),
    ("metrics of all", lambda d: [one.ticket_id for one in d.client.ticket_metrics()] == [d.first]),
    ("brands", lambda d: [brand.name for brand in d.client.brands()] == ["Fake"]),
    ("forms", lambda d: [form.name for form in d.client.ticket_forms()] == ["Default Ticket Form"]),
    ("another address first", _primary),
    ("merge users", _merged),
    ("delete a user for ever", _forgotten),
    ("create or update many", _put_many),
    ("a user's requests", lambda d: len(list(d.client.users.requested(d.look().requester_id))) == 1),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(desk: Desk, name: str, call: Callable[[Desk], object]) -> None:
    """It is answered, and says what is so."""
    assert call(desk)
