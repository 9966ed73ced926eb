"""`liaison doctor`: secrets are planted wherever one can be, and none is in the bundle; what support needs is."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr
from sqlalchemy import insert
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from blocks.connect import settings_json
from blocks.http import HttpBlock
from blocks.zendesk import ZendeskBlock
from connectors.http.settings import WebhookAction
from deployments.cli.app import app
from deployments.commands.check import Surroundings
from deployments.commands.doctor.bundle import CannotBundle, collect
from deployments.commands.doctor.masking import Masking, secrets_of_environment
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.schema.tables import deliveries, effects
from tests.incidents.policy.test_rotas import BASE
from tests.servers import PrefectServer

KEY = "aW5zdGFsbGF0aW9uIG9mIGEgc3RvcnksIDMyIGJ5dGU="
WORDS = "the customer's own words about a lost wedding ring"


@dataclass
class Planted:
    """Every secret that was planted, each of its own make."""

    secrets: list[str] = field(default_factory=list)

    def new(self, look: str = "canary-{}-Zq7-of-a-test") -> str:
        self.secrets.append(look.format(len(self.secrets) + 1000))
        return self.secrets[-1]


@dataclass(frozen=True)
class Installation:
    planted: Planted
    home: Path
    where: Surroundings
    raw: str

    def read(self, file: Path) -> dict[str, str]:
        with tarfile.open(file) as bundle:
            return {
                name: part.read().decode()
                for name in bundle.getnames()
                if (part := bundle.extractfile(name)) is not None
            }


@pytest.fixture(autouse=True)
def at_prefect(prefect_server: PrefectServer) -> Iterator[None]:
    """Never a temporary server of Prefect's own."""
    with prefect_server.settings():
        yield


