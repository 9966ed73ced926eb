"""PySNC, ServiceNow's own Python client, at the fake: the calls that a tool like ours makes, one a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysnc
import pytest
from pysnc.exceptions import AuthenticationException, RequestException, RoleException

from connectors.kit.fakes.certificates import make_certificate
from connectors.servicenow.fake.app import CLIENT, CLIENT_SECRET, PASSWORD
from connectors.servicenow.fake.instance import AGENT, BOT, COMMENTS, INCIDENT, WORK_NOTES
from tests.connectors.served import served
from tests.connectors.servicenow.conftest import ServiceNowWorld


@dataclass
class Account:
    """The fake with its client. `first` is a customer's incident."""

    world: ServiceNowWorld
    address: str
    first: str

    def client(self, auth: Any = (BOT, PASSWORD)) -> Any:
        return pysnc.ServiceNowClient(self.address, auth, auto_retry=False)

    def records(self, table: str = INCIDENT, **options: Any) -> Any:
        return self.client().GlideRecord(table, **options)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The client insists on https; its OAuth asks with what the environment trusts."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
    world = ServiceNowWorld()
    first = world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")
    with served(world.fake.app, certificate) as address:
        yield Account(world, address, first)


def _get(a: Account) -> bool:
    found = a.records()
    return bool(found.get(a.first)) and found.get_value("short_description") == "Cannot pay"


def _get_nothing(a: Account) -> bool:
    return a.records().get("f" * 32) is False


def _values_and_display_values(a: Account) -> bool:
    found = a.records()
    found.get(a.first)
    who = (found.get_value("caller_id"), found.get_display_value("caller_id"))
    state = (found.get_value("state"), found.get_display_value("state"))
    return who[0] != who[1] == "Ada" and state == ("1", "New")


def _display_times_are_the_users(a: Account) -> bool:
    found = a.records()
    found.get(a.first)
    times = (found.get_value("sys_created_on"), found.get_display_value("sys_created_on"))
    return times == ("2026-03-01 12:00:00", "2026-03-01 04:00:00")


def _query(a: Account) -> bool:
    a.world.create_ticket("Cannot log in", "x", name="Bob", email="bob@customer.example")
    found = a.records()
    found.add_query("short_description", "STARTSWITH", "Cannot")
    found.add_active_query()
    found.order_by_desc("number")
    found.query()
    return [one.get_value("short_description") for one in found] == ["Cannot log in", "Cannot pay"]


def _query_either(a: Account) -> bool:
    found = a.records()
    condition = found.add_query("state", "7")
    condition.add_or_condition("state", "1")
    found.query()
    return len(found) == 1


def _a_misspelt_query_finds_everything(a: Account) -> bool:
    """As its documentation warns."""
    a.world.create_ticket("Another", "x", name="Bob", email="bob@customer.example")
    found = a.records()
    found.add_query("shrot_description", "Cannot pay")
    found.query()
    return len(found) == 2


def _dot_walk(a: Account) -> bool:
    found = a.records()
    found.fields = "number,caller_id.email"
    found.add_query("caller_id.email", "ada@customer.example")
    found.query()
    return found.next() and found.get_value("caller_id.email") == "ada@customer.example"


def _pages(a: Account) -> bool:
    for number in range(250):
        a.world.create_ticket(f"n {number}", "x", name="Ada", email="ada@customer.example")
    found = a.records()
    found.order_by("number")
    found.query()
    numbers = [one.get_value("number") for one in found]
    return len(numbers) == len(set(numbers)) == len(found) == 251


def _insert(a: Account) -> bool:
    made = a.records("problem")
    made.initialize()
    made.short_description = "The lasting fix"
    made.correlation_id = "liaison-1"
    own_id = made.insert()
    again = a.records("problem")
    return again.get("correlation_id", "liaison-1") and again.get_value("sys_id") == own_id


def _comment_and_work_note(a: Account) -> bool:
    found = a.records()
    found.get(a.first)
    found.work_notes = "for us"
    found.update()
    found.comments = "for you"
    found.update()
    instance = a.world.instance
    return [[one["value"] for one in instance.entries(a.first, kind)] for kind in (WORK_NOTES, COMMENTS)] == [
        ["for us"],
        ["for you"],
    ]


def _journal_columns_read_back_empty(a: Account) -> bool:
    a.world.agent_reply(a.first, "We are on it")
    found = a.records()
    found.get(a.first)
    return found.get_value("comments") == "" and "We are on it" in found.get_display_value("comments")


def _journal(a: Account) -> bool:
    a.world.agent_reply(a.first, "We are on it")
    found = a.records("sys_journal_field")
    found.add_query("element_id", a.first)
    found.query()
    return found.next() and (found.get_value("element"), found.get_value("sys_created_by")) == (
        "comments",
        AGENT,
    )


def _state(a: Account) -> bool:
    found = a.records()
    found.get(a.first)
    found.state, found.close_code, found.close_notes = "6", "Solution provided", "done"
    found.update()
    return bool(a.world.row(a.first)["resolved_at"]) and found.get_value("sys_mod_count") == "1"


def _state_that_a_policy_refuses(a: Account) -> bool:
    found = a.records()
    found.get(a.first)
    found.state = "6"
    with pytest.raises(RoleException):
        found.update()
    return a.world.row(a.first)["state"] == "1"


def _delete_that_is_refused(a: Account) -> bool:
    found = a.records()
    found.get(a.first)
    with pytest.raises(RoleException):
        found.delete()
    return True


def _wrong_password(a: Account) -> bool:
    with pytest.raises(AuthenticationException):
        a.client((BOT, "wrong")).GlideRecord(INCIDENT).get(a.first)
    return True


def _table_that_is_not_there(a: Account) -> bool:
    with pytest.raises(RequestException):
        a.records("no_such_table").query()
    return True


def _table_that_may_not_be_read(a: Account) -> bool:
    a.world.fake.closed_tables.add(INCIDENT)
    with pytest.raises(RoleException):
        a.records().query()
    return True


def _over_the_limit(a: Account) -> bool:
    a.world.fake.quota = 0
    with pytest.raises(RequestException):
        a.records().query()
    return True


def _client_credentials(a: Account) -> bool:
    flow = pysnc.auth.ServiceNowClientCredentialsFlow(CLIENT, CLIENT_SECRET)
    return bool(a.client(flow).GlideRecord(INCIDENT).get(a.first))


def _client_credentials_that_are_wrong(a: Account) -> bool:
    with pytest.raises(AuthenticationException):
        a.client(pysnc.auth.ServiceNowClientCredentialsFlow(CLIENT, "wrong"))
    return True


CALLS = [
    _get,
    _get_nothing,
    _values_and_display_values,
    _display_times_are_the_users,
    _query,
    _query_either,
    _a_misspelt_query_finds_everything,
    _dot_walk,
    _pages,
    _insert,
    _comment_and_work_note,
    _journal_columns_read_back_empty,
    _journal,
    _state,
    _state_that_a_policy_refuses,
    _delete_that_is_refused,
    _wrong_password,
    _table_that_is_not_there,
    _table_that_may_not_be_read,
    _over_the_limit,
    _client_credentials,
    _client_credentials_that_are_wrong,
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.strip("_"))
def test_official_client(account: Account, call: Callable[[Account], bool]) -> None:
    assert call(account)
