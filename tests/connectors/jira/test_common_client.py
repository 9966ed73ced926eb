"""jira, the common Python client, at the fake: the calls that a tool like ours makes, one a row, on both editions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jira
import pytest
from jira.exceptions import JIRAError

from connectors.jira.fake.app import EMAIL, TOKEN
from connectors.kit.atlassian.site import Edition
from tests.connectors.jira.conftest import JiraWorld
from tests.connectors.served import served


@dataclass
class Account:
    """The fake with its client. `first` is an engineer's issue."""

    world: JiraWorld
    client: Any
    address: str
    first: str

    @property
    def is_cloud(self) -> bool:
        return self.world.edition is Edition.CLOUD

    def with_token(self, token: str) -> Any:
        login: dict[str, Any] = {"basic_auth": (EMAIL, token)} if self.is_cloud else {"token_auth": token}
        return jira.JIRA(self.address, max_retries=0, **login)

    def search(self, jql: str, **asked: Any) -> Any:
        """Cloud has another search, and the client another method for it."""
        if self.is_cloud:
            return self.client.enhanced_search_issues(jql, **asked)
        return self.client.search_issues(jql, **asked)


@pytest.fixture
def account(world: JiraWorld) -> Iterator[Account]:
    first = world.create_issue("Cannot pay", "Cards are refused")
    with served(world.fake.app) as address:
        account = Account(world, None, address, first)
        account.client = account.with_token(TOKEN)
        yield account


def _who_we_are(a: Account) -> bool:
    known = a.client.myself()
    return known["displayName"] == "Liaison" and ("accountId" in known) is a.is_cloud


def _which_edition(a: Account) -> bool:
    return bool(a.client._is_cloud) is a.is_cloud


def _create(a: Account) -> bool:
    made = a.client.create_issue(
        project="SHOP", summary="The lasting fix", description="Why", issuetype={"name": "Bug"}, labels=["a"]
    )
    again = a.client.issue(made.key)
    return (again.fields.summary, again.fields.description, again.fields.labels) == (
        "The lasting fix",
        "Why",
        ["a"],
    )


def _create_what_is_refused(a: Account) -> bool:
    with pytest.raises(JIRAError) as caught:
        a.client.create_issue(project="SHOP", summary="x", issuetype={"name": "Incident"})
    return bool(caught.value.status_code == 400 and "valid issue type" in caught.value.text)


def _search(a: Account) -> bool:
    made = a.client.create_issue(project="SHOP", summary="x", issuetype={"name": "Bug"}, labels=["mark"])
    found = a.search('labels = "mark" AND creator = currentUser()', fields="summary")
    return [one.key for one in found] == [made.key]


def _search_that_is_gone(a: Account) -> bool:
    """The client's old method asks for what Cloud does not have any more."""
    if not a.is_cloud:
        return True
    with pytest.raises(JIRAError) as caught:
        a.client._get_json("search", params={"jql": "project = SHOP"})
    return bool(caught.value.status_code == 410)


def _pages(a: Account) -> bool:
    for number in range(230):
        a.world.create_issue(f"issue {number}", "x")
    found = a.search('project = "SHOP" AND updated >= "-5m" ORDER BY created ASC', maxResults=0)
    keys = [one.key for one in found]
    return len(keys) == len(set(keys)) == 231


def _comment(a: Account) -> bool:
    a.client.add_comment(a.first, "INC-7", visibility={"type": "role", "value": "Developers"})
    (comment,) = a.client.comments(a.first)
    return (comment.body, comment.visibility.value) == ("INC-7", "Developers")


def _comment_is_taken_back(a: Account) -> bool:
    made = a.client.add_comment(a.first, "Oops")
    made.delete()
    return bool(a.client.comments(a.first) == [])


def _transition(a: Account) -> bool:
    ways = {one["to"]["name"]: one["id"] for one in reversed(a.client.transitions(a.first))}
    a.client.transition_issue(a.first, ways["In Progress"])
    status = a.client.issue(a.first).fields.status
    return (status.name, status.statusCategory.key) == ("In Progress", "indeterminate")


def _transition_by_name(a: Account) -> bool:
    a.client.transition_issue(a.first, "Finish")
    return bool(a.client.issue(a.first).fields.status.statusCategory.key == "done")


def _project(a: Account) -> bool:
    project = a.client.project("SHOP")
    return project.name == "Shop" and [one.name for one in project.issueTypes] == ["Bug", "Task"]


def _rights(a: Account) -> bool:
    known = a.client.my_permissions(projectKey="SHOP", permissions="ADD_COMMENTS,ADMINISTER")["permissions"]
    return known["ADD_COMMENTS"]["havePermission"] and not known["ADMINISTER"]["havePermission"]


def _deleted(a: Account) -> bool:
    a.world.delete(a.first)
    with pytest.raises(JIRAError) as caught:
        a.client.issue(a.first)
    return bool(caught.value.status_code == 404)


def _wrong_token(a: Account) -> bool:
    with pytest.raises(JIRAError) as caught:
        a.with_token("wrong").myself()
    return bool(caught.value.status_code == 401)


CALLS = [
    _who_we_are,
    _which_edition,
    _create,
    _create_what_is_refused,
    _search,
    _search_that_is_gone,
    _pages,
    _comment,
    _comment_is_taken_back,
    _transition,
    _transition_by_name,
    _project,
    _rights,
    _deleted,
    _wrong_token,
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.strip("_"))
def test_common_client(account: Account, call: Callable[[Account], bool]) -> None:
    assert call(account)
