"""python-gitlab, the common Python client, at the fake: the calls that a tool like ours makes, one a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.gitlab.fake.app import GUEST, TOKEN
from connectors.gitlab.fake.records import BOT, ENGINEER, PROJECT
from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.gitlab.conftest import GitLabWorld
from tests.connectors.served import served

gitlab = pytest.importorskip("gitlab", reason="python-gitlab is among the dev dependencies")


@dataclass
class Account:
    """The fake with its client. `first` is an engineer's open issue."""

    world: GitLabWorld
    address: str
    certificate: LoopbackCertificate
    first: int

    def client(self, token: str = TOKEN) -> Any:
        return gitlab.Gitlab(
            self.address,
            private_token=token,
            ssl_verify=str(self.certificate.certificate),
        )

    @property
    def project(self) -> Any:
        return self.client().projects.get(PROJECT)

    def look(self) -> Any:
        """The first issue, asked for anew."""
        return self.project.issues.get(self.first)


@pytest.fixture
def account(certificate: LoopbackCertificate) -> Iterator[Account]:
    world = GitLabWorld()
    first = int(world.create_issue("Cannot pay", "Cards are refused"))
    with served(world.fake.app, certificate) as address:
        yield Account(world, address, certificate, first)


def _who_we_are(a: Account) -> bool:
    client = a.client()
    client.auth()
    return (client.user.username, a.project.path_with_namespace) == (BOT, PROJECT)


def _create(a: Account) -> bool:
    made = a.project.issues.create({"title": "The lasting fix", "description": "Why"})
    again = a.project.issues.get(made.iid)
    return (again.title, again.description, again.state, again.author["username"]) == (
        "The lasting fix",
        "Why",
        "opened",
        BOT,
    )


def _internal_note(a: Account) -> bool:
    a.look().notes.create({"body": "INC-7", "internal": True})
    return [(one.body, one.internal) for one in a.look().notes.list(get_all=True)] == [("INC-7", True)]


def _internal_note_of_a_guest(a: Account) -> bool:
    """No error is raised, and everybody reads it."""
    a.world.fake.role = GUEST
    made = a.look().notes.create({"body": "INC-7", "internal": True})
    return made.internal is False


def _note_is_taken_back(a: Account) -> bool:
    note = a.look().notes.create({"body": "Oops"})
    a.look().notes.delete(note.id)
    return a.look().notes.list(get_all=True) == []


def _closed_and_opened(a: Account) -> bool:
    states = []
    for event in ("close", "reopen"):
        issue = a.look()
        issue.state_event = event
        issue.save()
        states.append(a.look().state)
    return states == ["closed", "opened"]


def _a_line_with_a_slash_is_done(a: Account) -> bool:
    a.look().notes.create({"body": "Hello\n/close"})
    return (a.look().state, a.world.fake.done) == ("closed", ["close"])


def _our_issues_page_by_page(a: Account) -> bool:
    for number in range(45):
        a.world.fake.open(BOT if number % 3 == 0 else ENGINEER, f"{number}", "x")
    me = a.client()
    me.auth()
    found = a.project.issues.list(author_id=me.user.id, scope="all", state="all", per_page=10, get_all=True)
    return len(found) == 15


def _changed_since(a: Account) -> bool:
    a.world.let_time_pass(60)
    later = a.world.create_issue("Later", "x")
    after = a.world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    found = a.project.issues.list(updated_after=after, scope="all", get_all=True)
    return [str(one.iid) for one in found] == [later]


def _hooks(a: Account) -> bool:
    a.world.fake.hooks = [{"id": 1, "url": "https://liaison.example/hooks", "alert_status": "disabled"}]
    (hook,) = a.project.hooks.list(get_all=True)
    return bool(hook.alert_status == "disabled")


ROWS = [
    _who_we_are,
    _create,
    _internal_note,
    _internal_note_of_a_guest,
    _note_is_taken_back,
    _closed_and_opened,
    _a_line_with_a_slash_is_done,
    _our_issues_page_by_page,
    _changed_since,
    _hooks,
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__.strip("_"))
def test_call(account: Account, row: Callable[[Account], bool]) -> None:
    assert row(account)


def test_errors_are_the_clients_own(account: Account) -> None:
    """A wrong token, a project and an issue that are not there, a limit, and a page in place of an answer."""
    with pytest.raises(gitlab.GitlabAuthenticationError):
        account.client("wrong").auth()
    with pytest.raises(gitlab.GitlabGetError) as caught:
        account.client().projects.get("acme/other")
    assert caught.value.response_code == 404
    with pytest.raises(gitlab.GitlabGetError):
        account.project.issues.get(99)
    project = account.project
    account.world.fake.limited = (429, {"Retry-After": "1800"})
    with pytest.raises(gitlab.GitlabError) as limit:
        project.issues.get(account.first, obey_rate_limit=False)  # else it waits that long
    assert limit.value.response_code == 429
