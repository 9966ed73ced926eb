"""python-redmine, the common Python client, at the fake: the calls that a tool like ours makes, one a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import redminelib
from redminelib.exceptions import AuthError, ResourceNotFoundError

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.redmine.fake.app import API_KEY
from tests.connectors.redmine.conftest import ENGINEER, HelpdeskWorld
from tests.connectors.served import served


@dataclass
class Account:
    """The fake with its client. `first` is Ada's open ticket."""

    world: HelpdeskWorld
    client: Any
    address: str
    first: int
    certificate: LoopbackCertificate

    def look(self) -> Any:
        """The ticket with its notes, asked for anew."""
        return self.client.issue.get(self.first, include=["journals", "watchers", "allowed_statuses"])

    def notes(self) -> list[tuple[str, bool]]:
        return [(one.notes, one.private_notes) for one in self.look().journals if one.notes]

    def with_key(self, key: str) -> Any:
        requests = {"verify": str(self.certificate.certificate)}
        return redminelib.Redmine(self.address, key=key, requests=requests)


@pytest.fixture
def account(certificate: LoopbackCertificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    # It would count for more than what the client is told.
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    world = HelpdeskWorld()
    first = world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")
    with served(world.fake.app, certificate) as address:
        account = Account(world, None, address, int(first), certificate)
        account.client = account.with_key(API_KEY)
        yield account


def _who_we_are(a: Account) -> bool:
    me = a.client.user.get("current", include=["memberships"])
    (membership,) = me.memberships
    return (me.login, membership.project.name) == ("liaison", "Shop")


def _create(a: Account) -> bool:
    made = a.client.issue.create(project_id="shop", subject="The lasting fix", description="Why")
    again = a.client.issue.get(made.id)
    return (again.subject, again.description, again.status.name, again.author.id) == (
        "The lasting fix",
        "Why",
        "New",
        5,
    )


def _private_note(a: Account) -> bool:
    a.client.issue.update(a.first, notes="INC-7", private_notes=True)
    return a.notes() == [("INC-7", True)]


def _public_note_and_status(a: Account) -> bool:
    """In one call, as a closing message is sent."""
    issue = a.client.issue.get(a.first)
    issue.notes, issue.status_id = "It works again", 5
    issue.save()
    seen = a.look()
    return (seen.status.name, a.notes()) == ("Closed", [("It works again", False)]) and bool(seen.closed_on)


def _note_is_taken_back(a: Account) -> bool:
    a.client.issue.update(a.first, notes="Oops")
    (note,) = a.look().journals
    a.client.issue_journal.update(note.id, notes="")
    return list(a.look().journals) == []


def _no_right_to_private_notes(a: Account) -> bool:
    """No error is raised, and everybody reads it."""
    a.world.keep_nothing_private()
    a.client.issue.update(a.first, notes="INC-7", private_notes=True)
    return a.notes() == [("INC-7", False)]


def _status_that_is_not_allowed(a: Account) -> bool:
    """Success, and nothing changed."""
    a.client.issue.update(a.first, status_id=7)
    seen = a.look()
    return (seen.status.name, 7 in [one["id"] for one in seen.allowed_statuses]) == ("New", False)


def _open_and_closed(a: Account) -> bool:
    a.client.issue.update(a.first, status_id=5)
    return (
        len(a.client.issue.filter(project_id="shop")) == 0
        and len(a.client.issue.filter(project_id="shop", status_id="*")) == 1
    )


def _polled(a: Account) -> bool:
    a.world.let_time_pass(60)
    other = a.world.create_ticket("Later", "x", name="Bob", email="bob@customer.example")
    since = (a.world.now() - timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = a.client.issue.filter(
        project_id="shop", status_id="*", updated_on=f">={since}", sort="updated_on,id"
    )
    return [str(one.id) for one in found] == [other]


def _pages(a: Account) -> bool:
    for number in range(230):
        a.world.create_issue(f"issue {number}", "x")
    ids = [one.id for one in a.client.issue.filter(project_id="shop", sort="id")]
    return len(ids) == len(set(ids)) == 231


def _some_by_number(a: Account) -> bool:
    other = a.world.create_ticket("Later", "x", name="Bob", email="bob@customer.example")
    a.world.create_ticket("Not asked for", "x", name="Bob", email="bob@customer.example")
    found = a.client.issue.filter(issue_id=f"{a.first},{other}", status_id="*", sort="id")
    return [one.id for one in found] == [a.first, int(other)]


def _customer(a: Account) -> bool:
    author = a.client.user.get(a.look().author.id)
    return (author.firstname, author.mail) == ("Ada", "ada@customer.example")


def _members(a: Account) -> bool:
    members = a.client.project_membership.filter(project_id="shop")
    users = {one.user.id for one in members if hasattr(one, "user")}
    return users == {5, ENGINEER} and "set_notes_private" in a.client.role.get(6).permissions


def _words(a: Account) -> bool:
    statuses = {one.name: one.is_closed for one in a.client.issue_status.all()}
    return (
        statuses["Closed"]
        and not statuses["Resolved"]
        and next(one.name for one in a.client.tracker.all()) == "Bug"
    )


def _custom_field(a: Account) -> bool:
    a.client.issue.update(a.first, custom_fields=[{"id": 1, "value": "liaison, inc_42"}])
    return {one.name: one.value for one in a.look().custom_fields}["Tags"] == "liaison, inc_42"


def _deleted(a: Account) -> bool:
    a.world.delete(str(a.first))
    with pytest.raises(ResourceNotFoundError):
        a.look()
    return True


def _wrong_key(a: Account) -> bool:
    """It reads what the public may, and learns of it only when it writes."""
    wrong = a.with_key("wrong")
    assert len(wrong.issue.filter(project_id="shop")) == 1
    for call in (
        lambda: wrong.user.get("current"),
        lambda: wrong.issue.update(a.first, notes="x"),
    ):
        with pytest.raises(AuthError):
            call()
    return True


CALLS = [
    _who_we_are,
    _create,
    _private_note,
    _public_note_and_status,
    _note_is_taken_back,
    _no_right_to_private_notes,
    _status_that_is_not_allowed,
    _open_and_closed,
    _polled,
    _pages,
    _some_by_number,
    _customer,
    _members,
    _words,
    _custom_field,
    _deleted,
    _wrong_key,
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.strip("_"))
def test_common_client(account: Account, call: Callable[[Account], bool]) -> None:
    """What the client asks for is done, or told as Redmine tells it."""
    assert call(account)
