"""How to log in at the Prefect server that we start: whoever reaches its port without it reads every secret.

Prefect by itself asks nobody who he is: connections' blocks are handed out with their secrets in clear, to any page of
any origin. So ours is started with a login (Prefect's auth string, `user:password`), generated once and kept in the
home folder, readable by its owner only; `PREFECT_SERVER_API_AUTH_STRING` in the operator's environment wins over it.
Only the UI's own origin may call the API from a browser. There is no CSRF token on top: a page of another origin has no
way to send the login, as it is no cookie and the browser never adds it by itself.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from deployments.machine.whereabouts import whereabouts

FILE = "prefect-login"
USER = "liaison"
OPERATORS_OWN = "PREFECT_SERVER_API_AUTH_STRING"
OWN_SERVER = "http://127.0.0.1:4200/api"


def server_login(home: Path, environ: Mapping[str, str] | None = None) -> str:
    """`user:password` of our own server: the operator's, else the kept one, made at first use (mode 0600)."""
    environ = os.environ if environ is None else environ
    if own := environ.get(OPERATORS_OWN):
        return own
    file = home / FILE
    if not file.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(f"{USER}:{secrets.token_urlsafe(24)}")
    return file.read_text().strip()


def login_settings(login: str, ui_url: str) -> dict[str, str]:
    """What the server is started with. `ui_url` is the one origin that may call it from a browser."""
    return {
        OPERATORS_OWN: login,
        "PREFECT_API_AUTH_STRING": login,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ui_url,
    }


def use_prefect_server(home: Path, environ: MutableMapping[str, str] | None = None) -> None:
    """Let this process's Prefect clients reach the operator's server, else the one that `liaison up` starts.

    To be called before Prefect is imported, which reads its settings then. Never a temporary server of Prefect's own:
    it would look well and know nothing.
    """
    environ = os.environ if environ is None else environ
    environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
    if "PREFECT_API_URL" in environ:
        return
    running = whereabouts(home)
    environ["PREFECT_API_URL"] = OWN_SERVER if running is None else running.prefect_api_url
    file = home / FILE
    if file.is_file():
        environ.setdefault("PREFECT_API_AUTH_STRING", file.read_text().strip())
