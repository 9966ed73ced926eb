"""mattermostdriver, the common Python client, at the fake: the calls that a tool like ours makes, one a row."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.mattermost.fake.app import TOKEN, FakeMattermost
from tests.connectors.served import served

# Elsewhere the dev dependencies may be older than this test; in CI a missing one is a failure.
if os.environ.get("CI"):
    client = importlib.import_module("mattermostdriver")
else:
    client = pytest.importorskip("mattermostdriver", reason="mattermostdriver is among the dev dependencies")


@dataclass
class Team:
    """The fake with its client, and a channel of ours."""

    fake: FakeMattermost
    driver: Any
    channel: str


def _driver(address: str, certificate: LoopbackCertificate, token: str = TOKEN) -> Any:
    parts = urlsplit(address)
    options = {"scheme": parts.scheme, "url": parts.hostname, "port": parts.port, "token": token}
    return client.Driver({**options, "verify": str(certificate.certificate), "debug": False})


@pytest.fixture
def team(certificate: LoopbackCertificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    # Or it would count for more than what is said here.
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    fake = FakeMattermost()
    with served(fake.app, certificate) as address:
        driver = _driver(address, certificate)
        driver.login()
        wanted = {"team_id": fake.server.team["id"], "name": "inc-7", "display_name": "INC-7", "type": "O"}
        yield Team(fake, driver, driver.channels.create_channel(wanted)["id"])


def _post(t: Team, message: str, **more: Any) -> Any:
    return t.driver.posts.create_post({"channel_id": t.channel, "message": message, **more})


def _a_post(t: Team) -> bool:
    made = _post(t, "hello", props={"liaison_once": "p:1"})
    read = t.driver.posts.get_post(made["id"])
    return (read["message"], read["props"]["liaison_once"], read["user_id"]) == (
        "hello",
        "p:1",
        t.driver.client.userid,
    )


def _a_repetition(t: Team) -> bool:
    first = _post(t, "hello", pending_post_id="x:1")
    second = _post(t, "hello", pending_post_id="x:1")
    return first["id"] == second["id"] and (first["pending_post_id"], second["pending_post_id"]) == (
        "x:1",
        "",
    )


def _an_edit(t: Team) -> bool:
    """Properties that are sent take the place of all there were; without any they stay."""
    own_id = _post(t, "hello", props={"a": 1})["id"]
    kept = t.driver.posts.patch_post(own_id, {"message": "bye"})
    lost = t.driver.posts.patch_post(own_id, {"props": {"b": 2}})
    return (kept["props"], lost["props"], lost["message"]) == ({"a": 1}, {"b": 2}, "bye")


def _history(t: Team) -> bool:
    """The newest first, 60 where nothing is said, 200 at most."""
    ids = [_post(t, f"{number}")["id"] for number in range(210)]
    usual = t.driver.posts.get_posts_for_channel(t.channel)
    most = t.driver.posts.get_posts_for_channel(t.channel, {"per_page": 1000})
    rest = t.driver.posts.get_posts_for_channel(t.channel, {"per_page": 200, "page": 1})
    newest_first = list(reversed(ids))
    return (usual["order"], most["order"], rest["order"]) == (
        newest_first[:60],
        newest_first[:200],
        newest_first[200:],
    )


def _a_channel(t: Team) -> bool:
    by_name = t.driver.channels.get_channel_by_name(t.fake.server.team["id"], "inc-7")
    t.driver.channels.patch_channel(t.channel, {"header": "down"})
    return by_name["id"] == t.channel and t.driver.channels.get_channel(t.channel)["header"] == "down"


def _people(t: Team) -> bool:
    t.driver.channels.add_user(t.channel, {"user_id": t.fake.anna["id"]})
    found = t.driver.channels.get_channel_members(t.channel, {"per_page": 200})
    return {one["user_id"] for one in found} == {t.fake.me["id"], t.fake.anna["id"]}


def _alone(t: Team) -> bool:
    both = [t.driver.client.userid, t.fake.anna["id"]]
    first = t.driver.channels.create_direct_message_channel(both)
    return bool(first["id"] == t.driver.channels.create_direct_message_channel(both)["id"])


def _refused(t: Team) -> bool:
    errors = client.exceptions
    wanted = {"team_id": t.fake.server.team["id"], "name": "inc-7", "display_name": "x", "type": "O"}
    with pytest.raises(errors.InvalidOrMissingParameters):
        t.driver.channels.create_channel(wanted)
    t.fake.archive(t.channel)
    with pytest.raises(errors.InvalidOrMissingParameters):
        _post(t, "too late")
    with pytest.raises(errors.ResourceNotFound):
        t.driver.posts.get_post("z" * 26)
    return True


CALLS: list[tuple[str, Callable[[Team], object]]] = [
    ("who we are", lambda t: t.driver.users.get_user("me")["is_bot"] is True),
    ("a team", lambda t: t.driver.teams.get_team_by_name("engineering")["display_name"] == "Engineering"),
    ("a channel", _a_channel),
    ("people", _people),
    ("one alone", _alone),
    ("a post", _a_post),
    ("a repetition", _a_repetition),
    ("an edit", _an_edit),
    ("history", _history),
    ("refusals", _refused),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(team: Team, name: str, call: Callable[[Team], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(team)


def test_a_stranger_learns_nothing(team: Team, certificate: LoopbackCertificate) -> None:
    address = team.driver.client.url.removesuffix("/api/v4")
    with pytest.raises(client.exceptions.NoAccessTokenProvided):
        _driver(address, certificate, "wrong").login()
