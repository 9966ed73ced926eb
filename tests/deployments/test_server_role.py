"""`liaison server` by its environment: what is missing is named, and the operator's own settings win."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deployments.commands.settings import EXAMPLE_POLICY, shared_key
from deployments.machine.processes import StackError
from deployments.machine.server_role import DATABASE, LOGIN, REDIS, ServerPart, server_role
from incidents.errors import LiaisonError

ENVIRON = {DATABASE: "postgresql://prefect:secret@db.example/prefect", "LIAISON_POLICY": str(EXAMPLE_POLICY)}


def test_alone_on_loopback_it_needs_a_database_only():
    role = server_role(ServerPart.ALL, host="127.0.0.1", port=4201, environ=ENVIRON)
    assert role.command[-4:] == ("--host", "127.0.0.1", "--port", "4201")
    assert role.settings[DATABASE] == "postgresql+asyncpg://prefect:secret@db.example/prefect"
    assert role.settings["PREFECT_SERVER_UI_API_URL"] == "http://127.0.0.1:4201/api"
    assert role.settings["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"] == "events", "as the policy says"
    assert "PREFECT_SERVER_DATABASE_MIGRATE_ON_START" not in role.settings


@pytest.mark.parametrize("given", ["https://prefect.example.com", "https://prefect.example.com/api/"])
def test_pages_and_origin_are_where_browsers_have_them(given: str):
    """Behind a proxy: both else were the loopback of whoever looks."""
    environ = ENVIRON | {LOGIN: "user:password"}
    everywhere = "0.0.0.0"  # noqa: S104 - nothing listens
    role = server_role(ServerPart.ALL, host=everywhere, port=4200, public_url=given, environ=environ)
    assert role.settings["PREFECT_SERVER_UI_API_URL"] == "https://prefect.example.com/api"
    assert role.settings["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "https://prefect.example.com"


def test_a_path_is_no_part_of_an_origin():
    role = server_role(
        ServerPart.ALL,
        host="127.0.0.1",
        port=4200,
        public_url="https://acme.example:8443/prefect",
        environ=ENVIRON | {LOGIN: "user:password"},
    )
    assert role.settings["PREFECT_SERVER_UI_API_URL"] == "https://acme.example:8443/prefect/api"
    assert role.settings["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "https://acme.example:8443"


@pytest.mark.parametrize("given", ["prefect.example.com", "https://", "ftp://x", "https://[x", "https://a,b"])
def test_what_is_no_address_of_pages_is_named(given: str):
    with pytest.raises(StackError, match="LIAISON_SERVER_PUBLIC_URL"):
        server_role(ServerPart.ALL, host="127.0.0.1", port=4200, public_url=given, environ=ENVIRON)


def test_the_operators_settings_win():
    own = {"PREFECT_SERVER_UI_API_URL": "https://prefect.example.com/api"}
    role = server_role(ServerPart.ALL, host="127.0.0.1", port=4201, environ=ENVIRON | own)
    assert role.settings["PREFECT_SERVER_UI_API_URL"] == own["PREFECT_SERVER_UI_API_URL"]


@pytest.mark.parametrize(
    ("part", "host", "environ", "words"),
    [
        (ServerPart.ALL, "127.0.0.1", {}, f"{DATABASE} is not set"),
        (ServerPart.ALL, "127.0.0.1", {DATABASE: "sqlite:///x"}, f"{DATABASE} must be a PostgreSQL address"),
        (ServerPart.ALL, "0.0.0.0", ENVIRON, f"{LOGIN} is not set"),  # noqa: S104 - it is refused
        (ServerPart.API, "127.0.0.1", ENVIRON, f"{REDIS} is not set"),
        (ServerPart.SERVICES, "127.0.0.1", ENVIRON, f"{REDIS} is not set"),
        (ServerPart.API, "127.0.0.1", ENVIRON | {REDIS: "redis://r/0"}, "prefect-redis is not installed"),
    ],
)
def test_what_is_missing_is_named(part: ServerPart, host: str, environ: dict[str, str], words: str):
    with pytest.raises(StackError, match=re.escape(words)):
        server_role(part, host=host, port=4200, environ=environ)


def test_a_key_that_only_this_process_would_have_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two gateways, each with one of its own, could not read what the other has written."""
    monkeypatch.delenv("LIAISON_KEY", raising=False)
    with pytest.raises(LiaisonError, match="liaison key"):
        shared_key(tmp_path)
    assert list(tmp_path.iterdir()) == []
