"""Where this machine's Liaison lives: its data folder, its store, its key. Read when asked, never on import."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from connectors.kit.addresses import keeps_secrets
from deployments.machine.databases import OUR_DATABASE, PREFECTS_DATABASE, with_asyncpg
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.home import POSTGRES_FOLDER, liaison_home
from deployments.machine.shipped import shipped
from deployments.machine.whereabouts import whereabouts
from incidents.errors import LiaisonError

OWN_GATEWAY = "http://127.0.0.1:8400"
EXAMPLE_POLICY = shipped("liaison.example.yaml")


class NotRunning(LiaisonError):
    """There is no store to ask."""


def policy_file(given: Path | None = None) -> Path:
    """`--policy`, else `LIAISON_POLICY`, else `liaison.yaml` here, else the example."""
    if given is not None:
        return given
    named = os.environ.get("LIAISON_POLICY")
    if named:
        return Path(named)
    here = Path("liaison.yaml")
    return here if here.exists() else EXAMPLE_POLICY


def database_url(given: Path | None = None) -> str:
    """The store's address: `LIAISON_DATABASE_URL`, else the running embedded one of the data folder."""
    named = os.environ.get("LIAISON_DATABASE_URL")
    if named:
        return with_asyncpg(named)
    folder = liaison_home(given) / POSTGRES_FOLDER
    embedded = EmbeddedDatabase(folder) if folder.exists() else None
    if embedded is None or embedded.pid is None:
        raise NotRunning(
            f"Liaison is not running on {liaison_home(given)}: start it with `liaison up`, name another data "
            "folder with --home, or set LIAISON_DATABASE_URL"
        )
    return embedded.url(OUR_DATABASE)


def public_url(given: str | None = None) -> str | None:
    """The gateway's address as vendors reach it, without a slash at the end: the one given, else `LIAISON_PUBLIC_URL`,
    else None. Raises `LiaisonError` for what is no such address.
    """
    url = (given or os.environ.get("LIAISON_PUBLIC_URL") or "").strip().rstrip("/")
    if not url:
        return None
    try:
        # Asking for the port raises ValueError for one that is no number.
        is_usable = keeps_secrets(url) and urlsplit(url).port != 0 and not set("?#@ ") & set(url)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise LiaisonError(
            f"{url!r} is no address for webhooks: write https:// and the host that vendors reach, such as"
            " https://liaison.example.com"
        )
    return url


def gateway_url(home: Path | None, given: str | None = None) -> str:
    """Where the gateway listens on this machine: the address given, else where `liaison up` says, else port 8400."""
    running = None if given else whereabouts(liaison_home(home))
    return (given or (running.gateway_url if running is not None else OWN_GATEWAY)).rstrip("/")


def kept_key(folder: Path) -> str | None:
    """`LIAISON_KEY`, or the key that is in the data folder already; None where there is neither."""
    file = folder / "key"
    return os.environ.get("LIAISON_KEY") or (file.read_text().strip() if file.is_file() else None)


def shared_key(folder: Path) -> str:
    """`LIAISON_KEY`, or the data folder's. Raises `LiaisonError`: one made here would be no other process's."""
    key = kept_key(folder)
    if key is None:
        raise LiaisonError(
            "LIAISON_KEY is not set: make one with `liaison key`, and give the same to gateway, listener and worker"
        )
    return key


def prefects_database_url(given: Path | None = None) -> str | None:
    """The address of Prefect's database where it is on the embedded server of the data folder, and runs."""
    folder = liaison_home(given) / "postgres"
    if not folder.exists():
        return None
    embedded = EmbeddedDatabase(folder)
    is_ours = embedded.pid is not None and PREFECTS_DATABASE in embedded.databases()
    return embedded.url(PREFECTS_DATABASE) if is_ours else None


def operator_key(folder: Path) -> str:
    """`LIAISON_KEY`, else the key kept in the data folder, made at first use and readable by its owner only."""
    named = os.environ.get("LIAISON_KEY")
    if named:
        return named
    file = folder / "key"
    if not file.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(Fernet.generate_key().decode())
    return file.read_text().strip()
