"""zammad_py, the Python client that Zammad documents, at the fake: the calls that a tool like ours makes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from zammad_py import ZammadAPI

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.zammad.fake.app import API_TOKEN, FakeZammad
from tests.connectors.served import served


@dataclass
class Desk:
    """The fake with its client. `first` is Ada's open ticket."""

    fake: FakeZammad
    client: Any
    first: int

    def look(self) -> dict[str, Any]:
        return dict(self.client.ticket.find(self.first))


@pytest.fixture
def desk(certificate: LoopbackCertificate) -> Iterator[Desk]:
    fake = FakeZammad(search_lag=0)
    first = fake.create_ticket("Ada Lovelace", "ada@customer.example", "Cannot pay", "Cards are refused")
    with served(fake.app, certificate) as address:
        client = ZammadAPI(url=f"{address}/api/v1/", http_token=API_TOKEN)
        # Or REQUESTS_CA_BUNDLE would count for more than what is said here.
        client.session.trust_env = False
        client.session.verify = str(certificate.certificate)
        with contextlib.closing(client.session):
            yield Desk(fake, client, first)


def _create(d: Desk) -> bool:
    article = {"subject": "My subject", "body": "I am a message!", "type": "note", "internal": False}
    fields = {"title": "Help me!", "group": "Users", "customer": "david@customer.example", "article": article}
    made = d.client.ticket.create(fields)
    read = d.client.ticket_article.find(made["article_ids"][0])
    return (read["type"], read["sender"], read["internal"], read["body"]) == (
        "note",
        "Agent",
        False,
        "I am a message!",
    )


def _update(d: Desk) -> bool:
    article = {"subject": "Update via API", "body": "Reason", "internal": True}
    d.client.ticket.update(d.first, {"state": "closed", "priority": "3 high", "article": article})
    (last,) = [one for one in d.client.ticket.articles(d.first) if one["body"] == "Reason"]
    return (d.look()["state_id"], d.look()["priority_id"], last["internal"]) == (4, 3, True)


def _article(d: Desk) -> bool:
    """What does not say `internal` is public; a mail is sent."""
    fields = {"ticket_id": d.first, "body": "Hello", "type": "email", "to": "ada@customer.example"}
    made = d.client.ticket_article.create(fields)
    return made["internal"] is False and [mail.to for mail in d.fake.mails] == ["ada@customer.example"]


def _tags(d: Desk) -> bool:
    d.client.ticket_tag.add(d.first, "vip")
    d.client.ticket_tag.add(d.first, "shop")
    d.client.ticket_tag.remove(d.first, "shop")
    return d.client.ticket.tags(d.first) == {"tags": ["vip"]}


def _search(d: Desk) -> bool:
    other = d.fake.create_ticket("Bob", "bob@customer.example", "No invoice", "Where is it?")
    by_word = [one["id"] for one in d.client.ticket.search("cannot PAY")]
    since = d.fake.desk.ticket(other)["updated_at"]
    by_time = [one["id"] for one in d.client.ticket.search(f"updated_at:[{since} TO *]")]
    return by_word == [d.first] and other in by_time


def _pages(d: Desk) -> bool:
    for number in range(24):
        d.fake.create_ticket("Bob", "bob@customer.example", f"{number}", "x")
    page = d.client.ticket.all()
    found = [one["id"] for one in page]
    while not page.is_last_page():
        page = page.next_page()
        found += [one["id"] for one in page]
    return len(found) == len(set(found)) == 25


def _merge(d: Desk) -> bool:
    other = d.fake.create_ticket("Bob", "bob@customer.example", "The same", "Me too")
    number = d.fake.desk.ticket(other)["number"]
    assert d.client.ticket.merge(d.first, number)["result"] == "success"
    return d.look()["state_id"] == 5 and len(d.client.ticket.articles(other)) == 2


def _destroy(d: Desk) -> bool:
    d.client.ticket.destroy(d.first)
    with pytest.raises(requests.HTTPError, match="Couldn't find Ticket"):
        d.look()
    return True


def _refused(d: Desk) -> bool:
    with pytest.raises(requests.HTTPError, match="pending_time"):
        d.client.ticket.update(d.first, {"state": "pending reminder"})
    with pytest.raises(requests.HTTPError, match="No lookup value found for 'state'"):
        d.client.ticket.update(d.first, {"state": "bogus"})
    return d.look()["state_id"] == 1


CALLS: list[tuple[str, Callable[[Desk], object]]] = [
    ("who we are", lambda d: d.client.user.me()["roles"] == ["Agent"]),
    ("a user", lambda d: d.client.user.find(d.look()["customer_id"])["email"] == "ada@customer.example"),
    ("a ticket", lambda d: d.look()["title"] == "Cannot pay"),
    ("its articles", lambda d: [one["sender"] for one in d.client.ticket.articles(d.first)] == ["Customer"]),
    ("create", _create),
    ("update", _update),
    ("an article", _article),
    ("tags", _tags),
    ("search", _search),
    ("pages", _pages),
    ("merge", _merge),
    ("destroy", _destroy),
    ("refusals", _refused),
    ("states", lambda d: "pending reminder" in [one["name"] for one in d.client.ticket_state.all()]),
    ("priorities", lambda d: len(d.client.ticket_priority.all()) == 3),
    ("groups", lambda d: [one["name"] for one in d.client.group.all()] == ["Users"]),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(desk: Desk, name: str, call: Callable[[Desk], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(desk)


def test_a_stranger_learns_nothing(desk: Desk) -> None:
    desk.client.session.headers["Authorization"] = "Token token=wrong"
    with pytest.raises(requests.HTTPError, match="Authentication required"):
        desk.look()
