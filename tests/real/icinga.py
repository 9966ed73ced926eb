"""A real Icinga 2 on loopback with folders and an authority of its own, fed by passive check results."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwuid
from tempfile import mkdtemp
from typing import Any

import httpx

from connectors.kit.fakes.certificates import make_certificate
from deployments.machine.processes import free_port
from tests.real.programs import debian_program
from tests.real.running import HOST, running

USER, PASSWORD = "liaison", "a-password-of-a-test"
SERVICES = ("http", "one", "two", "pending", "first", "second", "third", "fourth", "afterwards")
# Icinga takes its own name out of its certificate.
NODE = "Liaison's fakes on loopback"


@dataclass
class RealIcinga:
    url: str
    authority_pem: str
    http: httpx.Client

    def act(self, action: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/v1/actions/{action}", json=body)

    def on(self, name: str) -> dict[str, Any]:
        """What chooses one object, for actions."""
        kind = "Service" if "!" in name else "Host"
        return {
            "type": kind,
            "filter": f"{kind.lower()}.__name == wanted",
            "filter_vars": {"wanted": name},
        }

    def result(self, name: str, state: int, output: str = "said so") -> None:
        told = self.act("process-check-result", **self.on(name), exit_status=state, plugin_output=output)
        assert told.status_code == 200, told.text

    def calm(self) -> None:
        """All is well, nothing is acknowledged or in downtime."""
        for kind in ("Host", "Service"):
            self.act("remove-acknowledgement", type=kind, filter="true")
            self.act("remove-downtime", type=kind, filter="true")
        self.result("web", 0)
        for service in SERVICES:
            if service != "pending":
                self.result(f"web!{service}", 0)

    def objects(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(f"/v1/objects/{kind}").json()["results"]
        return found


@asynccontextmanager
async def icinga() -> AsyncIterator[RealIcinga]:
    """Until the end of the block."""
    program, port = debian_program("icinga2"), free_port(0)
    home = Path(mkdtemp(prefix="icinga"))
    try:
        certs = home / "data" / "certs"
        for folder in (
            certs,
            home / "data" / "api",
            home / "log",
            home / "cache",
            home / "spool",
            home / "run",
        ):
            folder.mkdir(parents=True)
        made = make_certificate(certs)
        for name, source in (("crt", made.certificate), ("key", made.key)):
            shutil.copy(source, certs / f"{NODE}.{name}")
        shutil.copy(made.certificate, certs / "ca.crt")
        config = home / "icinga2.conf"
        config.write_text(_configuration(port))
        owner = getpwuid(os.geteuid()).pw_name
        folders = {
            "DataDir": "data",
            "LogDir": "log",
            "CacheDir": "cache",
            "SpoolDir": "spool",
            "InitRunDir": "run",
        }
        defined = [f"{name}={home / folder}" for name, folder in folders.items()]
        defined += [f"ConfigDir={home}", f"RunAsUser={owner}", f"RunAsGroup={owner}"]
        command: list[str | Path] = [program, "daemon", "-c", config]
        for one in defined:
            command += ["-D", one]
        url = f"https://{HOST}:{port}"
        async with running("icinga2", command, port=port, home=home):
            with httpx.Client(
                base_url=url,
                auth=(USER, PASSWORD),
                verify=False,  # noqa: S501 - it is on loopback
                headers={"Accept": "application/json"},
                trust_env=False,
            ) as http:
                yield RealIcinga(url, made.certificate.read_text(), http)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _configuration(port: int) -> str:
    services = "\n".join(
        f'object Service "{name}" {{\n  host_name = "web"\n  check_command = "passive"\n'
        "  enable_active_checks = false\n  max_check_attempts = 1\n"
        f'  vars.team = "payments"\n}}'
        for name in SERVICES
    )
    return f"""
const NodeName = "{NODE}"
const ZoneName = NodeName
include <itl>
object Endpoint NodeName {{ }}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{ }}
object ApiListener "api" {{
  bind_host = "{HOST}"
  bind_port = {port}
}}
object ApiUser "{USER}" {{
  password = "{PASSWORD}"
  permissions = [ "*" ]
}}
object Host "web" {{
  check_command = "passive"
  enable_active_checks = false
  max_check_attempts = 1
}}
{services}
"""
