"""simple-salesforce, the common Python client, at the fake: the calls that a tool like ours makes, one a row."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.salesforce.fake.app import ADDRESS, CLIENT
from connectors.salesforce.fake.org import BOT_NAME
from connectors.salesforce.rest.ids import case_id
from tests.connectors.salesforce.conftest import SalesforceWorld, keys
from tests.connectors.served import served

# Elsewhere the dev dependencies may be older than this test; in CI a missing one is a failure.
if os.environ.get("CI"):
    client = importlib.import_module("simple_salesforce")
else:
    client = pytest.importorskip(
        "simple_salesforce", reason="simple-salesforce is among the dev dependencies"
    )


@dataclass
class Account:
    """The fake with its client. `first` is a customer's case."""

    world: SalesforceWorld
    api: Any
    first: str

    def query(self, soql: str, **options: Any) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = self.api.query_all(soql, **options)["records"]
        return records


def _session(certificate: LoopbackCertificate) -> Any:
    session = importlib.import_module("requests").Session()
    session.verify = str(certificate.certificate)
    # Or REQUESTS_CA_BUNDLE would count for more than what is said here.
    session.trust_env = False
    return session


def _token(world: SalesforceWorld) -> str:
    world.fake.tokens["token-of-the-client"] = BOT_NAME
    return "token-of-the-client"


@pytest.fixture
def account(certificate: LoopbackCertificate) -> Iterator[Account]:
    world = SalesforceWorld()
    first = world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")
    with served(world.fake.app, certificate) as address, contextlib.closing(_session(certificate)) as session:
        # It knows hosts, and makes the address of them.
        host = address.removeprefix("https://")
        api = client.Salesforce(instance=host, session_id=_token(world), session=session, version="62.0")
        yield Account(world, api, first)


def _get(a: Account) -> bool:
    found = a.api.Case.get(a.first)
    return (found["Subject"], found["Status"], found["IsClosed"]) == ("Cannot pay", "New", False)


def _query(a: Account) -> bool:
    (row,) = a.query(
        "SELECT Id, Contact.Email, Owner.Type FROM Case WHERE Contact.Email = 'ADA@customer.example'"
    )
    return (row["Contact"]["Email"], row["Owner"]["Type"]) == ("ada@customer.example", "Queue")


def _subquery(a: Account) -> bool:
    a.world.customer_reply(a.first, "Any news?")
    (row,) = a.query("SELECT Id, (SELECT CommentBody, CreatedBy.UserType FROM CaseComments) FROM Case")
    (said,) = row["CaseComments"]["records"]
    return (said["CommentBody"], said["CreatedBy"]["UserType"]) == ("Any news?", "CspLitePortal")


def _pages(a: Account) -> bool:
    for number in range(2_100):
        a.world.org.case({"Subject": f"{number}"})
    return len({row["Id"] for row in a.query("SELECT Id FROM Case ORDER BY CreatedDate")}) == 2_101


def _comments(a: Account) -> bool:
    """Private unless it says otherwise; only its flag can be changed."""
    note = a.api.CaseComment.create({"ParentId": a.first, "CommentBody": "for colleagues"})["id"]
    a.api.CaseComment.create({"ParentId": a.first, "CommentBody": "for all", "IsPublished": True})
    (hidden,) = a.query("SELECT Id FROM CaseComment WHERE IsPublished = false")
    a.api.CaseComment.update(note, {"IsPublished": True})
    with pytest.raises(client.exceptions.SalesforceError, match="INSUFFICIENT_ACCESS"):
        a.api.CaseComment.update(note, {"CommentBody": "other words"})
    return hidden["Id"] == note and a.query("SELECT Id FROM CaseComment WHERE IsPublished = false") == []


def _update(a: Account) -> bool:
    status = a.api.Case.update(a.first, {"Status": "Closed"})
    found = a.api.Case.get(a.first)
    return status == 204 and found["IsClosed"] is True and bool(found["ClosedDate"])


def _create_and_delete(a: Account) -> bool:
    made = a.api.Case.create({"Subject": "No invoice"})["id"]
    a.api.Case.delete(made)
    with pytest.raises(client.exceptions.SalesforceResourceNotFound):
        a.api.Case.get(made)
    (binned,) = a.query("SELECT Id, IsDeleted FROM Case WHERE IsDeleted = true", include_deleted=True)
    return case_id(made) == binned["Id"] and a.query("SELECT Id FROM Case WHERE IsDeleted = true") == []


def _describe(a: Account) -> bool:
    fields = {one["name"]: one for one in a.api.Case.describe()["fields"]}
    return "Closed" in [one["value"] for one in fields["Status"]["picklistValues"]]


def _refused(a: Account) -> bool:
    for soql in ("SELECT Bogus FROM Case", "SELECT Id FROM Bogus", "SELECT Id FROM Case WHERE"):
        with pytest.raises(client.exceptions.SalesforceMalformedRequest):
            a.api.query(soql)
    a.world.fake.calls_a_day = 0
    with pytest.raises(client.exceptions.SalesforceError, match="REQUEST_LIMIT_EXCEEDED"):
        a.api.query("SELECT Id FROM Case")
    return True


def _limits(a: Account) -> bool:
    a.api.query("SELECT Id FROM Case")
    usage = a.api.api_usage["api-usage"]
    return (usage.used, usage.total) == (1, 100_000) and a.api.limits()["DailyApiRequests"]["Max"] == 100_000


CALLS: list[tuple[str, Callable[[Account], object]]] = [
    ("a case", _get),
    ("query", _query),
    ("subquery", _subquery),
    ("pages", _pages),
    ("comments", _comments),
    ("update", _update),
    ("create and delete", _create_and_delete),
    ("describe", _describe),
    ("refusals", _refused),
    ("limits", _limits),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(account: Account, name: str, call: Callable[[Account], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(account)


def test_a_stranger_learns_nothing(account: Account) -> None:
    account.world.fake.expire_tokens()
    with pytest.raises(client.exceptions.SalesforceExpiredSession):
        account.api.Case.get(account.first)


def test_it_logs_in_as_we_do(account: Account, certificate: LoopbackCertificate) -> None:
    """The JWT bearer flow: the same claims, the same answer."""
    adapter: Any = importlib.import_module("requests.adapters").HTTPAdapter
    address = account.api.base_url.partition("/services")[0]

    class ToTheFake(adapter):  # type: ignore[misc]
        """It knows Salesforce's own login servers alone."""

        def send(self, request: Any, **options: Any) -> Any:
            request.url = request.url.replace("https://login.salesforce.com", address)
            return super().send(request, **options)

    with contextlib.closing(_session(certificate)) as session:
        session.mount("https://login.salesforce.com", ToTheFake())
        token, host = client.login.SalesforceLogin(
            username=BOT_NAME,
            consumer_key=CLIENT,
            privatekey=keys()[0].encode(),
            domain="login",
            session=session,
        )
    assert token in account.world.fake.tokens
    assert host == ADDRESS.removeprefix("https://")