@pytest.fixture
async def installation(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    planted, home = Planted(), tmp_path / "home"
    (home / "logs").mkdir(parents=True)
    new = planted.new
    login = f"liaison:{new()}"
    (home / "prefect-login").write_text(login)
    planted.secrets.append(KEY)
    (home / "key").write_text(KEY)
    monkeypatch.delenv("LIAISON_KEY", raising=False)
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_BOARD_SECRET", new())
    monkeypatch.setenv("LIAISON_REDIS_URL", f"redis://user:{new()}@redis.example:6379/0")
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", f"liaison:{new()}")
    monkeypatch.setenv("SMTP_PASSWORD", new())
    token, signing, kept = new(), new(), new()
    saved = ZendeskBlock(
        subdomain="acme",
        email="ops@acme.example",
        api_token=SecretStr(token),
        signing_secrets=[SecretStr(signing)],
    )
    await saved.save("doctor", overwrite=True)
    other = HttpBlock(
        action=WebhookAction(url="https://shop.example/do/{action}", bearer_token=SecretStr(kept))
    )
    async with database.transaction() as tx:
        await Mirror(KEY).save(tx, {"http/shop": settings_json(other)}, now=datetime.now(UTC))
        await tx.execute(
            insert(deliveries).values(
                connection="zendesk/doctor", lane="intake", identity="1", headers=[], body=WORDS.encode()
            )
        )
        await tx.execute(
            insert(effects).values(
                key="k", once="k", kind="page", connection="pagerduty/ops", target="", lane="l", payload={},
                about_ticket=False, state="dead", detail=f"401 for token {token}; api_key={new()}",
            )
        )  # fmt: skip
    policy = tmp_path / "liaison.yaml"
    policy.write_text(
        f"# password: {new()}\n# was https://u:{new()}@old.example/\n{BASE}# call +44 20 7946 0958\n"
    )
    auth = base64.b64encode(login.encode()).decode()
    lines = [
        f"GET /api/v2 with {token} as it is",
        f"signed by {signing!r}, {json.dumps({'signing': signing})}",
        f"Authorization: Basic {auth}",
        f"Authorization: Bearer {new('stranger.{}.token')}",
        f"dsn postgresql+asyncpg://liaison:{new()}@db.example/liaison refused",
        f"{{'password': '{new()}', 'region': 'eu'}} client_secret=\"{new()}\" X-Api-Key: {new()}",
        f"LIAISON_KEY={KEY} mirror {kept}",
        f"xoxb-{new('123456789012-{}89012-AbCdEfGhIjKlMnOpQrStUvWx')}",
        f"mail to ada.lovelace{planted.new('{}@home.example')} card 4111 1111 1111 1111",
        "worker: recover failed with TimeoutError",
    ]
    planted.secrets += ["4111 1111 1111 1111", auth, "7946 0958"]
    (home / "logs" / "worker.log").write_text("\n".join(lines))
    where = Surroundings(home=home, policy=policy, gateway_url="http://127.0.0.1:1")
    return Installation(planted, home, where, "\n".join([*lines, policy.read_text()]))


async def test_nothing_planted_is_in_it(installation: Installation, tmp_path: Path):
    """By value, as quoted, as encoded; nor a customer's word. What there is to see is there."""
    file = tmp_path / "bundle.tar.gz"
    contents = await collect(installation.where, file)
    parts = installation.read(file)
    everything = "\n".join(parts.values())
    assert [secret for secret in installation.planted.secrets if secret in everything] == []
    assert WORDS not in everything
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(contents.missing) == {"gateway.json"}, "nobody listens on port 1"

    store: dict[str, Any] = json.loads(parts["liaison-doctor/store.json"])
    assert store["schema"]["found"] == store["schema"]["wanted"]
    assert store["lanes"]["intake"]["waiting"] == 1
    assert store["rows"]["deliveries"] == 1
    assert store["troubled_effects"][0]["detail"].startswith("401 for token [secret]")
    assert json.loads(parts["liaison-doctor/versions.json"])["packages"]["prefect"]
    assert {one["what"] for one in json.loads(parts["liaison-doctor/check.json"])} >= {"policy", "store"}
    assert json.loads(parts["liaison-doctor/prefect.json"])["version"]
    environment = json.loads(parts["liaison-doctor/environment.json"])
    assert environment["LIAISON_REDIS_URL"] == "redis://[login removed]@redis.example:6379/0"
    log = parts["liaison-doctor/logs/worker.log"]
    assert "worker: recover failed with TimeoutError" in log
    assert "@db.example/liaison refused" in log
    assert "'region': 'eu'" in log
    assert "services:" in parts["liaison-doctor/policy.yaml"]


async def test_the_canaries_sing_without_the_sieves(installation: Installation):
    """The control: what is planted in logs and policy would be seen, and each sieve alone lets some through."""
    seen = [secret for secret in installation.planted.secrets if secret in installation.raw]
    assert len(seen) > 10
    known_only = Masking(secrets_of_environment({"A_TOKEN": installation.planted.secrets[0]}))
    assert any(secret in known_only.mask(installation.raw) for secret in installation.planted.secrets)


async def test_a_store_that_is_away_is_said_and_the_rest_is_there(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    secret = installation.planted.new()
    monkeypatch.setenv("LIAISON_DATABASE_URL", f"postgresql://liaison:{secret}@127.0.0.1:1/liaison")
    file = tmp_path / "bundle.tar.gz"
    contents = await collect(installation.where, file)
    parts = installation.read(file)
    assert "store.json" in contents.missing
    assert "liaison-doctor/logs/worker.log" in parts
    found = "\n".join(parts.values())
    assert secret not in found


def _elsewhere(url: str) -> str:
    return make_url(url).set(database="not-there").render_as_string(hide_password=False)


NEITHER_SAYS = "neither store nor Prefect tells"


async def test_a_connection_that_is_not_valid_costs_no_bundle(
    installation: Installation, database: Database, tmp_path: Path
):
    """It is named, and each text in it is a secret: also of a vendor that is unknown, and of what is no JSON."""
    unread = [installation.planted.new() for _ in range(3)]
    async with database.transaction() as tx:
        bad = {
            "zendesk/old": json.dumps({"subdomain": [], "was": {"token": [unread[0]]}}),
            "gone/vendor": json.dumps({"x": unread[1]}),
            "http/broken": unread[2],
        }
        await Mirror(KEY).save(tx, bad, now=datetime.now(UTC))
    log = installation.home / "logs" / "worker.log"
    log.write_text("\n".join([log.read_text(), *unread]))
    file = tmp_path / "bundle.tar.gz"
    contents = await collect(installation.where, file)
    assert {f"settings of {name}" for name in bad} <= set(contents.missing)
    everything = "\n".join(installation.read(file).values())
    assert [secret for secret in installation.planted.secrets if secret in everything] == []
    assert "recover failed with TimeoutError" in everything


async def test_a_store_that_lets_nobody_in_costs_only_its_part(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
):
    """asyncpg's own error, as it is on connecting."""
    monkeypatch.setenv("LIAISON_DATABASE_URL", _elsewhere(database.url))
    contents = await collect(installation.where, tmp_path / "bundle.tar.gz")
    assert "not-there" in contents.missing["store.json"]
    assert "the connections in the store" in contents.missing
    assert "logs/worker.log" in contents.parts, "Prefect tells the connections"


@pytest.mark.parametrize("has_other_key", [False, True])
async def test_where_nobody_tells_the_secrets_no_log_is_in_it(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_other_key: bool
):
    """Nor the errors in the store, should it be there and not be read."""
    if has_other_key:
        monkeypatch.setenv("LIAISON_KEY", Fernet.generate_key().decode())
    else:
        monkeypatch.setenv("LIAISON_DATABASE_URL", "postgresql://liaison@127.0.0.1:1/liaison")
    file = tmp_path / "bundle.tar.gz"
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        contents = await collect(installation.where, file)
    parts = installation.read(file)
    assert not any("logs/" in name for name in parts)
    assert contents.missing["logs/worker.log"].startswith(NEITHER_SAYS)
    assert json.loads(parts["liaison-doctor/missing.json"]) == contents.missing
    assert {"the connections in the store", "the connections at Prefect"} <= set(contents.missing)
    everything = "\n".join(parts.values())
    assert [secret for secret in installation.planted.secrets if secret in everything] == []
    if has_other_key:
        store = json.loads(parts["liaison-doctor/store.json"])
        assert store["troubled_effects"].startswith(NEITHER_SAYS)


async def test_while_the_key_is_rotated_each_one_is_a_secret(installation: Installation, tmp_path: Path):
    old, new = KEY, Fernet.generate_key().decode()
    (installation.home / "key").write_text(f"{new}, {old}")
    (installation.home / "logs" / "worker.log").write_text(f"with {old}\nwith {new}\n")
    file = tmp_path / "bundle.tar.gz"
    await collect(installation.where, file)
    log = installation.read(file)["liaison-doctor/logs/worker.log"]
    assert log == "with [secret]\nwith [secret]\n"


def test_a_secret_of_several_lines_is_masked_whole_and_line_by_line():
    lines = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkq+/w0B", "AQEFAASCBKcwggSj4x=="]
    masking = Masking(["\n".join(lines)])
    for text in (
        "\n".join(lines),
        "\r\n".join(lines),
        json.dumps("\n".join(lines)),
        f"error near {lines[1]}",
    ):
        masked = masking.mask(text)
        assert not any(line in masked for line in lines), masked


@pytest.mark.parametrize(
    "text",
    [
        "    password: |\n      hunter two\n\n      and three\n    next: stays",
        "- api_key: >-\n    hunter two\n- next: stays",
        "password:\n  hunter two\nnext: stays",
        'password: "hunter\n  two and three"\nnext: stays',
        "# password: |\n#   hunter two\n# next: stays",
        "tokens:\n- hunter two\n- three\nnext: stays",
        "password: hunter\n# next: stays",
    ],
)
def test_what_stands_below_a_secrets_name_is_masked(text: str):
    masked = Masking([]).mask(text)
    assert not any(word in masked for word in ("hunter", "two", "three"))
    assert "next: stays" in masked


async def test_a_file_that_is_there_is_not_overwritten(installation: Installation, tmp_path: Path):
    file = tmp_path / "bundle.tar.gz"
    file.write_text("mine")
    with pytest.raises(CannotBundle, match="not there yet"):
        await collect(installation.where, file)
    assert file.read_text() == "mine"


def test_the_command(installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It names its parts, and what it could not have."""
    monkeypatch.setenv("LIAISON_DATABASE_URL", "postgresql://liaison@127.0.0.1:1/liaison")
    file = tmp_path / "bundle.tar.gz"
    policy = str(installation.where.policy)
    done = CliRunner().invoke(
        app, ["doctor", str(file), "--home", str(installation.home), "--policy", policy]
    )
    assert done.exit_code == 0, done.output
    assert "not in it: store.json" in done.output
    assert file.exists()


def test_a_key_is_masked_however_it_is_written():
    """As a value of a variable, in an address, and in basic authentication."""
    key = Fernet.generate_key().decode()
    masking = Masking([key])
    for form in (key, f"x={key}", base64.b64encode(key.encode()).decode()):
        assert key not in masking.mask(form)
        assert "[secret]" in masking.mask(form)
