"""The gateway's address as vendors reach it: what is taken, and what is refused with the cure."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from deployments.cli.app import app
from deployments.commands.settings import public_url
from incidents.errors import LiaisonError

NAME = "LIAISON_PUBLIC_URL"


@pytest.mark.parametrize(
    ("given", "named", "expected"),
    [
        ("https://a.example", None, "https://a.example"),
        (" https://a.example/ ", None, "https://a.example"),
        ("https://a.example/liaison/", None, "https://a.example/liaison"),
        ("http://127.0.0.1:8400", None, "http://127.0.0.1:8400"),
        (None, "https://b.example", "https://b.example"),
        ("https://a.example", "https://b.example", "https://a.example"),
        (None, "", None),
        (None, None, None),
    ],
)
def test_what_is_taken(
    monkeypatch: pytest.MonkeyPatch, given: str | None, named: str | None, expected: str | None
):
    monkeypatch.delenv(NAME, raising=False)
    if named is not None:
        monkeypatch.setenv(NAME, named)
    assert public_url(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "liaison.example.com",
        "http://liaison.example.com",
        "https://",
        "https://a.example:port",
        "https://[::1",
        "https://user:word@a.example",
        "https://a.example/?token=x",
        "https://a.example/#x",
        "https://a b.example",
        "ftp://a.example",
    ],
)
def test_what_is_refused(given: str):
    with pytest.raises(LiaisonError, match=r"write https:// and the host"):
        public_url(given)


def test_repair_is_of_webhooks():
    answer = CliRunner().invoke(app, ["check", "--repair"])
    assert answer.exit_code == 2
    assert "--webhooks" in answer.output
