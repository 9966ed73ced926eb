"""python-freshdesk, the common Python client, at the fake: the calls that a tool like ours makes, one a row."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.freshdesk.fake.app import API_KEY, FakeFreshdesk
from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.served import served

# Elsewhere the dev dependencies may be older than this test; in CI a missing one is a failure.
if os.environ.get("CI"):
    client = importlib.import_module("freshdesk.v2.api")
else:
    client = pytest.importorskip("freshdesk.v2.api", reason="python-freshdesk is among the dev dependencies")


@dataclass
class Account:
    """The fake with its client. `first` is Ada's open ticket."""

    fake: FakeFreshdesk
    api: Any
    first: int

    def look(self) -> Any:
        return self.api.tickets.get_ticket(self.first)


def _client(address: str, certificate: LoopbackCertificate, key: str = API_KEY) -> Any:
    api = client.API("acme.freshdesk.com", key, verify=str(certificate.certificate))
    # It knows Freshdesk's own domains alone.
    api._api_prefix = f"{address}/api/v2/"
    # Or REQUESTS_CA_BUNDLE would count for more than what is said here.
    api._session.trust_env = False
    return api


@pytest.fixture
def account(certificate: LoopbackCertificate) -> Iterator[Account]:
    fake = FakeFreshdesk()
    first = fake.create_ticket("Ada Lovelace", "ada@customer.example", "Cannot pay", "Cards are refused")
    with served(fake.app, certificate) as address:
        api = _client(address, certificate)
        with contextlib.closing(api._session):
            yield Account(fake, api, first)


def _with_requester(a: Account) -> bool:
    found = a.api.tickets.get_ticket(a.first, "requester", "conversations")
    return found.requester["email"] == "ada@customer.example" and found.conversations == []


def _create(a: Account) -> bool:
    made = a.api.tickets.create_ticket(
        "No invoice", email="bob@customer.example", description="Where is it?", tags=["billing"]
    )
    read = a.api.tickets.get_ticket(made.id)
    return (read.subject, read.status, read.priority, read.tags) == ("No invoice", "open", "low", ["billing"])


def _update(a: Account) -> bool:
    a.api.tickets.update_ticket(a.first, status=4, priority=3, tags=["vip"])
    return (a.look().status, a.look().priority, a.look().tags) == ("resolved", "high", ["vip"])


def _talk(a: Account) -> bool:
    """A note is private unless it says otherwise; a reply is mailed."""
    note = a.api.comments.create_note(a.first, "for colleagues")
    shown = a.api.comments.create_note(a.first, "for all", private=False)
    reply = a.api.comments.create_reply(a.first, "We are on it")
    found = a.api.comments.list_comments(a.first)
    return (
        [one.id for one in found] == [note.id, shown.id, reply.id]
        and [one.private for one in found] == [True, False, False]
        and [one.source for one in found] == ["note", "note", "reply"]
        and a.fake.mails() == [("ada@customer.example", "We are on it")]
    )


def _pages(a: Account) -> bool:
    for number in range(120):
        a.fake.create_ticket("Bob", "bob@customer.example", f"{number}", "x")
        a.fake.agent_note(a.first, f"{number}")
    tickets = a.api.tickets.list_tickets(filter_name=None, updated_since="2000-01-01T00:00:00Z")
    return len({one.id for one in tickets}) == 121 and len(a.api.comments.list_comments(a.first)) == 120


def _delete(a: Account) -> bool:
    a.fake.trash(a.first)
    (gone,) = a.api.tickets.list_deleted_tickets()
    listed = a.api.tickets.list_tickets(filter_name=None)
    return gone.id == a.first and listed == [] and a.look().deleted is True


def _refused(a: Account) -> bool:
    with pytest.raises(Exception, match="invalid_value"):
        a.api.tickets.update_ticket(a.first, status=99)
    with pytest.raises(Exception, match="invalid_field"):
        a.api.tickets.update_ticket(a.first, bogus="x")
    with pytest.raises(Exception, match="Request Failed"):
        a.api.tickets.get_ticket(999_999)
    return bool(a.look().status == "open")


CALLS: list[tuple[str, Callable[[Account], object]]] = [
    ("who we are", lambda a: a.api.agents.currently_authenticated_agent().contact["name"] == "Liaison"),
    ("a ticket", lambda a: (a.look().subject, a.look().source) == ("Cannot pay", "email")),
    ("what is embedded", _with_requester),
    ("a contact", lambda a: a.api.contacts.get_contact(a.look().requester_id).name == "Ada Lovelace"),
    ("create", _create),
    ("update", _update),
    ("notes and replies", _talk),
    ("pages", _pages),
    ("deleted", _delete),
    ("refusals", _refused),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(account: Account, name: str, call: Callable[[Account], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(account)


def test_a_stranger_learns_nothing(account: Account, certificate: LoopbackCertificate) -> None:
    address = account.api._api_prefix.removesuffix("/api/v2/")
    stranger = _client(address, certificate, "wrong")
    with contextlib.closing(stranger._session), pytest.raises(Exception, match="logged in"):
        stranger.tickets.get_ticket(account.first)
