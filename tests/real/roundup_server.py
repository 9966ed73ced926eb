"""A Roundup of our own on loopback, with a tracker of the classic template on SQLite."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deployments.machine.processes import free_port
from tests.real.programs import cached_program
from tests.real.running import HOST, running

PASSWORD = "a-password-of-a-test"
# `roundup-server` refuses to run as root; this is Roundup's own door for web servers. Its clock is as far ahead as a
# file says, so that hours can pass, and for the next test it forgets.
_SERVE = """
import datetime, pathlib, sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
import roundup.date, roundup.instance
from roundup.cgi.wsgi_handler import RequestDispatcher

home = sys.argv[1]
ahead, here = pathlib.Path(home, "ahead"), roundup.date.utcnow
roundup.date.utcnow = lambda: here() + datetime.timedelta(seconds=float(ahead.read_text()))
answer = RequestDispatcher(home)

def app(environ, start_response):
    if environ["PATH_INFO"] != "/forget":
        return answer(environ, start_response)
    db = roundup.instance.open(home).open("admin")
    for of in (db.issue, db.msg):
        for key in of.list():
            of.retire(key)
    db.commit()
    db.close()
    start_response("200 OK", [])
    return []

class Threading(ThreadingMixIn, WSGIServer):
    daemon_threads = True

class Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass

make_server(sys.argv[2], int(sys.argv[3]), app, Threading, Quiet).serve_forever()
"""


@dataclass(frozen=True)
class RealRoundup:
    """A running Roundup with `admin`, `liaison`, `grace`, an engineer, and `guessed`; all have `PASSWORD`."""

    url: str
    tracker: Path

    def forget(self) -> None:
        """No issue and no message is left, in any list."""
        self.let_time_pass(0)
        answer = httpx.get(f"{self.url}/forget", trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text

    def let_time_pass(self, seconds: float) -> None:
        """Set its clock so many seconds ahead of ours."""
        (self.tracker / "ahead").write_text(str(seconds))

    def call(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        by: str = "grace",
        password: str = PASSWORD,
        headers: Mapping[str, str] | None = None,
        **params: str,
    ) -> httpx.Response:
        return httpx.request(
            method,
            f"{self.url}/rest/data/{path}",
            json=json,
            params=params or None,
            auth=(by, password),
            headers={"X-Requested-With": "rest", "Origin": self.url, **(headers or {})},
            timeout=30,
            trust_env=False,
        )

    def page(self, path: str) -> str:
        """What a browser is shown, by nobody in particular."""
        answer = httpx.get(f"{self.url}/{path}", trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    def data(self, method: str, path: str, json: object = None, *, by: str = "grace", **params: str) -> Any:
        """The data of an answer that says yes."""
        answer = self.call(method, path, json, by=by, **params)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]

    def change(self, path: str, json: Mapping[str, object], *, by: str = "grace") -> httpx.Response:
        """PATCH what is there now."""
        etag = self.data("GET", path, by=by)["@etag"]
        return self.call("PATCH", path, json, by=by, headers={"If-Match": etag})


@asynccontextmanager
async def real_roundup(home: Path) -> AsyncIterator[RealRoundup]:
    """Until the end of the block, in a folder of its own."""
    python, admin = cached_program("roundup", "bin/python"), cached_program("roundup", "bin/roundup-admin")
    port, tracker, serve = free_port(0), home / "tracker", home / "serve.py"
    url = f"http://{HOST}:{port}"

    def roundup_admin(*words: str) -> None:
        done = subprocess.run([admin, "-i", tracker, *words], capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stdout + done.stderr

    # Thousands of logins: a test's password need not be dear to guess.
    known = {
        "tracker_web": f"{url}/",
        "mail_domain": "desk.example",
        "mail_debug": str(home / "mail.log"),
        "password_pbkdf2_default_rounds": "1000",
    }
    roundup_admin(
        "install", "classic", "sqlite", ",".join(f"{name}={value}" for name, value in known.items())
    )
    roundup_admin("initialise", PASSWORD)
    for name in ("liaison", "grace", "guessed"):
        words = (f"username={name}", f"password={PASSWORD}", f"address={name}@desk.example", "roles=User")
        roundup_admin("create", "user", *words)
    server = RealRoundup(url, tracker)
    server.let_time_pass(0)
    serve.write_text(_SERVE)
    command = [python, serve, tracker, HOST, str(port)]
    async with running("roundup", command, port=port, home=home):
        yield server
