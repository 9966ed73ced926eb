"""A Synapse of our own on loopback, with accounts, and a way to it on which faults can be armed."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from deployments.machine.processes import free_port
from tests.real.programs import cached_program
from tests.real.running import HOST, running

SERVER = "real.test"
SECRET = "a-secret-for-registering"
PASSWORD = "a-password-of-a-test"
GENEROUS = {"per_second": 10_000, "burst_count": 10_000}
V3 = "/_matrix/client/v3"


@dataclass
class Account:
    """Somebody on it, logged in."""

    http: httpx.AsyncClient
    user_id: str
    token: str
    device_id: str

    async def call(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """The content of an answer that says yes."""
        answer = await self.raw(method, path, body, **params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def raw(self, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        content = {"json": {} if body is None else body} if method != "GET" else {}
        return await self.http.request(
            method, f"{V3}{path}", headers={"Authorization": f"Bearer {self.token}"}, params=params, **content
        )

    async def say(self, room_id: str, text: str, **content: Any) -> str:
        said = {"msgtype": "m.text", "body": text, **content}
        sent = await self.call("PUT", f"/rooms/{room_id}/send/m.room.message/{os.urandom(8).hex()}", said)
        return str(sent["event_id"])

    async def react(self, room_id: str, event_id: str, key: str) -> None:
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        where = f"/rooms/{room_id}/send/m.reaction/{os.urandom(8).hex()}"
        await self.call("PUT", where, {"m.relates_to": relation})

    async def leave_everything(self) -> None:
        """No room and no alias is left of what was before."""
        for room_id in (await self.call("GET", "/joined_rooms"))["joined_rooms"]:
            for alias in (await self.call("GET", f"/rooms/{room_id}/aliases"))["aliases"]:
                await self.raw("DELETE", f"/directory/room/{alias.replace('#', '%23')}")
            await self.raw("POST", f"/rooms/{room_id}/leave")


@dataclass
class Synapse:
    url: str
    http: httpx.AsyncClient

    async def register(self, name: str, *, is_admin: bool = False) -> None:
        """https://element-hq.github.io/synapse/latest/admin_api/register_api.html"""
        where = "/_synapse/admin/v1/register"
        nonce = (await self.http.get(where)).json()["nonce"]
        said = "\0".join([nonce, name, PASSWORD, "admin" if is_admin else "notadmin"]).encode()
        mac = hmac.new(SECRET.encode(), said, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": is_admin, "mac": mac}
        answer = await self.http.post(where, json=body)
        assert answer.status_code == 200, answer.text

    async def login(self, name: str, device_id: str = "LIAISON") -> Account:
        identifier = {"type": "m.id.user", "user": name}
        body = {
            "type": "m.login.password",
            "identifier": identifier,
            "password": PASSWORD,
            "device_id": device_id,
        }
        told = (await self.http.post(f"{V3}/login", json=body)).json()
        return Account(self.http, told["user_id"], told["access_token"], told["device_id"])


@asynccontextmanager
async def synapse(home: Path, **changes: Any) -> AsyncIterator[Synapse]:
    """Until the end of the block, in a folder of its own. `changes` are to its settings."""
    python, port = cached_program("synapse", "bin/python"), free_port(0)
    config = home / "homeserver.yaml"
    command = [str(python), "-m", "synapse.app.homeserver", "--config-path", str(config)]
    generate = ["--server-name", SERVER, "--generate-config", "--report-stats=no"]
    if not config.exists():
        subprocess.run([*command, *generate], check=True, cwd=home, capture_output=True)  # noqa: S603, ASYNC221
    known = yaml.safe_load(config.read_text())
    limits = {
        "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), GENEROUS),
        "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), GENEROUS),
        "rc_joins": dict.fromkeys(("local", "remote"), GENEROUS),
    } | dict.fromkeys(("rc_message", "rc_registration", "rc_room_creation", "rc_joins_per_room"), GENEROUS)
    listener = {
        "port": port, "bind_addresses": [HOST], "type": "http", "tls": False, "x_forwarded": False,
        "resources": [{"names": ["client"]}],
    }  # fmt: skip
    known |= limits | {
        "listeners": [listener],
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "registration_shared_secret": SECRET,
        "pid_file": str(home / "homeserver.pid"),
        "database": {"name": "sqlite3", "args": {"database": str(home / "homeserver.db")}},
        "media_store_path": str(home / "media"),
        **changes,
    }
    config.write_text(yaml.safe_dump(known))
    async with running("synapse", command, port=port, home=home):
        url = f"http://{HOST}:{port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            yield Synapse(url, http)
